//! What is expected of a text: of an output, or of a file.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::content::base64;

/// The most memory that a pattern may come to.
const MAX_PATTERN: usize = 1 << 20;

/// What is expected of a text; where it says several things, all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// It is exactly this.
    pub(crate) exact: Option<Vec<u8>>,
    /// It holds each of these.
    pub(crate) contains: Vec<String>,
    /// The pattern is found in it.
    pub(crate) matches: Option<Regex>,
    /// It has so many lines.
    pub(crate) lines: Option<usize>,
}

/// What is expected, where it is no plain text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    #[serde(default)]
    contains: Vec<String>,
    matches: Option<Pattern>,
    lines: Option<usize>,
    base64: Option<Binary>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        RegexBuilder::new(&text).size_limit(MAX_PATTERN).build().map(Self)
    }
}

struct Binary(Vec<u8>);

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        base64(&String::deserialize(deserializer)?).map(Self)
    }
}

struct ExpectedVisitor;

impl<'de> Visitor<'de> for ExpectedVisitor {
    type Value = Expected;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the exact text, or an object with `contains`, `matches`, `lines` or `base64`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expected, E> {
        Ok(Expected { exact: Some(text.as_bytes().to_vec()), ..Expected::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expected, A::Error> {
        let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
        let expected = Expected {
            exact: parts.base64.map(|binary| binary.0),
            contains: parts.contains,
            matches: parts.matches.map(|pattern| pattern.0),
            lines: parts.lines,
        };
        match expected.is_nothing() {
            true => Err(de::Error::custom(
                "nothing is expected here: there is neither `contains` nor `matches`, `lines` or `base64`",
            )),
            false => Ok(expected),
        }
    }
}

impl Expected {
    fn is_nothing(&self) -> bool {
        self.exact.is_none()
            && self.contains.is_empty()
            && self.matches.is_none()
            && self.lines.is_none()
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpectedVisitor)
    }
}
