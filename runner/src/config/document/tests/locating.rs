//! Every place of every document is found, and nothing makes the parsers panic.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::outline::{Node, outline};
use super::super::parse::parse;
use super::super::place::find;
use super::super::read::text;
use super::super::{Document, Format, Part, Place};
use super::document;

/// Strings that need quotes, escapes or several lines.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}",
        "[-a-z0-9 :#'\"\\\\,{}\\[\\]&*!|>%@`~?\t\n/é😀=.]{0,8}",
        Just("\u{2028}\u{85}\u{feff}\u{7f}".to_owned()),
        Just("null".to_owned()),
        Just("12".to_owned()),
        "[k]{1100}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        string().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(string(), value, 0..4).prop_map(|map| map.into_iter().collect())
}

/// Checks that each key and each scalar of a value is where it is said to be.
fn check(document: &Document, root: &Node, value: &Value, at: &Place) {
    let says = |place: &Place, part, expected: &Value| {
        let span = find(root, &place.clone().with_part(part)).expect("a place");
        let text = &document.text[span];
        let parsed: Value = match document.format {
            Format::Json => serde_json::from_str(text).expect("a JSON scalar"),
            // A block means the same only where it is indented.
            Format::Yaml if text.starts_with(['|', '>']) => return,
            Format::Yaml => serde_yaml::from_str(text).expect("a YAML scalar"),
        };
        assert_eq!(&parsed, expected);
    };
    assert!(at.exists_in(document));
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let place = at.clone().join(key);
                says(&place, Part::Key, &Value::from(key.as_str()));
                check(document, root, value, &place);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check(document, root, item, &at.clone().join(index.to_string()));
            }
        }
        scalar => says(at, Part::Value, scalar),
    }
}

fn check_all(format: Format, text: &str, value: &Map<String, Value>) {
    let document = document(format, text).expect("a valid document");
    assert_eq!(document.value(), value);
    let root = outline(text, format).expect("an outline");
    if let Some(root) = root {
        let top = Value::Object(value.clone());
        check(&document, &root, &top, &Place::value(Vec::<String>::new()));
    }
}

/// Whatever a text is, parsing it ends, and the outline of an accepted one agrees with its value.
fn try_text(format: Format, text: &str) {
    let Ok(value) = parse(text, format) else {
        if let Err(error) = document(format, text) {
            let report = format!("{:?}", miette::Report::new(error));
            assert!(report.len() < 6000);
        }
        return;
    };
    match outline(text, format).expect("an outline of an accepted text") {
        Some(root) => assert!(root.agrees(&Value::Object(value)), "{text:?}"),
        None => assert!(value.is_empty()),
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let text = "? \n  |\n\n    a";
    let error = document(Format::Yaml, text).expect_err("its key is disputed").to_string();
    assert!(error.contains("can be read in two ways"), "{error}");
}

proptest! {
    #[test]
    fn places_are_found_in_json(value in object(value())) {
        let compact = serde_json::to_string(&value).expect("JSON");
        check_all(Format::Json, &compact, &value);
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        check_all(Format::Json, &pretty.replace("\n  ", "\r\n\t"), &value);
    }

    #[test]
    fn places_are_found_in_yaml(value in object(value())) {
        let text = serde_yaml::to_string(&value).expect("YAML");
        check_all(Format::Yaml, &text, &value);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for format in [Format::Json, Format::Yaml] {
            match text(bytes.clone()) {
                Ok(text) => try_text(format, &text),
                // What is not text gets no further; were it to, it would do no harm.
                Err((text, _)) => drop(parse(&text, format)),
            }
        }
    }

    #[test]
    fn near_yaml_never_panics(parts in prop::collection::vec(prop::sample::select(YAML), 0..24)) {
        try_text(Format::Yaml, &parts.concat());
    }

    #[test]
    fn near_json_never_panics(parts in prop::collection::vec(prop::sample::select(JSON), 0..24)) {
        try_text(Format::Json, &parts.concat());
        try_text(Format::Yaml, &parts.concat());
    }
}

const YAML: &[&str] = &[
    "\n",
    "\n",
    "\n  ",
    "\n  ",
    "\n    ",
    " ",
    "\t",
    "- ",
    "-\n",
    "a",
    "b",
    "c: ",
    "d: ",
    "e:",
    ": ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "\"",
    "'",
    " #",
    "#",
    "|\n",
    ">-\n",
    "1",
    "~",
    "---\n",
    "\n...\n",
    "%",
    "&x ",
    "*x",
    "!t ",
    "\r\n",
    "\r",
    "é",
    "\\",
    "<<",
    "😀",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{7f}",
    "\u{a0}",
    "---",
    "%YAML 1.1\n",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "{\"a\":",
    "\"b\":",
    "\"a\"",
    "1",
    "-",
    "1e5",
    "null",
    ",",
    ":",
    "\"",
    "\\",
    "\\u00e9",
    "\n",
    " ",
    "\t",
    "é",
    "\u{2028}",
    "99999999999999999999",
];
