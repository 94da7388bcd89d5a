//! The record of what a command really did: each decision as a line of `--audit`, all of them summed up
//! for the receipt and for what the user is told.

mod lines;
mod policy;
mod receipt;
mod secrets;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::permission::{Decision, Operation};

use lines::Lines;
pub(crate) use lines::open;
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
    audit: Option<Lines>,
    subject: Subject,
    secrets: Secrets,
    /// How often each access was made.
    tried: BTreeMap<Tried, u64>,
    /// How long their texts are together.
    kept_bytes: usize,
    /// Whether there were more different ones than are kept.
    truncated: bool,
}

impl Ledger {
    pub(crate) fn new(
        audit: Option<(PathBuf, &'static File)>,
        subject: Subject,
        secrets: Secrets,
    ) -> Self {
        Self {
            audit: audit.map(|(path, file)| Lines::new(path, file)),
            subject,
            secrets,
            tried: BTreeMap::new(),
            kept_bytes: 0,
            truncated: false,
        }
    }

    /// Takes decisions down; their lines are written before it returns. What goes wrong is told by
    /// [`Ledger::check`].
    pub(crate) fn record(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            let tried = Tried {
                operation: decision.operation,
                target: self.secrets.redact(decision.target),
                decision: if decision.allowed { Verdict::Allowed } else { Verdict::Denied },
                rule: decision.rule,
            };
            if let Some(lines) = &mut self.audit {
                lines.add(&self.subject, &tried);
            }
            self.sum_up(tried);
        }
        if let Some(lines) = &mut self.audit {
            lines.write();
        }
    }

    /// Counts an access for the receipt and the user.
    fn sum_up(&mut self, tried: Tried) {
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
        self.audit.as_mut().and_then(Lines::take_fault).map_or(Ok(()), Err)
    }
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
                ledger.record(vec![decision("x".repeat(length) + &index.to_string())]);
            }
            (ledger.denied().count(), ledger.truncated)
        };
        assert_eq!(kept(10, 100), (100, false));
        assert_eq!(kept(10, MAX_KEPT + 1), (MAX_KEPT, true));
        assert_eq!(kept(1 << 20, 20), (15, true));
    }
}
