//! A plugin's JSON Schema, and the check of a section against it.

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

/// The largest schema, in bytes.
const MAX_SCHEMA: usize = 64 * 1024;

/// The deepest nesting of a schema.
const MAX_DEPTH: usize = 32;

/// The most memory that a compiled pattern may take, in bytes.
const MAX_PATTERN: usize = 256 * 1024;

/// What a pattern weighs beside the places: so there are at most 100.
const PATTERN_WEIGHT: u64 = 1_000;

/// The most places that a schema may have when every reference is replaced by what it leads to.
const MAX_WEIGHT: u64 = 100_000;

/// A schema that is sound and safe to use: no other document is ever fetched, patterns run in linear
/// time, no reference leads back to where it stands, and references upon references do not multiply.
///
/// To compile one takes longer than most runs do otherwise, so one that was found sound before is compiled when it is
/// first needed.
#[derive(Debug)]
pub(crate) struct Schema {
    text: String,
    validator: OnceLock<Result<Validator, SchemaError>>,
}

/// Why a text is no usable schema.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("it has more than {MAX_SCHEMA} bytes")]
    TooLarge,
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("it is nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error(
        "the reference `{0}` is refused: it may only lead to a place in the same schema, as `#/$defs/name`"
    )]
    Reference(String),
    #[error("the reference `{0}` leads back to where it stands")]
    Cycle(String),
    #[error("with its references replaced it has more than {MAX_WEIGHT} places")]
    TooHeavy,
    #[error("{0}")]
    Invalid(String),
}

/// A value that does not fit.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The way to the value in the section: keys, and indexes in decimal.
    pub(crate) steps: Vec<String>,
    /// The key below it that should not be there.
    pub(crate) unexpected_key: Option<String>,
    pub(crate) message: String,
}

impl Schema {
    pub(crate) fn parse(text: &str) -> Result<Self, SchemaError> {
        let validator = compile(text)?;
        Ok(Self { text: text.to_owned(), validator: OnceLock::from(Ok(validator)) })
    }

    /// One that was parsed before.
    pub(crate) fn known(text: &str) -> Self {
        Self { text: text.to_owned(), validator: OnceLock::new() }
    }

    /// The first value that does not fit.
    pub(crate) fn check(&self, section: &Value) -> Result<(), Violation> {
        if section.as_object().is_some_and(Map::is_empty) && allows_nothing(&self.text) {
            return Ok(());
        }
        let validator = match self.validator.get_or_init(|| compile(&self.text)) {
            Ok(validator) => validator,
            Err(error) => {
                let message = format!("the command's schema is not usable: {error}");
                return Err(Violation { steps: Vec::new(), unexpected_key: None, message });
            }
        };
        validator.validate(section).map_err(|error| {
            use jsonschema::error::ValidationErrorKind as Kind;
            let unexpected_key = match error.kind() {
                Kind::AdditionalProperties { unexpected }
                | Kind::UnevaluatedProperties { unexpected } => unexpected.first().cloned(),
                _ => None,
            };
            let steps = error.instance_path().iter().map(|segment| segment.to_string()).collect();
            Violation { steps, unexpected_key, message: error.to_string() }
        })
    }
}

fn compile(text: &str) -> Result<Validator, SchemaError> {
    if text.len() > MAX_SCHEMA {
        return Err(SchemaError::TooLarge);
    }
    let schema: Value = serde_json::from_str(text)?;
    if !schema.is_object() {
        return Err(SchemaError::NotAnObject);
    }
    Weighing::new(&schema).weigh(&schema, 0)?;
    jsonschema::draft202012::options()
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN))
        .build(&schema)
        .map_err(|error| SchemaError::Invalid(error.to_string()))
}

/// Whether a schema has no more on its outermost level than what says something of keys that are there, so that
/// an object without any passes.
fn allows_nothing(schema: &str) -> bool {
    const OF_KEYS: [&str; 10] = [
        "$defs",
        "$id",
        "$schema",
        "additionalProperties",
        "description",
        "patternProperties",
        "properties",
        "propertyNames",
        "title",
        "unevaluatedProperties",
    ];
    let schema: Option<Map<String, Value>> = serde_json::from_str(schema).ok();
    schema.is_some_and(|schema| {
        schema.iter().all(|(keyword, value)| match keyword.as_str() {
            "type" => value == "object",
            keyword => OF_KEYS.contains(&keyword),
        })
    })
}

/// Counts the places of a schema with its references replaced, and refuses what would not end.
struct Weighing<'a> {
    root: &'a Value,
    /// The weights of the references seen; none while one is being weighed.
    references: HashMap<&'a str, Option<u64>>,
}

impl<'a> Weighing<'a> {
    fn new(root: &'a Value) -> Self {
        Self { root, references: HashMap::new() }
    }

