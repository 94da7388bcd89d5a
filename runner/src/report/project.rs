//! What becomes of a plugin that is being written.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::rows::MAX_TEXT;
use super::{JSON_VERSION, MAX_MESSAGE, Report};
use crate::cli::Format;
use crate::plugin::{Manifest, Name};
use crate::project::Language;
use crate::text::{json, plain_within};

impl Report {
    /// Shows a plugin that was begun, and what to do next. `output` is what its build will make.
    pub(crate) fn begun(
        &self,
        name: &Name,
        language: Language,
        directory: &Path,
        files: &[PathBuf],
        output: &str,
    ) -> io::Result<()> {
        let shown = plain_within(&directory.display().to_string(), MAX_TEXT);
        match self.format {
            Format::Human => {
                let mut text = format!("{name}, in {language}, in `{shown}`:\n");
                for file in files {
                    // Writing to a string does not fail.
                    let _ = writeln!(text, "  {}", file.display());
                }
                let typed = shlex::try_quote(&shown).unwrap_or_default();
                let output = Path::new(output).parent().unwrap_or(Path::new("")).display();
                let _ = write!(
                    text,
                    "Next:\n  cd {typed}\n  taskrunner plugin build\n  taskrunner plugin test\n  taskrunner --plugin-dir {output} {name} Ada\n"
                );
                self.console.out_lines(&text)
            }
            Format::Json => self.line(&json(
                &json!({
                    "version": JSON_VERSION,
                    "command": name.as_str(),
                    "language": language.to_string(),
                    "directory": directory.to_string_lossy(),
                    "files": files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
                }),
                true,
            )),
        }
    }

    /// Shows a command that is about to run.
    pub(crate) fn command(&self, command: &str) {
        match self.format {
            Format::Human => {
                self.console.err_lines(&format!("$ {}\n", plain_within(command, MAX_MESSAGE)))
            }
            Format::Json => self.json(&json!({ "version": JSON_VERSION, "command": command })),
        }
    }

    /// Shows the plugin that was made of a program and its manifest.
    pub(crate) fn built(&self, output: &str, size: usize, manifest: &Manifest) -> io::Result<()> {
        let (name, version) = (manifest.name(), manifest.semantic_version());
        match self.format {
            Format::Human => self.console.out_lines(&format!(
                "{}: command {name} {version}, {}\n",
                plain_within(output, MAX_TEXT),
                bytesize::ByteSize(size as u64),
            )),
            Format::Json => self.line(&json(
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
