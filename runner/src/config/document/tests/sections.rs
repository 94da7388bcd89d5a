//! Sections as types, and mistakes found in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::Error;

use super::super::{Document, Part, Place};
use super::{json, underlined, yaml};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Section {
    name: String,
    #[serde(default)]
    retries: u8,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Quick,
    Thorough {
        rounds: u8,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
struct Item(String);

impl TryFrom<String> for Item {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() { Err("an item has a name".to_owned()) } else { Ok(Self(text)) }
    }
}

#[derive(Debug)]
struct Even;

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? % 2 {
            0 => Ok(Self),
            _ => Err(D::Error::custom("it is odd")),
        }
    }
}

/// The same mistake in YAML and in JSON: its message, its help, and the part underlined.
#[track_caller]
fn refused(yaml_text: &str, json_text: &str, expected: [&str; 4]) {
    let [reason, hint, in_yaml, in_json] = expected;
    for (document, place) in [(yaml(yaml_text), in_yaml), (json(json_text), in_json)] {
        let error = document.section::<Section>("s").expect_err("a mistake");
        let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
        let message = error.to_string();
        let (_, why) = message.split_once("is not valid: ").expect("a reason");
        assert_eq!(
            [why, help.as_deref().unwrap_or_default(), &underlined(&error)],
            [reason, hint, place],
        );
    }
}

#[test]
fn a_section_becomes_a_type() {
    let document =
        yaml("s:\n  name: n\n  mode: {thorough: {rounds: 2}}\n  items: [a]\n  env: {A: b}\n");
    let section: Section = document.section("s").expect("a valid section").expect("a section");
    assert_eq!(section.mode, Mode::Thorough { rounds: 2 });
    assert_eq!(document.section::<Section>("t").expect("no section"), None);
}

#[test]
fn an_unknown_field() {
    refused(
        "s:\n  name: n\n  retires: 1\n",
        "{\"s\": {\"name\": \"n\", \"retires\": 1}}",
        [
            "unknown field `retires`, expected one of `name`, `retries`, `mode`, `items`, `env`",
            "did you mean `retries`?",
            "3:3 retires",
            "1:21 \"retires\"",
        ],
    );
}

#[test]
fn a_missing_field() {
    refused(
        "a: 1\ns:\n  retries: 1\n",
        "{\"a\": 1, \"s\": {}}",
        ["missing field `name`", "", "2:1 s", "1:10 \"s\""],
    );
}

#[test]
fn a_wrong_type() {
    refused(
        "s:\n  name: {a: 1} # note\n",
        "{\"s\": {\"name\": {\"a\": 1}, \"x\": 1}}",
        ["invalid type: object, expected a string", "", "2:9 {a: 1}", "1:16 {\"a\": 1}"],
    );
    refused(
        "s:\n  name: n\n  retries: 300\n",
        "{\"s\": {\"name\": \"n\", \"retries\": 300}}",
        [
            "invalid value: integer `300`, expected an integer from 0 to 255",
            "",
            "3:12 300",
            "1:32 300",
        ],
    );
    refused(
        "s:\n  name: n\n  items:\n  - a\n  - 2\n",
        "{\"s\": {\"name\": \"n\", \"items\": [\"a\", 2]}}",
        ["invalid type: integer `2`, expected a string", "", "5:5 2", "1:36 2"],
    );
    refused(
        "s: 5\n",
        "{\"s\": 5}",
        ["invalid type: integer `5`, expected an object", "", "1:4 5", "1:7 5"],
    );
}

#[test]
fn a_value_that_is_not_written() {
    refused(
        "s:\n  name: n\n  env:\n    A:\n    B: c\n",
        "{\"s\": {\"name\": \"n\", \"env\": {\"A\": null}}}",
        ["invalid type: null, expected a string", "", "4:5 A", "1:34 null"],
    );
}

#[test]
fn an_unknown_variant() {
    refused(
        "s:\n  name: n\n  mode: quik\n",
        "{\"s\": {\"name\": \"n\", \"mode\": \"quik\"}}",
        [
            "unknown variant `quik`, expected `quick` or `thorough`",
            "did you mean `quick`?",
            "3:9 quik",
            "1:29 \"quik\"",
        ],
    );
    refused(
        "s:\n  name: n\n  mode:\n    thorough: {rounds: x}\n",
        "{\"s\": {\"name\": \"n\", \"mode\": {\"thorough\": {\"rounds\": \"x\"}}}}",
        [
            "invalid type: string \"x\", expected an integer from 0 to 255",
            "",
            "4:24 x",
            "1:53 \"x\"",
        ],
    );
}

#[test]
fn a_variant_without_its_content() {
    refused(
        "s:\n  name: n\n  mode: thorough\n",
        "{\"s\": {\"name\": \"n\", \"mode\": \"thorough\"}}",
        ["invalid type: string, expected an object", "", "3:9 thorough", "1:29 \"thorough\""],
    );
}

#[test]
fn a_type_s_own_error() {
    refused(
        "s:\n  name: n\n  items: [a, '']\n",
        "{\"s\": {\"name\": \"n\", \"items\": [\"a\", \"\"]}}",
        ["an item has a name", "", "3:14 ''", "1:36 \"\""],
    );
    let error = yaml("a:\n  b: [2, 3]\n").section::<BTreeMap<String, Vec<Even>>>("a");
    assert_eq!(underlined(&error.expect_err("an odd number")), "2:10 3");
}

#[test]
fn places_are_underlined() {
    let document = yaml("a/b:\n- ~x: 1\n  'y': [1, 2]\n");
    let at = |steps: &str, part| {
        let place = Place::value(steps.split_whitespace()).with_part(part);
        underlined(&document.error_at(&place, "wrong", None))
    };
    assert_eq!(at("a/b 0 ~x", Part::Key), "2:3 ~x");
    assert_eq!(at("a/b 0 ~x", Part::Value), "2:7 1");
    assert_eq!(at("a/b 0 y", Part::Key), "3:3 'y'");
    assert_eq!(at("a/b 0 y 1", Part::Key), "3:12 2");
    assert_eq!(at("a/b 0 y", Part::Value), "3:8 [1, 2]");
    assert_eq!(at("a/b 1", Part::Value), "nothing");
    assert_eq!(at("a/b x", Part::Value), "nothing");
    assert_eq!(at("", Part::Value), "1:1 a/b:");

    let document = yaml("a: |  # note\n  b\nc:\n  - >-\n    d\n\ne: {f, g: 1}\nh: 'i\n  j'\n");
    let at = |steps: &str| {
        let place = Place::value(steps.split_whitespace());
        underlined(&document.error_at(&place, "wrong", None))
    };
    assert_eq!(at("a"), "1:4 |  # note");
    assert_eq!(at("c"), "4:3 - >-");
    assert_eq!(at("c 0"), "4:5 >-");
    assert_eq!(at("e f"), "7:5 f");
    assert_eq!(at("h"), "8:4 'i");
}

#[test]
fn places_tell_which_document_has_them() {
    let document: Document = json("{\"a\": [{\"b\": null}]}");
    for (steps, exists) in [
        (vec![], true),
        (vec!["a"], true),
        (vec!["a", "0", "b"], true),
        (vec!["b"], false),
        (vec!["a", "1"], false),
        (vec!["a", "0", "b", "c"], false),
    ] {
        assert_eq!(Place::value(steps.clone()).exists_in(&document), exists, "{steps:?}");
    }
}
