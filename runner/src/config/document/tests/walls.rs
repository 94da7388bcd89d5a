//! The rules that hold by the visitor alone, were the outline to see another text than the parser.

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::super::strict::{Limits, Strict};

fn yaml(text: &str) -> Result<Value, String> {
    let limits = Limits::new(text);
    Strict::new(&limits)
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .map_err(|error| limits.refusal().unwrap_or_else(|| error.to_string()))
}

fn json(text: &str) -> Result<Value, String> {
    let limits = Limits::new(text);
    Strict::new(&limits)
        .deserialize(&mut serde_json::Deserializer::from_str(text))
        .map_err(|error| limits.refusal().unwrap_or_else(|| error.to_string()))
}

#[track_caller]
fn refused(result: Result<Value, String>, reason: &str) {
    let why = result.expect_err("a text that is refused");
    assert!(why.contains(reason), "{why:?} does not say {reason:?}");
}

#[test]
fn depth() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json(&nested(64)).is_ok() && yaml(&nested(64)).is_ok());
    refused(json(&nested(65)), "more than 64 levels");
    refused(yaml(&nested(65)), "more than 64 levels");
}

#[test]
fn keys() {
    refused(json("{\"a\": 1, \"\\u0061\": 2}"), "the key `a` is there twice");
    refused(yaml("a: 1\n'a': 2\n"), "the key `a` is there twice");
    refused(yaml("1: a\n"), "a key is a string");
}

#[test]
fn aliases_cannot_multiply() {
    let mut bomb = "a: &a [x, x, x, x]\n".to_owned();
    for (name, last) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d")] {
        bomb += &format!("{name}: &{name} [*{last}, *{last}, *{last}, *{last}]\n");
    }
    refused(yaml(&bomb), "too many values");
}

#[test]
fn values() {
    refused(yaml(".nan"), "NaN");
    refused(yaml("18446744073709551616"), "64 bits");
    refused(yaml("-9223372036854775809"), "64 bits");
    refused(yaml("!tag x"), "tags");
}
