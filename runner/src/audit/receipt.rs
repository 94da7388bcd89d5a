//! The record of one invocation.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Ledger, Tried, VERSION, timestamp};
use crate::error::Error;
use crate::execution::{Attempt, Execution, millis};
use crate::exit::ExitCode;
use crate::permission::{Effective, Grants, Kind, Request, Source, Statement};
use crate::plugin::Digest;
use crate::sandbox::{Limits, WallReport};

/// What an invocation is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) command: String,
    pub(crate) plugin_version: String,
    /// SHA-256 of the plugin, in hexadecimal.
    pub(crate) digest: String,
    /// Its file, or `embedded`.
    pub(crate) source: String,
    pub(crate) workspace: PathBuf,
}

/// The record of one invocation, in the making.
pub(crate) struct Receipt {
    started: SystemTime,
    configuration: String,
    limits: Limits,
    trusted: bool,
    grants: Value,
}

impl Receipt {
    /// Begins when everything is decided and nothing has run. `configuration` is the command's section as
    /// JSON: the receipt has its hash alone.
    pub(crate) fn begin(
        configuration: &str,
        limits: Limits,
        trusted: bool,
        grants: &Grants,
    ) -> Self {
        let grants = json!({
            "granted": grants.effective().iter().map(effective).collect::<Vec<_>>(),
            "refused": grants.refused().iter().map(request).collect::<Vec<_>>(),
            "withheld": grants.withheld().iter().map(statement).collect::<Vec<_>>(),
        });
        Self {
            started: SystemTime::now(),
            configuration: Digest::of(configuration.as_bytes()).to_string(),
            limits,
            trusted,
            grants,
        }
    }

    /// The whole record. `walls` is what stood of the second wall; none where nothing came to run.
    pub(crate) fn end(
        &self,
        ledger: &Ledger,
        execution: &Execution,
        load: Duration,
        walls: Option<&WallReport>,
    ) -> Value {
        let counted = |is_it: fn(&Tried) -> bool| {
            ledger
                .tried
                .iter()
                .filter(|(tried, _)| is_it(tried))
                .map(|(tried, count)| counted(tried, *count))
                .collect::<Vec<_>>()
        };
        let outcome = execution.outcome();
        json!({
            "version": VERSION,
            "command": ledger.subject.command,
            "plugin": ledger.subject.plugin(),
            "workspace": ledger.subject.workspace,
            "trusted": self.trusted,
            "configuration": self.configuration,
            "started": timestamp(self.started),
            "grants": self.grants,
            "used": counted(|tried| tried.is_allowed() && tried.answer.result.is_done()),
            "failed": counted(|tried| tried.is_allowed() && !tried.answer.result.is_done()),
            "denied": counted(|tried| !tried.is_allowed()),
            "truncated": ledger.truncated,
            "limits": self.limits.json(),
            "load-ms": millis(load),
            "attempts": execution.attempts().map(Attempt::json).collect::<Vec<_>>(),
            "outcome": outcome.word(),
            "message": ledger.secrets.redact(outcome.to_string()),
            "exit-code": ExitCode::from(outcome).code(),
            "walls": walls,
        })
    }
}

/// An access, with what came of it and how often.
fn counted(tried: &Tried, count: u64) -> Value {
    let Tried { operation, target, rule, answer, .. } = tried;
    let mut entry = json!({
        "operation": operation,
        "target": target,
        "rule": rule,
        "result": answer.result,
        "count": count,
    });
    if let Some(status) = answer.status {
        entry["status"] = status.into();
    }
    entry
}

/// The record of an invocation that came to no run: it was refused, or could not be followed.
pub(crate) fn refusal(subject: &Subject, error: &Error) -> Value {
    json!({
        "version": VERSION,
        "command": subject.command,
        "plugin": subject.plugin(),
        "workspace": subject.workspace,
        "outcome": "not-run",
        "message": error.to_string(),
        "exit-code": ExitCode::from(error).code(),
    })
}

impl Subject {
    fn plugin(&self) -> Value {
        json!({
            "version": self.plugin_version,
            "digest": self.digest,
            "source": self.source,
        })
    }
}

/// A capability with who says so, as receipts and `permissions show` have it.
pub(crate) fn sourced(kind: Kind, target: &str, source: &Source) -> Value {
    json!({ "kind": kind, "target": target, "source": source.to_string() })
}

fn effective(effective: &Effective) -> Value {
    sourced(effective.capability.kind, &effective.capability.target, &effective.source)
}

fn request(request: &Request) -> Value {
    json!({ "kind": request.capability.kind, "target": request.capability.target })
}

fn statement(statement: &Statement) -> Value {
    sourced(statement.capability.kind, &statement.capability.target, &statement.source)
}
