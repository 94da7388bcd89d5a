//! What differs from the lock, and what the user gave for good.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::question::{sentence, short_version};
use super::rows::MAX_TEXT;
use super::sheet::Sheet;
use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::permission::Effective;
use crate::plugin::lock::{Change, Direction, Entry, Line, describe};
use crate::plugin::{Name, Plugin};
use crate::text::plain_within;

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
            Format::Human if changes.is_empty() => {
                let lock = plain_within(&lock.display().to_string(), MAX_TEXT);
                self.console.out_lines(&format!("{lock}: as it is\n"))
            }
            Format::Human => {
                let text: String = changes
                    .iter()
                    .map(|(name, change)| {
                        let from = match change {
                            Change { old: None, new: Some(new) } => {
                                format!(", from {}", plain_within(&new.source, MAX_TEXT))
                            }
                            _ => String::new(),
                        };
                        let mut sheet = Sheet::new(title(name, change) + &from);
                        add_change(&mut sheet, change);
                        sheet.text()
                    })
                    .collect();
                self.console.out_lines(&text)
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

    /// Shows what an update changes, and asks whether the requests of the named commands are accepted.
    pub(crate) fn confirm_changes(
        &self,
        lock: &Path,
        changes: &BTreeMap<&Name, &Change>,
        asking: &[String],
    ) -> bool {
        let mut sheet = Sheet::new("Plugins differ from what the lock file accepts. It is:");
        sheet.short_item(&lock.display().to_string(), MAX_TEXT);
        for (name, change) in changes {
            let is_embedded = |entry: &Option<Entry>| {
                entry.as_ref().is_none_or(|entry| entry.source == "embedded")
            };
            if is_embedded(&change.old) && is_embedded(&change.new) {
                sheet.own(format!("{}, part of the runner", title(name, change)));
                continue;
            }
            sheet.own(title(name, change));
            add_identity(&mut sheet, change);
            // An import is nothing that a plugin may reach.
            add_lines(&mut sheet, change.lines().iter().filter(|line| line.what != "import"));
        }
        sheet.own("`taskrunner update --check` shows their imports, too.");
        let asked =
            changes.iter().filter(|(name, _)| asking.iter().any(|asking| asking == name.as_str()));
        let requests = asked.map(|(_, change)| change.new_requests().len()).sum::<usize>();
        let summary = format!(
            "A yes accepts all that is shown above. Requests that are new: {requests}. Plugins that make them: {}.",
            asking.len()
        );
        self.confirm(&sheet, &summary, "Accept what is newly requested?")
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
                    let sentence = plain_within(&sentence(effective), MAX_TEXT);
                    let _ = writeln!(text, "  {sentence}");
                }
                self.console.out_lines(&text)
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

/// `greedy 0.1.0 → 0.2.0`: in names and short versions there is no room for words.
fn title(name: &Name, change: &Change) -> String {
    let version = |entry: &Entry| short_version(&entry.version.to_string()).into_owned();
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("{name} {}: new", version(new)),
        (Some(old), None) => format!("{name} {}: gone", version(old)),
        (Some(old), Some(new)) => match change.direction() {
            Direction::Same => format!("{name} {}", version(new)),
            Direction::Upgrade => format!("{name} {} → {}", version(old), version(new)),
            Direction::Downgrade => {
                format!("{name} {} → {} (downgrade)", version(old), version(new))
            }
        },
        (None, None) => name.to_string(),
    }
}

/// A line for each thing that comes or goes.
fn add_change(sheet: &mut Sheet, change: &Change) {
    add_identity(sheet, change);
    add_difference(sheet, change, "wit", |entry| Some(entry.wit.clone()));
    add_lines(sheet, change.lines().iter());
}

fn add_difference(
    sheet: &mut Sheet,
    change: &Change,
    what: &str,
    of: fn(&Entry) -> Option<String>,
) {
    let (old, new) = (change.old.as_ref().and_then(of), change.new.as_ref().and_then(of));
    if old == new {
        return;
    }
    for (sign, value) in [('-', old), ('+', new)] {
        if let Some(value) = value {
            sheet.item(&format!("{sign} {what} {value}"));
        }
    }
}

/// Which plugin it is.
fn add_identity(sheet: &mut Sheet, change: &Change) {
    let mut differ = |what, of| add_difference(sheet, change, what, of);
    // One that the title does not show whole.
    differ("version", |entry| {
        let version = entry.version.to_string();
        (short_version(&version) != version).then_some(version)
    });
    differ("source", |entry| Some(entry.source.clone()));
    differ("sha256", |entry| Some(entry.sha256.to_string()));
    differ("manifest", |entry| entry.manifest.map(|digest| digest.to_string()));
}

fn add_lines<'a>(sheet: &mut Sheet, lines: impl Iterator<Item = &'a Line>) {
    for line in lines {
        let sign = if line.added { '+' } else { '-' };
        sheet.item(&format!("{sign} {} {}", line.what, line.text));
    }
}

fn json_change(name: &Name, change: &Change) -> Value {
    let line = |line: &Line| {
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
