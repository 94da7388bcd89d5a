//! Documents laid over one another.

use serde_json::Value;

/// The value `over`, laid over `under`: objects are merged key by key, at every depth; anything
/// else in `over`, null too, replaces what is under it.
///
/// With more than two values, begin with the undermost: where an object and another kind of value
/// meet, the order matters.
pub(crate) fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut merged), Value::Object(over)) => {
            for (key, value) in over {
                let value = match merged.remove(&key) {
                    Some(under) => merge(under, value),
                    None => value,
                };
                merged.insert(key, value);
            }
            Value::Object(merged)
        }
        (_, over) => over,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::merge;

    /// A document of a fixed shape (`o*` are objects, `s*` are not), of which any part may lack.
    fn document() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            prop::collection::vec(any::<u8>(), 0..3).prop_map(Value::from),
        ];
        let entries = prop::collection::btree_map("s[0-3]", scalar.clone(), 0..4);
        let leaf = entries.prop_map(|entries| Value::Object(entries.into_iter().collect()));
        leaf.prop_recursive(3, 24, 4, move |inner| {
            let scalars = prop::collection::btree_map("s[0-3]", scalar.clone(), 0..4);
            let objects = prop::collection::btree_map("o[0-3]", inner, 0..4);
            (scalars, objects).prop_map(|(scalars, objects)| {
                Value::Object(scalars.into_iter().chain(objects).collect())
            })
        })
    }

    fn object(value: &Value) -> &Map<String, Value> {
        value.as_object().expect("an object")
    }

    proptest! {
        #[test]
        fn an_empty_document_changes_nothing(a in document()) {
            prop_assert_eq!(merge(json!({}), a.clone()), a.clone());
            prop_assert_eq!(merge(a.clone(), json!({})), a);
        }

        #[test]
        fn a_document_over_itself_changes_nothing(a in document()) {
            prop_assert_eq!(merge(a.clone(), a.clone()), a);
        }

        #[test]
        fn three_documents_merge_in_any_grouping(a in document(), b in document(), c in document()) {
            let left = merge(merge(a.clone(), b.clone()), c.clone());
            prop_assert_eq!(left, merge(a, merge(b, c)));
        }

        #[test]
        fn keys_are_the_union_and_the_upper_document_wins(a in document(), b in document()) {
            let merged = merge(a.clone(), b.clone());
            for key in object(&a).keys().chain(object(&b).keys()) {
                let expected = match (object(&a).get(key), object(&b).get(key)) {
                    (Some(under), Some(over)) if over.is_object() => merge(under.clone(), over.clone()),
                    (_, Some(over)) => over.clone(),
                    (under, None) => under.cloned().expect("one of them has the key"),
                };
                prop_assert_eq!(object(&merged).get(key), Some(&expected));
            }
            for key in object(&merged).keys() {
                prop_assert!(object(&a).contains_key(key) || object(&b).contains_key(key));
            }
        }
    }

    #[test]
    fn only_objects_are_merged() {
        assert_eq!(
            merge(json!({"a": [1], "b": {"c": 1}}), json!({"a": [2], "b": null})),
            json!({"a": [2], "b": null})
        );
        assert_eq!(merge(json!({"a": 1}), json!({"a": {"b": 1}})), json!({"a": {"b": 1}}));
        assert_eq!(merge(json!(1), json!(2)), json!(2));
    }
}
