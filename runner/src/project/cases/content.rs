//! What a file of a case holds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::CasePath;

/// The most bytes that a repeated text comes to.
const MAX_REPEATED: usize = 64 << 20;

/// Bytes, written as text, as `{base64: …}`, or as `{text: …, repeat: N}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    part: Vec<u8>,
    times: usize,
}

/// What is at a path of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Content(Content),
    /// A symbolic link to another place of the workspace, as it is named from there.
    Link(CasePath),
}

impl Content {
    pub(super) fn once(part: Vec<u8>) -> Self {
        Self { part, times: 1 }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.part.repeat(self.times)
    }

    fn size(&self) -> usize {
        self.part.len() * self.times
    }
}

impl File {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Content(content) => content.size() as u64,
            Self::Link(_) => 0,
        }
    }
}

/// The bytes that Base64 means.
pub(super) fn base64<E: de::Error>(text: &str) -> Result<Vec<u8>, E> {
    STANDARD.decode(text).map_err(|error| E::custom(format!("this is no Base64: {error}")))
}

/// What a content may have where it is no plain text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    text: Option<String>,
    repeat: Option<usize>,
    base64: Option<String>,
    link: Option<CasePath>,
}

impl Parts {
    fn file<E: de::Error>(self) -> Result<File, E> {
        match self {
            Self { text: None, repeat: None, base64: None, link: Some(to) } => Ok(File::Link(to)),
            parts => parts.content().map(File::Content),
        }
    }

    fn content<E: de::Error>(self) -> Result<Content, E> {
        let times = self.repeat.unwrap_or(1);
        let content = match (self.text, self.base64, self.link) {
            (Some(text), None, None) => Content { part: text.into_bytes(), times },
            (None, Some(text), None) => Content { part: base64(&text)?, times },
            _ => return Err(E::custom("one of `text` and `base64` is needed, and only one")),
        };
        match content.part.len().checked_mul(times) {
            Some(size) if size <= MAX_REPEATED => Ok(content),
            _ => Err(E::custom(format!("this is more than {} MiB", MAX_REPEATED >> 20))),
        }
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with `text` or `base64`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<File, E> {
        Ok(File::Content(Content::once(text.as_bytes().to_vec())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<File, A::Error> {
        Parts::deserialize(MapAccessDeserializer::new(map))?.file()
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FileVisitor)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match File::deserialize(deserializer)? {
            File::Content(content) => Ok(content),
            File::Link(_) => Err(de::Error::custom("a link stands only for a file")),
        }
    }
}
