//! What is expected of a text: of an output, or of a file.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::content::base64;

/// The most memory that a pattern may come to.
const MAX_PATTERN: usize = 1 << 20;

/// The exit codes that are expected: one, or one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExitCodes(Vec<u8>);

impl ExitCodes {
    pub(crate) fn codes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn contain(&self, code: i32) -> bool {
        self.0.iter().any(|expected| i32::from(*expected) == code)
    }
}

impl Default for ExitCodes {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl fmt::Display for ExitCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<String> = self.0.iter().map(u8::to_string).collect();
        f.write_str(&codes.join(" or "))
    }
}

struct ExitCodesVisitor;

impl<'de> Visitor<'de> for ExitCodesVisitor {
    type Value = ExitCodes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exit code from 0 to 255, or a list of them")
    }

    fn visit_u64<E: de::Error>(self, code: u64) -> Result<ExitCodes, E> {
        let wrong = |_| E::invalid_value(de::Unexpected::Unsigned(code), &self);
        Ok(ExitCodes(vec![u8::try_from(code).map_err(wrong)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, codes: A) -> Result<ExitCodes, A::Error> {
        let codes: Vec<u8> = Vec::deserialize(SeqAccessDeserializer::new(codes))?;
        match codes.is_empty() {
            true => Err(de::Error::invalid_length(0, &self)),
            false => Ok(ExitCodes(codes)),
        }
    }
}

impl<'de> Deserialize<'de> for ExitCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExitCodesVisitor)
    }
}

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
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let pattern = RegexBuilder::new(&text).size_limit(MAX_PATTERN).build();
        pattern.map(Self).map_err(|error| {
            // The last line says what is wrong, those before draw where.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default();
            format!("this is no regular expression: {}", reason.trim_start_matches("error: "))
        })
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
