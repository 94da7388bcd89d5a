//! Command lines: any words for any command are refused with a reason, or give values that its manifest
//! allows.

use serde_json::Map;

use super::assert_plain;
use super::source::Source;
use crate::invocation::{self, Sources, Value};
use crate::permission::Paths;
use crate::plugin::{ArgumentSpec, Manifest, ValueType};
use crate::text::visible;

/// The bytes make a declaration, then what is typed.
pub fn arguments(bytes: &[u8]) {
    let mut source = Source(bytes);
    let Ok(manifest) = Manifest::check(source.declared()) else { return };
    let words = source.typed(&manifest.arguments);
    let typed = match invocation::parse(&manifest, &words) {
        Ok(typed) => typed,
        Err(mistake) => {
            return assert_plain("a mistake", &visible(&mistake.render().to_string()));
        }
    };
    let here = std::path::Path::new("/");
    let Ok(paths) = Paths::new(here, here, None) else { return };
    let section = Map::new();
    let sources = Sources { typed, environment: &|_| None, section: &section, paths: &paths };
    match invocation::resolve(&manifest, sources) {
        Err(error) => assert_plain("an error", &visible(&error.to_string())),
        Ok(resolved) => {
            for (spec, argument) in manifest.arguments.iter().zip(&resolved.arguments) {
                assert_eq!(spec.name, argument.name);
                assert_allowed(spec, &argument.values);
            }
        }
    }
}

fn assert_allowed(spec: &ArgumentSpec, values: &[Value]) {
    let Some(value) = spec.value() else {
        assert!(matches!(values, [Value::Flag(_)]), "{spec:?}: {values:?}");
        return;
    };
    assert!(value.repeated || values.len() <= 1, "{spec:?}: {values:?}");
    assert!(!value.required || !values.is_empty(), "{spec:?}: {values:?}");
    for given in values {
        let allowed = match (&value.kind, given) {
            (ValueType::Text, Value::Text(_)) | (ValueType::Path(_), Value::Path(_)) => true,
            (ValueType::Number, Value::Number(number)) => number.is_finite(),
            (ValueType::Choice(words), Value::Text(word)) => words.contains(word),
            (ValueType::Integer { min, max }, Value::Integer(integer)) => {
                min.is_none_or(|min| min <= *integer) && max.is_none_or(|max| *integer <= max)
            }
            _ => false,
        };
        assert!(allowed, "{spec:?}: {values:?}");
    }
}
