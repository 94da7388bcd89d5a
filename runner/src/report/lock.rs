//! What differs from the lock, and what the user gave for good.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::question::sentence;
use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::permission::Effective;
use crate::plugin::lock::{Change, Direction, Entry, describe};
use crate::plugin::{Name, Plugin};
use crate::text::visible_line;

impl Report {
    /// Tells that a plugin is not the one that was locked, and so is not granted what that was.
    pub(crate) fn warn_changed(&self, command: &Name, change: &Change) {
        let mut what = String::new();
        // Writing to a string does not fail.
        let _ = describe(&mut what, change);
        let message = format!("{command}: {what}; what the lock grants does not hold for this one");
        let help = format!("`taskrunner update {command}` shows the difference, and accepts it");
        self.warn(&message, &help);
    }

    /// Shows what an update changes.
    pub(crate) fn changes(
        &self,
        lock: &Path,
        changes: &BTreeMap<&Name, &Change>,
        is_check: bool,
    ) -> io::Result<()> {
        match self.format {
            Format::Human if changes.is_empty() => self
                .console
                .out(&format!("{}: as it is\n", visible_line(&lock.display().to_string()))),
            Format::Human => {
                let text: String =
                    changes.iter().map(|(name, change)| human(name, change)).collect();
                self.console.out(&text)
            }
            Format::Json => {
                let changes: Vec<Value> =
                    changes.iter().map(|(name, change)| json_change(name, change)).collect();
                let object = json!({
                    "version": JSON_VERSION,
                    "lock": lock.to_string_lossy(),
                    "check": is_check,
                    "changes": changes,
                });
                self.line(&crate::text::json(&object, true))
            }
        }
    }

    /// Shows what a command is allowed for good, by the user's answers.
    pub(crate) fn given(&self, plugin: &Plugin, effective: &[Effective]) -> io::Result<()> {
        let command = plugin.manifest.name();
        match self.format {
            Format::Human if effective.is_empty() => {
                self.console.out(&format!("{command}: nothing is allowed by your answers\n"))
            }
            Format::Human => {
                let mut text =
                    format!("{command} (sha256 {}) may, by your answers:\n", plugin.digest.short());
                for effective in effective {
                    let _ = writeln!(text, "  {}", visible_line(&sentence(effective)));
                }
                self.console.out(&text)
            }
            Format::Json => {
                let given: Vec<_> = effective.iter().map(|e| json!(e.capability)).collect();
                let digest = format!("sha256:{}", plugin.digest);
                let object = json!({
                    "version": JSON_VERSION,
                    "permissions": { "command": command, "digest": digest, "answers": given },
                });
                self.line(&crate::text::json(&object, true))
            }
        }
    }
}

/// `greedy 0.1.0 → 0.2.0`, and a line for each thing that comes or goes.
fn human(name: &Name, change: &Change) -> String {
    let mut text = match (&change.old, &change.new) {
        (None, Some(new)) => format!("{name} {}: new, from {}\n", new.version, shown(&new.source)),
        (Some(old), None) => format!("{name} {}: gone\n", old.version),
        (Some(old), Some(new)) => {
            let version = match change.direction() {
                Direction::Same => new.version.to_string(),
                Direction::Upgrade => format!("{} → {}", old.version, new.version),
                Direction::Downgrade => {
                    format!("{} → {} (downgrade)", old.version, new.version)
                }
            };
            format!("{name} {version}\n")
        }
        (None, None) => String::new(),
    };
    let mut differ = |what: &str, of: fn(&Entry) -> Option<String>| {
        let (old, new) = (change.old.as_ref().and_then(of), change.new.as_ref().and_then(of));
        if old == new {
            return;
        }
        for (sign, value) in [('-', old), ('+', new)] {
            if let Some(value) = value {
                let _ = writeln!(text, "  {sign} {what} {}", visible_line(&value));
            }
        }
    };
    differ("source", |entry| Some(entry.source.clone()));
    differ("sha256", |entry| Some(entry.sha256.to_string()));
    differ("manifest", |entry| entry.manifest.map(|digest| digest.to_string()));
    differ("wit", |entry| Some(entry.wit.clone()));
    for line in change.lines() {
        let sign = if line.added { '+' } else { '-' };
        let _ = writeln!(text, "  {sign} {} {}", line.what, visible_line(&line.text));
    }
    text
}

fn shown(source: &str) -> String {
    visible_line(source)
}

fn json_change(name: &Name, change: &Change) -> Value {
    let line = |line: &crate::plugin::lock::Line| {
        let sign = if line.added { "+" } else { "-" };
        json!({ "change": sign, "what": line.what, "value": line.text })
    };
    json!({
        "command": name,
        "old": change.old,
        "new": change.new,
        "direction": match change.direction() {
            Direction::Same => "same",
            Direction::Upgrade => "upgrade",
            Direction::Downgrade => "downgrade",
        },
        "lines": change.lines().iter().map(line).collect::<Vec<_>>(),
        "new-requests": change.new_requests(),
    })
}
