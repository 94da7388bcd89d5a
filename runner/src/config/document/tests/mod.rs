//! Tests of the whole layer, by topic.

mod bombs;
mod locating;
mod reading;
mod refusals;
mod rendering;
mod sections;
mod walls;

use std::path::Path;

use super::origin::Origin;
use super::{Document, DocumentError, Format};

/// A document of a text, as if read from `file.json` or `file.yaml`.
fn document(format: Format, text: &str) -> Result<Document, DocumentError> {
    let path = match format {
        Format::Json => "file.json",
        Format::Yaml => "file.yaml",
    };
    Document::parse(Origin::of_user(Path::new(path)), text.to_owned(), format)
}

fn json(text: &str) -> Document {
    document(Format::Json, text).expect("valid JSON")
}

fn yaml(text: &str) -> Document {
    document(Format::Yaml, text).expect("valid YAML")
}

/// `line:column text` of the part that an error underlines.
fn underlined(error: &DocumentError) -> String {
    match (&error.excerpt, error.location()) {
        (Some(excerpt), Some((_, line, column))) => {
            format!("{line}:{column} {}", excerpt.labelled_text())
        }
        _ => "nothing".to_owned(),
    }
}
