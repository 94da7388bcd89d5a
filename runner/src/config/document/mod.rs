//! Configuration documents: JSON and YAML files, read as hostile input.
//!
//! [`Document::read`] goes through four steps, each with bounds of its own:
//! [`read`] (regular files of at most 256 KiB, UTF-8, no control characters) → [`outline`] (what
//! is where in the text; depth, duplicate keys, and what YAML has beyond JSON are refused here) →
//! [`strict`] (the value itself, by `serde_json` or `serde_yaml`, with the same rules once more)
//! → [`Document`]. Whatever is wrong becomes a [`DocumentError`], which shows the line.
//!
//! What YAML may say is what JSON can say: anchors, aliases, tags, merge keys, keys that are not
//! strings, several documents in one file, NaN and infinities are errors. So are, in both formats,
//! integers outside 64 bits. An empty file is an empty object.

mod decode;
mod error;
mod excerpt;
mod json;
mod merge;
mod origin;
mod outline;
mod parse;
mod parsed;
mod place;
mod read;
mod strict;
#[cfg(test)]
mod tests;
mod visible;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) use error::DocumentError;
pub(crate) use merge::merge;
pub(crate) use parsed::Parsed;
pub(crate) use place::{Part, Place};

use error::Fault;
use origin::Origin;
use outline::Node;

/// How a file is written, known by its extension.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// `.json`
    Json,
    /// `.yaml` and `.yml`
    Yaml,
}

impl Format {
    /// The format that the file's extension names, in capitals or not.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
        }
    }
}

/// A configuration file, parsed; keeps its text to show where a mistake is.
#[derive(Debug)]
pub(crate) struct Document {
    origin: Origin,
    text: String,
    format: Format,
    value: Map<String, Value>,
    /// Found when a place is first asked for: a policy asks for that of each of its lines.
    layout: OnceLock<Layout>,
}

/// What is where in a text.
#[derive(Debug)]
struct Layout {
    root: Option<Node>,
    /// Where the lines end.
    ends: Vec<usize>,
}

impl Document {
    /// Reads and parses a file that may be anybody's: what is wrong in it is not shown where a link leads out of the
    /// directory that it comes with.
    pub(crate) fn read(path: &Path) -> Result<Self, DocumentError> {
        Self::read_from(Origin::of_project(path))
    }

    /// The same, of a file that comes with this directory or one below.
    pub(crate) fn read_below(path: &Path, directory: &Path) -> Result<Self, DocumentError> {
        Self::read_from(Origin::below(path, directory))
    }

    /// Reads and parses a file of the user's own.
    pub(crate) fn read_own(path: &Path) -> Result<Self, DocumentError> {
        Self::read_from(Origin::of_user(path))
    }

    fn read_from(origin: Origin) -> Result<Self, DocumentError> {
        let Some(format) = Format::of(&origin.path) else {
            let help = "a configuration file's name ends in .json, .yaml or .yml";
            let why = "its format is not known";
            return Err(DocumentError::unreadable(&origin.path, why, Some(help)));
        };
        let text = read::read(&origin)?;
        Self::parse(origin, text, format)
    }

    /// Parses what a file of this name holds.
    #[cfg(fuzzing)]
    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, DocumentError> {
        let origin = Origin::of_user(path);
        let text = read::text(bytes)
            .map_err(|(text, fault)| DocumentError::undecodable(&origin, &text, fault))?;
        Self::parse(origin, text, Format::of(path).unwrap_or(Format::Yaml))
    }

    /// Reads and parses a file that is written as YAML, whatever its name; what it said before is remembered.
    pub(crate) fn read_yaml(path: &Path, parsed: &Parsed<'_>) -> Result<Self, DocumentError> {
        let origin = Origin::of_project(path);
        let text = read::read(&origin)?;
        if let Some(value) = parsed.get(&text) {
            return Ok(Self { origin, text, format: Format::Yaml, value, layout: OnceLock::new() });
        }
        let document = Self::parse(origin, text, Format::Yaml)?;
        parsed.put(&document.text, &document.value);
        Ok(document)
    }

    /// Parses a text that is to be written to a file, as YAML.
    pub(crate) fn of_yaml(path: &Path, text: String) -> Result<Self, DocumentError> {
        Self::parse(Origin::of_user(path), text, Format::Yaml)
    }

    /// Parses JSON that a file of this path holds inside.
    pub(crate) fn of_json_bytes(path: &Path, bytes: &[u8]) -> Result<Self, DocumentError> {
        let origin = Origin::of_project(path);
        let text = read::bounded(&origin, bytes)?;
        Self::parse(origin, text, Format::Json)
    }

    fn parse(origin: Origin, text: String, format: Format) -> Result<Self, DocumentError> {
        match parse::parse(&text, format) {
            Ok(value) => Ok(Self { origin, text, format, value, layout: OnceLock::new() }),
            Err(fault) => Err(DocumentError::unparsable(&origin, &text, format, fault)),
        }
    }

    /// Where the file really is, if a link leads out of the directory that it comes with.
    pub(crate) fn outside(&self) -> Option<PathBuf> {
        self.origin.outside().map(|outside| outside.target)
    }

    /// The file's path, as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.origin.path
    }

    /// The text that was parsed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the file says.
    pub(crate) fn value(&self) -> &Map<String, Value> {
        &self.value
    }

    /// The value of a top-level key as a `T`; `None` where there is no such key, or nothing under it.
    ///
    /// Whatever `T` refuses (a field that it does not know, a wrong type, an error of its own) is
    /// underlined in the file.
    pub(crate) fn section<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<T>, DocumentError> {
        let Some(value) = self.value.get(key).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        match decode::decode(value, Place::value([key])) {
            Ok(section) => Ok(Some(section)),
            Err(mistake) => Err(self.error_at(&mistake.place, mistake.message, mistake.help)),
        }
    }

    /// The whole file as a `T`. What `T` refuses is underlined as for a [`section`](Self::section).
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, DocumentError> {
        let value = Value::Object(self.value.clone());
        decode::decode(&value, Place::value(std::iter::empty::<String>()))
            .map_err(|mistake| self.error_at(&mistake.place, mistake.message, mistake.help))
    }

    /// The line of a place, from 1; that of the nearest thing around it where it is not written.
    pub(crate) fn line(&self, at: &Place) -> usize {
        let start = self.span(at).unwrap_or_default().start;
        1 + self.layout().ends.partition_point(|end| *end < start)
    }

    /// An error at a place: for checks made by others (a JSON Schema, unknown top-level keys).
    ///
    /// Where the place is not in this document, the error shows no line.
    pub(crate) fn error_at(
        &self,
        at: &Place,
        message: impl Into<String>,
        help: Option<String>,
    ) -> DocumentError {
        let fault = Fault { span: self.span(at), message: message.into(), help };
        DocumentError::invalid(&self.origin, &self.text, fault)
    }

    fn span(&self, at: &Place) -> Option<std::ops::Range<usize>> {
        place::find(self.layout().root.as_ref()?, at)
    }

    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| Layout {
            root: outline::outline(&self.text, self.format).ok().flatten(),
            ends: self.text.match_indices('\n').map(|(at, _)| at).collect(),
        })
    }
}
