//! The record of what a command may do and what it did: each decision with its result as a line of
//! `--audit`, all of them summed up for the receipt and for what the user is told.

mod lines;
mod policy;
mod receipt;
mod reserve;
mod secrets;
mod waiting;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::permission::{Answer, Answered, Decision, Operation, RecordEvent, Unrecorded};

use lines::Lines;
pub(crate) use policy::{Suggestion, literal, relative, suggest};
pub(crate) use receipt::{Receipt, Subject, refusal, sourced};
use reserve::Reserve;
pub(crate) use secrets::Secrets;
use waiting::{Made, Waiting};

/// The version of the lines and of the receipt: a field may come, none goes or changes without a new
/// number. With 2 came the results, and `used` has no longer what failed.
pub(crate) const VERSION: u32 = 2;

/// How many different accesses are kept for the receipt and the user. The audit has them all.
const MAX_KEPT: usize = 10_000;

/// How many bytes of their targets are kept: a worker that got around its first wall could send long ones.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// A decision in words, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Tried {
    pub(crate) operation: Operation,
    pub(crate) target: String,
    pub(crate) decision: Verdict,
    /// The rule that decided.
    pub(crate) rule: String,
    #[serde(flatten)]
    pub(crate) answer: Answer,
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
    /// What has no result yet.
    waiting: Waiting,
    /// How often each access was made.
    tried: BTreeMap<Tried, u64>,
    /// How long their texts are together.
    kept_bytes: usize,
    /// Whether there were more different ones than are kept.
    truncated: bool,
    /// Why not all of it is recorded.
    failed: Option<Unrecorded>,
}

impl Ledger {
    /// One that writes an audit, if there is a file for it, of so many bytes at most.
    ///
    /// # Errors
    ///
    /// The file's path, where there is no room for it.
    pub(crate) fn open(
        audit: Option<(PathBuf, &'static File)>,
        limit: u64,
        subject: Subject,
        secrets: Secrets,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let lines = audit.map(|(path, file)| {
            Lines::new(path.clone(), file, limit, &subject).map_err(|error| (path, error))
        });
        Ok(Self::new(lines.transpose()?, subject, secrets))
    }

    fn new(audit: Option<Lines>, subject: Subject, secrets: Secrets) -> Self {
        Self {
            audit,
            subject,
            secrets,
            waiting: Waiting::default(),
            tried: BTreeMap::new(),
            kept_bytes: 0,
            truncated: false,
            failed: None,
        }
    }

    /// Whether a worker may be far ahead of what is written.
    pub(crate) fn has_ample_room(&self) -> bool {
        self.audit.as_ref().is_none_or(Lines::has_ample_room)
    }

    /// Takes down what is told; the lines of what has its result are written before it returns.
    ///
    /// # Errors
    ///
    /// Not all of it can be recorded: nothing more may happen.
    pub(crate) fn record(&mut self, events: Vec<RecordEvent>) -> Result<(), Unrecorded> {
        for event in events {
            match event {
                RecordEvent::Decided(decision) => self.decided(decision),
                RecordEvent::Answered(ticket, answer) => {
                    if let Some(made) = self.waiting.take(ticket) {
                        self.take_down(made, answer);
                    }
                }
                RecordEvent::Ended => {
                    while let Some(made) = self.waiting.take_oldest() {
                        self.take_down(made, Answer::default());
                    }
                }
            }
        }
        if let Some(lines) = &mut self.audit {
            let line = Reserve::of_line(&self.subject.workspace);
            if let Err(unrecorded) = lines.write(self.waiting.room(line)) {
                self.failed.get_or_insert(unrecorded);
            }
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn decided(&mut self, decision: Decision) {
        let Decision { operation, target, allowed, rule, answered } = decision;
        let decision = if allowed { Verdict::Allowed } else { Verdict::Denied };
        let target = self.secrets.redact(target);
        let tried = Tried { operation, target, decision, rule, answer: Answer::default() };
        let made = Made { time: SystemTime::now(), tried };
        match answered {
            Answered::Now(answer) => self.take_down(made, answer),
            Answered::Later(ticket) => {
                for forgotten in self.waiting.add(ticket, made) {
                    self.take_down(forgotten, Answer::default());
                }
            }
        }
    }

    fn take_down(&mut self, made: Made, answer: Answer) {
        let Made { time, mut tried } = made;
        tried.answer = answer;
        if let Some(lines) = &mut self.audit {
            lines.add(&self.subject, time, &tried);
        }
        self.sum_up(tried);
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

    /// What was refused, in the order of operation and target, each once.
    pub(crate) fn denied(&self) -> impl Iterator<Item = &Tried> {
        let mut last: Option<&Tried> = None;
        self.tried.keys().filter(move |tried| {
            let is_same = last.is_some_and(|last| tried.is_like(last));
            last = Some(tried);
            tried.decision == Verdict::Denied && !is_same
        })
    }

    /// The run is over: what is left of the record's room is given back.
    pub(crate) fn end(&mut self) {
        if let Some(lines) = &mut self.audit {
            lines.end();
        }
    }

    /// Whether all of the audit was written.
    ///
    /// # Errors
    ///
    /// The file's path with what went wrong first.
    pub(crate) fn check(&self) -> Result<(), (PathBuf, String)> {
        match (&self.failed, &self.audit) {
            (Some(Unrecorded::Failed(reason)), Some(lines)) => {
                Err((lines.path.clone(), reason.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl Tried {
    fn is_allowed(&self) -> bool {
        self.decision == Verdict::Allowed
    }

    /// Whether it is the same access, whatever came of it.
    fn is_like(&self, other: &Self) -> bool {
        let of = |tried: &Self| (tried.operation, tried.decision);
        of(self) == of(other) && self.target == other.target && self.rule == other.rule
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
        let decision = |target: String| {
            RecordEvent::Decided(Decision {
                operation: Operation::Read,
                target,
                allowed: false,
                rule: "not granted".into(),
                answered: Answered::Now(Answer::default()),
            })
        };
        let kept = |length: usize, count: usize| {
            let mut ledger = Ledger::new(None, subject.clone(), Secrets::default());
            for index in 0..count {
                let event = decision("x".repeat(length) + &index.to_string());
                ledger.record(vec![event]).expect("there is no file");
            }
            (ledger.denied().count(), ledger.truncated)
        };
        assert_eq!(kept(10, 100), (100, false));
        assert_eq!(kept(10, MAX_KEPT + 1), (MAX_KEPT, true));
        assert_eq!(kept(1 << 20, 20), (15, true));
    }
}
