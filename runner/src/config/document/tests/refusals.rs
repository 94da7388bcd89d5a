//! Texts that are refused: each with its reason and the part underlined.

use serde_json::json;

use super::super::Format::{self, Json, Yaml};
use super::{document, json, underlined, yaml};

#[track_caller]
fn refused(format: Format, text: &str, reason: &str, place: &str) {
    let error = document(format, text).expect_err("a text that is refused");
    assert_eq!(underlined(&error), place, "{error}");
    let message = error.to_string();
    let (_, why) = message.split_once(": ").expect("a reason");
    assert!(why.contains(reason), "{why:?} does not say {reason:?}");
}

#[test]
fn empty_files_are_empty_objects() {
    for text in ["", " \n\t\r\n"] {
        assert!(json(text).value().is_empty());
    }
    for text in ["", "\n \n", "# only a comment\n", "---\n", "---\n...\n"] {
        assert!(yaml(text).value().is_empty(), "{text:?}");
    }
}

#[test]
fn what_json_says_yaml_says_too() {
    let text = "{\"a\": [1, -2, 1.5, true, null, \"\\u00e4😀\\n\"],\n\t\"b\":{\"c\" : {}}}";
    let value = json!({"a": [1, -2, 1.5, true, null, "ä😀\n"], "b": {"c": {}}});
    assert_eq!(json!(json(text).value()), value);
    assert_eq!(json!(yaml(text).value()), value);
    let text = "a: [1, -2, 1.5, true, ~, \"ä\\U0001F600\\n\"]\nb:\n  c: {}\n";
    assert_eq!(json!(yaml(text).value()), value);
}

#[test]
fn a_top_level_other_than_an_object() {
    refused(Json, "[1]", "top level", "1:1 [");
    refused(Json, " 1", "top level", "1:2 1");
    refused(Json, "null", "top level", "1:1 null");
    refused(Yaml, "- 1\n", "top level", "1:1 ");
    refused(Yaml, "# note\nword\n", "top level", "2:1 word");
    refused(Yaml, "null\n", "top level", "1:1 null");
}

#[test]
fn syntax_errors() {
    refused(Json, "{\"a\": }", "expected value", "1:7 }");
    refused(Json, "{\n  \"ä\" 1}", "expected `:`", "2:7 1");
    refused(Json, "{\"a\": 1,\n}\n", "trailing comma", "2:1 }");
    refused(Json, "{\"a\": 1} x", "trailing characters", "1:10 x");
    refused(Json, "{\"a\": [1,\n\n", "EOF", "1:10 ");
    refused(Json, "{\"a\": \"b\n\"}", "control character", "1:9 ");
    refused(Json, "// note\n{}", "expected value", "1:1 /");
    refused(Json, "{\"a\": 1e999}", "number out of range", "1:11 9");
    refused(Json, "{\"a\": NaN}", "expected value", "1:7 N");
    refused(Json, "{\"a\": \"\\ud83d\"}", "hex escape", "1:14 \"");
    refused(Yaml, "é: [1, 2\nb: 3\n", "", "2:2 ");
    refused(Yaml, "a: 1\n b: 2\n", "", "2:3 ");
    refused(Yaml, "a: 1\n\tb: 2\n", "tab", "1:4 ");
    refused(Yaml, "a: \"x\n", "end of stream", "1:4 ");
    refused(Yaml, "a: @x\n", "", "1:4 ");
}

#[test]
fn duplicate_keys() {
    refused(Json, "{\"a\": 1, \"b\": 2,\n \"a\": 3}", "the key `a` is there twice", "2:2 \"a\"");
    refused(Json, "{\"x\": [{\"a\": 1, \"\\u0061\": 3}]}", "twice", "1:17 \"\\u0061\"");
    refused(Yaml, "a: 1\nb: 2\n\"a\": 3\n", "the key `a` is there twice", "3:1 \"a\"");
    refused(Yaml, "x: [{ä: 1, ä: 3}]\n", "twice", "1:12 ä");
    let error = document(Yaml, "\n\na: 1\na: 2\n").expect_err("a key twice");
    let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
    assert_eq!(help.as_deref(), Some("it is first in line 3"));
}

#[test]
fn keys_that_are_not_strings() {
    for key in ["1", "1.5", "true", "null", "~", "-7"] {
        refused(Yaml, &format!("é:\n  {key}: x\n"), "a key is a string", &format!("2:3 {key}"));
        assert_eq!(yaml(&format!("'{key}': x\n")).value().len(), 1);
    }
    refused(Yaml, "? [a, b]\n: x\n", "a key is a string", "1:3 [");
    refused(Yaml, "{a: 1}: x\n", "a key is a string", "1:1 {");
}

#[test]
fn what_yaml_has_beyond_json() {
    refused(Yaml, "a: &x 1\n", "anchors", "1:4 &x 1");
    refused(Yaml, "a: &x\n  b: 1\n", "anchors", "1:4 &x");
    refused(Yaml, "a: *x\n", "aliases", "1:4 *");
    refused(Yaml, "a: [b]\nc: [d, *x]\n", "aliases", "2:8 *");
    refused(Yaml, "a: !foo 1\n", "tags", "1:4 !foo 1");
    refused(Yaml, "a: !!str 1\n", "tags", "1:4 !!str 1");
    refused(Yaml, "a: !foo [1]\n", "tags", "1:4 !foo [");
    refused(Yaml, "a: {b: 1}\nc:\n  <<: {d: 1}\n", "merge keys", "3:3 <<");
    assert_eq!(json!(yaml("'<<': 1").value()), json!({"<<": 1}));
    refused(Yaml, "a: 1\n---\nb: 2\n", "second document", "2:1 ---");
    refused(Yaml, "a: 1\n...\nb: 2\n", "second document", "3:1 ");
    for number in [".nan", ".inf", "-.inf", "+.INF"] {
        refused(Yaml, &format!("a: [1, {number}]\n"), "NaN", &format!("1:8 {number}"));
    }
    refused(Yaml, "a: b\u{2028}\n", "U+2028", "1:5 \u{fffd}");
}

#[test]
fn integers_outside_64_bits() {
    for number in ["18446744073709551616", "-9223372036854775809", &"9".repeat(50)] {
        refused(Json, &format!("{{\"a\": {number}}}"), "64 bits", &format!("1:7 {number}"));
        refused(Yaml, &format!("a: {number}\n"), "64 bits", &format!("1:4 {number}"));
    }
    for number in ["0x10000000000000000", "0o7777777777777777777777", "+18446744073709551616"] {
        refused(
            Yaml,
            &format!("- a: {number}\n").replace("- ", ""),
            "64 bits",
            &format!("1:4 {number}"),
        );
    }
    let text = "{\"a\": [18446744073709551615, -9223372036854775808, 1e30, -0]}";
    let value = json!({"a": [u64::MAX, i64::MIN, 1e30, -0.0]});
    assert_eq!(json!(json(text).value()), value);
}

#[test]
fn nesting_has_a_limit() {
    for depth in [64, 65] {
        // The document is one level, the arrays are the others.
        let text = format!("{{\"a\": {}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        for format in [Json, Yaml] {
            match depth {
                64 => assert_eq!(document(format, &text).expect("64 levels").value().len(), 1),
                _ => refused(format, &text, "more than 64 levels", "1:70 ["),
            }
        }
    }
}
