//! A checked value, and the two forms that it can come in: text and JSON.

use crate::plugin::ValueType;

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    Text(String),
    Integer(i64),
    Number(f64),
    /// A path, as it was written until [`super::resolve`] makes it the guest's.
    Path(String),
}

/// Parses a value of the command line, the environment or a default. The error is the end of a
/// sentence about the value.
pub(crate) fn parse(kind: &ValueType, text: &str) -> Result<Value, String> {
    match kind {
        ValueType::Text => Ok(Value::Text(text.to_owned())),
        ValueType::Integer { min, max } => {
            let integer = text.parse().map_err(|_| "not a whole number of 64 bits".to_owned())?;
            within(integer, *min, *max)
        }
        ValueType::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err("not a finite decimal number".into()),
        },
        ValueType::Choice(words) => choice(text, words),
        ValueType::Path(_) => path(text),
    }
}

/// Parses a flag's value in the environment.
pub(crate) fn parse_flag(text: &str) -> Result<Value, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(Value::Flag(true)),
        "" | "0" | "false" | "no" | "off" => Ok(Value::Flag(false)),
        _ => Err("neither true nor false".into()),
    }
}

/// Converts a value of the configuration. `kind` is none for a flag.
pub(crate) fn from_json(
    kind: Option<&ValueType>,
    json: &serde_json::Value,
) -> Result<Value, String> {
    use serde_json::Value as Json;
    match (kind, json) {
        (None, Json::Bool(on)) => Ok(Value::Flag(*on)),
        (None, _) => Err("not a boolean".into()),
        (Some(ValueType::Integer { min, max }), json) => {
            let integer = json.as_i64().ok_or("not a whole number of 64 bits")?;
            within(integer, *min, *max)
        }
        (Some(ValueType::Number), json) => {
            json.as_f64().map(Value::Number).ok_or("not a number".into())
        }
        (Some(kind), Json::String(text)) => parse(kind, text),
        (Some(_), _) => Err("not a text".into()),
    }
}

fn within(integer: i64, min: Option<i64>, max: Option<i64>) -> Result<Value, String> {
    match (min, max) {
        (Some(min), _) if integer < min => Err(format!("less than {min}")),
        (_, Some(max)) if integer > max => Err(format!("more than {max}")),
        _ => Ok(Value::Integer(integer)),
    }
}

fn choice(text: &str, words: &[String]) -> Result<Value, String> {
    if words.iter().any(|word| word == text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let meant = crate::suggest::nearest(text, words.iter().map(String::as_str));
    match meant.first() {
        Some(word) => Err(format!("not one of the possible values; did you mean `{word}`?")),
        None => Err(format!("not one of {}", words.join(", "))),
    }
}

fn path(text: &str) -> Result<Value, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("no path".into());
    }
    Ok(Value::Path(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_and_json_give_the_same_values() {
        let integer = ValueType::Integer { min: Some(-1), max: Some(9) };
        assert_eq!(parse(&integer, "9"), Ok(Value::Integer(9)));
        assert_eq!(from_json(Some(&integer), &json!(9)), Ok(Value::Integer(9)));
        assert_eq!(parse(&integer, "10"), Err("more than 9".into()));
        assert_eq!(from_json(Some(&integer), &json!(-2)), Err("less than -1".into()));
        assert!(parse(&integer, "9.0").is_err() && from_json(Some(&integer), &json!("9")).is_err());

        assert_eq!(parse(&ValueType::Number, "1e3"), Ok(Value::Number(1000.0)));
        assert!(
            parse(&ValueType::Number, "NaN").is_err() && parse(&ValueType::Number, "inf").is_err()
        );

        let kind = ValueType::Choice(vec!["cargo".into(), "node".into()]);
        assert_eq!(parse(&kind, "node"), Ok(Value::Text("node".into())));
        assert!(parse(&kind, "cagro").is_err_and(|e| e.contains("did you mean `cargo`?")));

        assert_eq!(parse_flag("YES"), Ok(Value::Flag(true)));
        assert_eq!(parse_flag("off"), Ok(Value::Flag(false)));
        assert!(parse_flag("maybe").is_err() && from_json(None, &json!("true")).is_err());
    }
}
