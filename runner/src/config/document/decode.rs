//! From a value to a type, with each mistake's place.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::place::{Part, Place, child};
use crate::suggest::nearest;

/// A value that a type refuses: where it is and why.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Where it is.
    pub(super) place: Place,
    /// Why it is refused.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}

/// The value at a place as a `T`.
pub(super) fn decode<T: DeserializeOwned>(value: &Value, at: Place) -> Result<T, Mistake> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let message = error.inner().to_string();
        let part = if concerns_key(&message) { Part::Key } else { Part::Value };
        let place = follow(value, at.with_part(part), error.path());
        Mistake { place, help: help(&message), message: reworded(message) }
    })
}

/// The place at the end of a path: as far as the value has it.
fn follow(value: &Value, at: Place, path: &serde_path_to_error::Path) -> Place {
    let mut here = Some(value);
    let mut place = at;
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } | Segment::Enum { variant: key } => key.clone(),
            Segment::Unknown => break,
        };
        here = here.and_then(|value| child(value, &step));
        if here.is_none() {
            break;
        }
        place = place.join(step);
    }
    place
}

/// Whether the mistake is the key's, or the lack of another one beside it.
fn concerns_key(message: &str) -> bool {
    message.starts_with("unknown field") || message.starts_with("missing field")
}

/// The expected name that resembles the unknown one, from serde's message:
/// "unknown field `a`, expected one of `b`, `c`".
fn help(message: &str) -> Option<String> {
    let rest = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))?;
    let (word, expected) = rest.rsplit_once("`, expected ")?;
    let names = expected.split('`').skip(1).step_by(2);
    nearest(word, names).first().map(|name| format!("did you mean `{name}`?"))
}

/// Serde's message in the words of JSON, not of Rust.
fn reworded(message: String) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message };
    let found = match found {
        "invalid type: map" => "invalid type: object",
        "invalid type: sequence" => "invalid type: array",
        "invalid type: unit variant" => "invalid type: string",
        found => found,
    };
    let expected = match expected {
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" | "usize" => "an integer, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer",
        "f32" | "f64" => "a number",
        "a map" => "an object",
        "a sequence" => "an array",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("tuple ") || other.starts_with("a tuple ") => "an array",
        other => other,
    };
    format!("{found}, expected {expected}")
}
