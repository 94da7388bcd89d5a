//! From text to a value, or to what is wrong and where.

use std::ops::Range;

use serde::de::DeserializeSeed;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::Format;
use super::error::Fault;
use super::outline::outline;
use super::strict::{Limits, Strict};

/// The object that a text says; an empty text is an empty object.
pub(super) fn parse(text: &str, format: Format) -> Result<Map<String, Value>, Fault> {
    if text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
        return Ok(Map::new());
    }
    let value = match format {
        Format::Json => json(text)?,
        Format::Yaml => yaml(text)?,
    };
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::at(0..0, "the top level is not an object")),
    }
}

fn json(text: &str) -> Result<Value, Fault> {
    let limits = Limits::new(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict::new(&limits)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    match parsed {
        Ok(value) => outline(text, Format::Json).map(|_| value),
        Err(error) if error.classify() == Category::Data => {
            // The outline knows better where it is: the parser has read on.
            outline(text, Format::Json)?;
            Err(Fault::at(json_place(text, &error), reason(&limits, &error.to_string())))
        }
        Err(error) => Err(Fault::at(json_place(text, &error), reason(&limits, &error.to_string()))),
    }
}

/// Where the parser stopped: it counts lines from 1, and the bytes of the line up to and with the
/// one that it did not expect.
fn json_place(text: &str, error: &serde_json::Error) -> Range<usize> {
    if error.is_eof() {
        let end = text.trim_ascii_end().len();
        return end..end;
    }
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line: usize = before.map(str::len).sum();
    let at = (line + error.column()).saturating_sub(1).min(text.len());
    at..at + 1
}

fn yaml(text: &str) -> Result<Value, Fault> {
    // The two parsers disagree on these, so that one would see what the other does not.
    let disputed = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
    if let Some((at, found)) = text.match_indices(disputed).next() {
        let code = found.chars().map(u32::from).max().unwrap_or_default();
        let message = format!("the character U+{code:04X} is not allowed in YAML as it stands");
        return Err(Fault::at(at..at + found.len(), message)
            .with_help(format!("in a string in double quotes, write it as \\u{code:04x}")));
    }
    // First the outline: its parser has bounds that the other one lacks.
    let Some(outline) = outline(text, Format::Yaml)? else {
        return Ok(Value::Object(Map::new()));
    };
    let limits = Limits::new(text);
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let value = Strict::new(&limits).deserialize(deserializer).map_err(|error| {
        let message = reason(&limits, &error.to_string());
        match error.location() {
            Some(location) => Fault::at(yaml_place(text, location.index()), message),
            None => Fault { span: None, message, help: None },
        }
    })?;
    if !outline.agrees(&value) {
        let message = "this YAML can be read in two ways: write it more plainly".to_owned();
        return Err(Fault { span: None, message, help: None });
    }
    Ok(value)
}

/// The word at a byte.
fn yaml_place(text: &str, index: usize) -> Range<usize> {
    let start = text.floor_char_boundary(index);
    let rest = &text[start..];
    let length = rest.find(|c: char| c.is_whitespace() || ":,[]{}".contains(c));
    start..start + length.unwrap_or(rest.len())
}

/// The reason of our own, else the parser's without the place that it adds.
fn reason(limits: &Limits, message: &str) -> String {
    limits.refusal().unwrap_or_else(|| {
        message.split_once(" at line ").map_or(message, |(reason, _)| reason).to_owned()
    })
}
