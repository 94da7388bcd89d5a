//! The record of what a command really did: each decision as a line of `--audit`, all of them summed up
//! for the receipt and for what the user is told.

mod policy;
mod receipt;
mod secrets;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::permission::{Decision, Operation};

pub(crate) use policy::{Suggestion, literal, relative, suggest};
pub(crate) use receipt::{Receipt, Subject, refusal, sourced, write as write_receipt};
pub(crate) use secrets::Secrets;

/// The version of the lines and of the receipt: a field may come, none goes or changes without a new
/// number.
pub(crate) const VERSION: u32 = 1;

/// How many different accesses are kept for the receipt and the user. The audit has them all.
const MAX_KEPT: usize = 10_000;

/// How many bytes of their targets are kept: a worker that got around its first wall could send long ones.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// One line of `--audit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Line {
    pub(crate) version: u32,
    /// RFC 3339, in UTC, with milliseconds.
    pub(crate) time: String,
    pub(crate) command: String,
    /// SHA-256 of the plugin, in hexadecimal.
    pub(crate) digest: String,
    pub(crate) workspace: PathBuf,
    #[serde(flatten)]
    pub(crate) decision: Tried,
}

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Tried {
    pub(crate) operation: Operation,
    pub(crate) target: String,
    pub(crate) decision: Verdict,
    /// The rule that decided.
    pub(crate) rule: String,
}

/// How an access was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Allowed,
    Denied,
}

/// Takes down the decisions of one invocation.
pub(crate) struct Ledger {
    audit: Option<(PathBuf, &'static File)>,
    subject: Subject,
    secrets: Secrets,
    /// How often each access was made.
    tried: BTreeMap<Tried, u64>,
    /// How long their texts are together.
    kept_bytes: usize,
    /// Whether there were more different ones than are kept.
    truncated: bool,
    /// The first fault of writing the audit.
    failed: Option<io::Error>,
}

impl Ledger {
    pub(crate) fn new(
        audit: Option<(PathBuf, &'static File)>,
        subject: Subject,
        secrets: Secrets,
    ) -> Self {
        Self {
            audit,
            subject,
            secrets,
            tried: BTreeMap::new(),
            kept_bytes: 0,
            truncated: false,
            failed: None,
        }
    }

    /// Takes a decision down. What goes wrong is told by [`Ledger::check`].
    pub(crate) fn record(&mut self, decision: Decision) {
        let tried = Tried {
            operation: decision.operation,
            target: self.secrets.redact(&decision.target),
            decision: if decision.allowed { Verdict::Allowed } else { Verdict::Denied },
            rule: decision.rule,
        };
        if let Some((_, file)) = &mut self.audit {
            let line = Line {
                version: VERSION,
                time: timestamp(SystemTime::now()),
                command: self.subject.command.clone(),
                digest: self.subject.digest.clone(),
                workspace: self.subject.workspace.clone(),
                decision: tried.clone(),
            };
            if let Err(error) = write_line(file, &line) {
                self.failed.get_or_insert(error);
            }
        }
        let bytes = self.kept_bytes + tried.target.len() + tried.rule.len();
        if let Some(count) = self.tried.get_mut(&tried) {
            *count += 1;
        } else if self.tried.len() < MAX_KEPT && bytes <= MAX_KEPT_BYTES {
            self.kept_bytes = bytes;
            self.tried.insert(tried, 1);
        } else {
            self.truncated = true;
        }
    }

    /// What was refused, in the order of operation and target.
    pub(crate) fn denied(&self) -> impl Iterator<Item = &Tried> {
        self.tried.keys().filter(|tried| tried.decision == Verdict::Denied)
    }

    /// Whether all of the audit was written.
    ///
    /// # Errors
    ///
    /// The file's path with what went wrong first.
    pub(crate) fn check(&mut self) -> Result<(), (PathBuf, io::Error)> {
        match (self.failed.take(), &self.audit) {
            (Some(error), Some((path, _))) => Err((path.clone(), error)),
            _ => Ok(()),
        }
    }
}

/// Opens the file of `--audit` to write at its end; one that is made is its owner's alone.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO that nobody reads is refused, and not waited for.
        options.mode(0o600).custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}

/// One line is one write, so that invocations that share a file do not mix theirs.
fn write_line(mut file: &File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_run_is_bounded() {
        let subject = Subject {
            command: "x".into(),
            plugin_version: "1.0.0".into(),
            digest: String::new(),
            source: String::new(),
            workspace: "/ws".into(),
        };
        let decision = |target: String| Decision {
            operation: Operation::Read,
            target,
            allowed: false,
            rule: "not granted".into(),
        };
        let kept = |length: usize, count: usize| {
            let mut ledger = Ledger::new(None, subject.clone(), Secrets::default());
            for index in 0..count {
                ledger.record(decision("x".repeat(length) + &index.to_string()));
            }
            (ledger.denied().count(), ledger.truncated)
        };
        assert_eq!(kept(10, 100), (100, false));
        assert_eq!(kept(10, MAX_KEPT + 1), (MAX_KEPT, true));
        assert_eq!(kept(1 << 20, 20), (15, true));
    }
}
