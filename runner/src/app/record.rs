//! What is written down of a run: the audit while it goes on, the receipt at its end.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::App;
use crate::audit::{self, Ledger, Receipt, Secrets, Subject};
use crate::error::Error;
use crate::execution::Execution;
use crate::invocation::Invocation;
use crate::permission::{Grants, Recorder, Witness};
use crate::plugin::Plugin;
use crate::sandbox::{Limits, Outcome, WallReport};

/// The record of one run, in the making.
pub(super) struct Record {
    ledger: Arc<Mutex<Ledger>>,
    receipt: Receipt,
    /// Whether what is allowed is recorded, too.
    is_complete: bool,
    /// Whether what stands behind the command's name is all its own.
    is_raw: bool,
}

impl App {
    /// Opens the file of `--audit`, so that what cannot be recorded does not begin.
    pub(super) fn open_audit(&self) -> Result<Option<(PathBuf, &'static File)>, Error> {
        let Some(path) = self.options.audit.as_deref() else { return Ok(None) };
        let path = self.environment.working_directory.join(path);
        match audit::open(&path) {
            Ok(file) => {
                // Decisions come to it through the runner alone, until its end.
                Ok(Some((path, Box::leak(Box::new(file)))))
            }
            Err(error) => Err(Error::Record { path, problem: error.to_string() }),
        }
    }

    pub(super) fn begin_record(
        &self,
        audit: Option<(PathBuf, &'static File)>,
        plugin: &Plugin,
        invocation: &Invocation,
        grants: &Grants,
        limits: Limits,
    ) -> Record {
        let secrets = Secrets::new(grants.environment(), self.environment.variables());
        let mut ledger = Ledger::new(audit, self.subject(plugin), secrets);
        ledger.record(grants.decided().to_vec());
        // To look it up reads all files of the workspace that matter.
        let trusted = self.options.receipt.is_some() && self.is_trusted();
        Record {
            is_complete: self.options.audit.is_some() || self.options.receipt.is_some(),
            is_raw: plugin.manifest.is_raw(),
            ledger: Arc::new(Mutex::new(ledger)),
            receipt: Receipt::begin(&invocation.configuration(), limits, trusted, grants),
        }
    }

    /// Tells what was denied, and writes the receipt.
    pub(super) fn finish_record(
        &self,
        record: &Record,
        invocation: &Invocation,
        execution: &Execution,
        load: Duration,
        walls: Option<WallReport>,
    ) -> Result<(), Error> {
        let mut ledger = record.ledger();
        let succeeded = matches!(execution.outcome(), Outcome::Exited(0));
        let workspace = self.configuration.workspace();
        let command = (&invocation.command, record.is_raw);
        self.report.denials(command, workspace, ledger.denied(), succeeded);
        self.write_receipt(|| record.receipt.end(&ledger, execution, load, walls.as_ref()))?;
        ledger.check().map_err(|(path, error)| Error::Record { path, problem: error.to_string() })
    }

    /// The receipt of what was not run, and why.
    pub(super) fn record_refusal(&self, plugin: &Plugin, error: &Error) -> Result<(), Error> {
        self.write_receipt(|| audit::refusal(&self.subject(plugin), error))
    }

    fn write_receipt(&self, receipt: impl FnOnce() -> serde_json::Value) -> Result<(), Error> {
        let Some(path) = &self.options.receipt else { return Ok(()) };
        let path = self.environment.working_directory.join(path);
        audit::write_receipt(&path, &receipt())
            .map_err(|error| Error::Record { path, problem: error.to_string() })
    }

    fn subject(&self, plugin: &Plugin) -> Subject {
        Subject {
            command: plugin.manifest.name().to_string(),
            plugin_version: plugin.manifest.version.clone(),
            digest: plugin.digest.to_string(),
            source: plugin.source(),
            workspace: self.configuration.workspace().to_owned(),
        }
    }
}

impl Record {
    /// Who is told of the guest's decisions: of all of them where they are written down.
    pub(super) fn witness(&self) -> Witness {
        let ledger = Arc::clone(&self.ledger);
        let recorder: Recorder = Arc::new(move |decisions| lock(&ledger).record(decisions));
        if self.is_complete { Witness::of_all(recorder) } else { Witness::of_denials(recorder) }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    // A thread that panicked while it recorded has left whole lines behind.
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