    fn weigh(&mut self, node: &'a Value, depth: usize) -> Result<u64, SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep);
        }
        let mut weight = 1_u64;
        match node {
            Value::Array(items) => {
                for item in items {
                    weight += self.weigh(item, depth + 1)?;
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    weight += match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => {
                            self.weigh_reference(reference, depth)?
                        }
                        ("$dynamicRef" | "$recursiveRef", Value::String(reference)) => {
                            return Err(SchemaError::Reference(reference.clone()));
                        }
                        ("$id", Value::String(id)) if depth > 0 => {
                            return Err(SchemaError::Reference(id.clone()));
                        }
                        ("pattern", Value::String(_)) => PATTERN_WEIGHT,
                        ("patternProperties", Value::Object(patterns)) => {
                            patterns.len() as u64 * PATTERN_WEIGHT + self.weigh(value, depth + 1)?
                        }
                        _ => self.weigh(value, depth + 1)?,
                    };
                }
            }
            _ => {}
        }
        if weight > MAX_WEIGHT { Err(SchemaError::TooHeavy) } else { Ok(weight) }
    }

    fn weigh_reference(&mut self, reference: &'a str, depth: usize) -> Result<u64, SchemaError> {
        match self.references.get(reference) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(SchemaError::Cycle(reference.to_owned())),
            None => {}
        }
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer))
            .ok_or_else(|| SchemaError::Reference(reference.to_owned()))?;
        self.references.insert(reference, None);
        let weight = self.weigh(target, depth + 1)?;
        self.references.insert(reference, Some(weight));
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(schema: &Value) -> Result<Schema, SchemaError> {
        Schema::parse(&schema.to_string())
    }

    #[test]
    fn what_an_empty_section_is_told_without_compiling_is_what_the_validator_says() {
        let empty = Value::Object(Map::new());
        for (text, passes) in [
            (r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#, true),
            (r#"{"additionalProperties": false, "title": "t"}"#, true),
            (r#"{"type": "object", "required": ["a"]}"#, false),
            (r#"{"type": "array"}"#, false),
            (r#"{"minProperties": 1}"#, false),
            (r#"{"not": {}}"#, false),
            (r##"{"$ref": "#/$defs/none", "$defs": {"none": {"required": ["a"]}}}"##, false),
            (r#"{"if": {}, "then": {"required": ["a"]}}"#, false),
            (r#"{"const": {}}"#, true),
        ] {
            let schema = Schema::parse(text).expect("a schema");
            let validator = schema.validator.get().expect("compiled").as_ref().expect("sound");
            assert_eq!(validator.is_valid(&empty), passes, "{text}");
            assert!(passes || !allows_nothing(text), "{text}");
            assert_eq!(Schema::known(text).check(&empty).is_ok(), passes, "{text}");
        }
    }

    #[test]
    fn a_schema_that_was_not_sound_after_all_lets_nothing_pass() {
        let schema = Schema::known(r#"{"type": 7}"#);
        let violation = schema.check(&serde_json::json!({})).expect_err("no schema");
        assert!(violation.message.contains("not usable"), "{}", violation.message);
    }

    #[test]
    fn a_violation_says_where_and_what() {
        let schema = parse(&json!({
            "type": "object",
            "properties": { "kinds": { "type": "array", "items": { "$ref": "#/$defs/kind" } } },
            "additionalProperties": false,
            "$defs": { "kind": { "type": "string" } },
        }))
        .expect("a sound schema");
        assert!(schema.check(&json!({ "kinds": ["a"] })).is_ok());
        let violation = schema.check(&json!({ "kinds": ["a", 2] })).expect_err("2 is no string");
        assert_eq!(violation.steps, ["kinds", "1"]);
        let violation = schema.check(&json!({ "kind": [] })).expect_err("an unknown key");
        assert_eq!(violation.unexpected_key.as_deref(), Some("kind"));
    }

    #[test]
    fn a_schema_that_would_not_end_is_refused() {
        assert!(matches!(parse(&json!({ "$ref": "#" })), Err(SchemaError::Cycle(_))));
        let node = json!({ "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }] } } });
        assert!(matches!(parse(&node), Err(SchemaError::Cycle(_))));
        // Each definition names the next one twice: 2^30 places.
        let mut definitions = serde_json::Map::new();
        for level in 0..30 {
            let next = json!({ "$ref": format!("#/$defs/{}", level + 1) });
            definitions.insert(level.to_string(), json!({ "allOf": [next, next] }));
        }
        definitions.insert("30".into(), json!({ "type": "string" }));
        let bomb = json!({ "$defs": definitions });
        assert!(matches!(parse(&bomb), Err(SchemaError::TooHeavy | SchemaError::TooDeep)));
    }

    #[test]
    fn nothing_is_fetched() {
        for reference in
            ["http://127.0.0.1:9/x.json", "file:///etc/passwd", "other.json", "#anchor"]
        {
            assert!(matches!(parse(&json!({ "$ref": reference })), Err(SchemaError::Reference(_))));
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert!(matches!(Schema::parse("{"), Err(SchemaError::Json(_))));
        assert!(matches!(Schema::parse("true"), Err(SchemaError::NotAnObject)));
        assert!(matches!(parse(&json!({ "type": "strnig" })), Err(SchemaError::Invalid(_))));
        assert!(matches!(parse(&json!({ "pattern": "(" })), Err(SchemaError::Invalid(_))));
        let patterns = vec![json!({ "pattern": "a" }); 101];
        assert!(matches!(parse(&json!({ "anyOf": patterns })), Err(SchemaError::TooHeavy)));
        assert!(matches!(
            parse(&json!({ "pattern": r"(\pL{40}){5}x" })),
            Err(SchemaError::Invalid(_))
        ));
        let mut deep = json!({});
        for _ in 0..40 {
            deep = json!({ "not": deep });
        }
        assert!(matches!(parse(&deep), Err(SchemaError::TooDeep)));
    }
}
