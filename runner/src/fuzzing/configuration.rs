//! Configuration files: what is read is what is written, in either format, and what is wrong is shown.

use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::Value;

use super::assert_plain;
use crate::config::{Document, DocumentError};
use crate::invocation::clap_command;
use crate::plugin::ManifestFile;

/// The first byte says whether the rest is JSON or YAML.
pub fn configuration(bytes: &[u8]) {
    let Some((&format, bytes)) = bytes.split_first() else { return };
    let is_json = format & 1 == 0;
    match read(if is_json { "c.json" } else { "c.yaml" }, bytes) {
        Err(error) => shown(&error),
        Ok(document) => {
            let value = Value::Object(document.value().clone());
            if is_json && !bytes.trim_ascii().is_empty() {
                let same = serde_json::from_slice::<Value>(bytes);
                assert_eq!(same.ok().as_ref(), Some(&value), "two readers of JSON differ");
            }
            written_again(&value);
            sections(&document);
            manifest(&document);
        }
    }
}

pub(super) fn read(path: &str, bytes: &[u8]) -> Result<Document, DocumentError> {
    Document::of_bytes(Path::new(path), bytes.to_vec())
}

/// What was read, written as JSON, is read as the same: as JSON, and as YAML that is JSON.
fn written_again(value: &Value) {
    let text = value.to_string();
    for path in ["c.json", "c.yaml"] {
        match read(path, text.as_bytes()) {
            Ok(document) => {
                assert_eq!(&Value::Object(document.value().clone()), value, "{path}: {text}")
            }
            // Characters that files must spell as escapes are written as they are here.
            Err(error) => shown(&error),
        }
    }
}

/// Each key as a setting of the runner's, which most are not.
fn sections(document: &Document) {
    for key in document.value().keys() {
        if let Err(error) = document.section::<crate::config::LimitsLayer>(key) {
            shown(&error);
        }
    }
}

/// The file as the manifest of a program: what passes the check can be shown, and says how each argument
/// is passed.
fn manifest(document: &Document) {
    let file = match document.decode::<ManifestFile>() {
        Ok(file) => file,
        Err(error) => return shown(&error.called("manifest")),
    };
    match file.check("demo") {
        Err(error) => assert_plain("a fault", &crate::text::visible(&error.to_string())),
        Ok(manifest) => {
            assert_plain("the help", &clap_command(&manifest).render_long_help().to_string());
            let program = manifest.program().expect("it is a program's");
            if let Some(passed) = &program.passed {
                assert_eq!(passed.len(), manifest.arguments.len());
                assert!(passed.iter().all(|form| !form.is_empty()));
            }
        }
    }
}

pub(super) fn shown(error: &DocumentError) {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut text, error).expect("it can be shown");
    assert_plain("a diagnostic", &text);
    assert_plain("a message", &error.to_string());
}
