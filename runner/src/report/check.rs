//! What is wrong with a plugin's file.

use std::io;
use std::path::Path;

use serde_json::json;

use super::{JSON_VERSION, MAX_MESSAGE, Report};
use crate::cli::Format;
use crate::plugin::{Fault, Inspection};
use crate::project::{Finding, Severity};
use crate::text::plain_within;

impl Report {
    /// `taskrunner plugin check`, of a file that is WebAssembly.
    pub(crate) fn checked(&self, inspection: &Inspection, findings: &[Finding]) -> io::Result<()> {
        let manifest = inspection.manifest.as_ref().ok();
        match self.format {
            Format::Human => {
                let mut text =
                    format!("{}: {}", inspection.source.display(), inspection.facts.kind);
                if let Some(manifest) = manifest {
                    let (name, version) = (manifest.name(), &manifest.version);
                    let size = bytesize::ByteSize(inspection.size as u64);
                    text.push_str(&format!("; command {name} {version}, {size}"));
                }
                let lines = std::iter::once(text).chain(findings.iter().map(line));
                let lines: Vec<String> =
                    lines.map(|line| plain_within(&line, MAX_MESSAGE) + "\n").collect();
                self.console.out_lines(&lines.concat())
            }
            Format::Json => {
                let command = manifest.map(
                    |manifest| json!({ "name": manifest.name(), "version": manifest.version }),
                );
                let (path, kind) = (&inspection.source, Some(inspection.facts.kind.word()));
                self.verdict(path, kind, command, findings)
            }
        }
    }

    /// The same, of a file that is none.
    pub(crate) fn no_plugin(&self, fault: &Fault) -> io::Result<()> {
        let message = fault.kind.to_string();
        let finding = Finding { severity: Severity::Error, message };
        match self.format {
            Format::Human => {
                let text = format!("{}: {}", fault.path.display(), line(&finding));
                self.console.out_lines(&(plain_within(&text, MAX_MESSAGE) + "\n"))
            }
            Format::Json => self.verdict(&fault.path, None, None, &[finding]),
        }
    }

    fn verdict(
        &self,
        path: &Path,
        kind: Option<&str>,
        command: Option<serde_json::Value>,
        findings: &[Finding],
    ) -> io::Result<()> {
        let shown = findings.iter().map(
            |finding| json!({ "severity": word(finding.severity), "message": finding.message }),
        );
        let value = json!({
            "version": JSON_VERSION,
            "path": path.to_string_lossy(),
            "kind": kind,
            "valid": findings.iter().all(|finding| finding.severity != Severity::Error),
            "command": command,
            "findings": shown.collect::<Vec<_>>(),
        });
        self.line(&crate::text::json(&value, true))
    }
}

fn line(finding: &Finding) -> String {
    format!("{}: {}", word(finding.severity), finding.message)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
