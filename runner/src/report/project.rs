//! What becomes of a plugin that is being written.

use std::io;

use serde_json::json;

use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::plugin::Manifest;
use crate::text::visible_line;

impl Report {
    /// Shows a command that is about to run.
    pub(crate) fn command(&self, command: &str) {
        match self.format {
            Format::Human => self.console.err(&format!("$ {}\n", visible_line(command))),
            Format::Json => self.json(&json!({ "version": JSON_VERSION, "command": command })),
        }
    }

    /// Shows the plugin that was built.
    pub(crate) fn built(&self, output: &str, size: usize, manifest: &Manifest) -> io::Result<()> {
        let (name, version) = (manifest.name(), manifest.semantic_version());
        match self.format {
            Format::Human => self.console.out(&format!(
                "{}: command {name} {version}, {}\n",
                visible_line(output),
                bytesize::ByteSize(size as u64),
            )),
            Format::Json => self.line(&crate::text::json(
                &json!({
                    "version": JSON_VERSION,
                    "output": output,
                    "size": size,
                    "command": { "name": name.as_str(), "version": version.to_string() },
                }),
                true,
            )),
        }
    }
}
