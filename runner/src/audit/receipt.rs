//! The record of one invocation.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Ledger, VERSION, Verdict, timestamp};
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
        let count = |verdict| {
            ledger
                .tried
                .iter()
                .filter(|(tried, _)| tried.decision == verdict)
                .map(|(tried, count)| {
                    json!({
                        "operation": tried.operation,
                        "target": tried.target,
                        "rule": tried.rule,
                        "count": count,
                    })
                })
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
            "used": count(Verdict::Allowed),
            "denied": count(Verdict::Denied),
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

/// Writes a receipt in one piece: a reader finds the old one or the new one. What is no file (a
/// terminal, a pipe, `/dev/null`) is written to, and not replaced.
pub(crate) fn write(path: &Path, receipt: &Value) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut device = std::fs::OpenOptions::new().write(true).open(path)?;
        serde_json::to_writer_pretty(&device, receipt)?;
        return device.write_all(b"\n");
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    serde_json::to_writer_pretty(&mut file, receipt)?;
    file.write_all(b"\n")?;
    file.persist(path)?;
    Ok(())
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let root = tempfile::tempdir().expect("a directory");
        // A socket stands for a device, which tests cannot make: nobody can write to it by opening it.
        let path = root.path().join("socket");
        let _socket = UnixListener::bind(&path).expect("a socket");
        assert!(write(&path, &json!({})).is_err());
        assert!(!path.metadata().expect("it is still there").is_file());
        let file = root.path().join("file");
        for number in [1, 2] {
            write(&file, &json!(number)).expect("written");
            let text = std::fs::read_to_string(&file).expect("a file");
            assert_eq!(text, format!("{number}\n"));
        }
    }
}
