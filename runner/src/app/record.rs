//! What is written down of a run: the audit while it goes on, the receipt at its end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::App;
use crate::audit::{self, Ledger, Receipt, Secrets, Subject};
use crate::destination::{Destination, DestinationError, Territory};
use crate::error::Error;
use crate::execution::Execution;
use crate::invocation::Invocation;
use crate::permission::{Grants, RecordEvent, Recorder, Unrecorded, Witness};
use crate::plugin::Plugin;
use crate::sandbox::{Limits, Outcome, WallReport};

/// The files that a run is recorded in, open before anything is decided.
pub(super) struct Records {
    audit: Option<(PathBuf, &'static File)>,
    receipt: Option<&'static Destination>,
}

/// The record of one run, in the making.
pub(super) struct Record {
    ledger: Arc<Mutex<Ledger>>,
    receipt: Receipt,
    file: Option<&'static Destination>,
    /// Whether what is allowed is recorded, too.
    is_complete: bool,
    /// Whether what stands behind the command's name is all its own.
    is_raw: bool,
}

impl App {
    /// Opens the files of `--audit` and `--receipt`, so that what cannot be recorded does not begin.
    pub(super) fn open_records(&self) -> Result<Records, Error> {
        let receipt = match &self.options.receipt {
            None => None,
            Some(path) => {
                let destination: &Destination = Box::leak(Box::new(self.record_destination(path)?));
                Some(destination)
            }
        };
        let audit = match &self.options.audit {
            None => None,
            Some(path) => {
                let found = self.record_destination(path)?;
                receipt.map_or(Ok(()), |receipt| found.refuse_same(receipt))?;
                let opened = found.append(&self.territory())?;
                // What is known of the ends of these streams would not be true any more.
                if self.report.console.is_obeyed(&opened) {
                    let path = self.environment.working_directory.join(path);
                    return Err(DestinationError::Obeyed { path }.into());
                }
                // Decisions come to it through the runner alone, until its end.
                let file: &File = Box::leak(Box::new(opened));
                Some((self.environment.working_directory.join(path), file))
            }
        };
        Ok(Records { audit, receipt })
    }

    /// Where a file is to be written that the user names.
    pub(super) fn destination(&self, path: &Path) -> Result<Destination, DestinationError> {
        let path = self.environment.working_directory.join(path);
        Destination::find(&path, &self.territory())
    }

    fn record_destination(&self, path: &Path) -> Result<Destination, DestinationError> {
        let path = self.environment.working_directory.join(path);
        Destination::find_record(&path, &self.territory())
    }

    /// The directories whose files may be anybody's.
    pub(super) fn territory(&self) -> Territory {
        let directories = [self.configuration.workspace(), &*self.environment.working_directory];
        Territory::new(directories, self.environment.home.as_deref())
    }

    pub(super) fn begin_record(
        &self,
        records: Records,
        plugin: &Plugin,
        invocation: &Invocation,
        grants: &Grants,
        limits: Limits,
    ) -> Result<Record, Error> {
        let secrets = Secrets::new(grants.environment(), self.environment.variables());
        let Records { audit, receipt: file } = records;
        let mut ledger = Ledger::open(audit, limits.records, self.subject(plugin), secrets)
            .map_err(|(path, error)| Error::Record { path, problem: error.to_string() })?;
        let decided = grants.decided().iter().cloned().map(RecordEvent::Decided);
        match ledger.record(decided.collect()) {
            Err(limit @ Unrecorded::Limit(_)) => return Err(Error::Stopped(limit.into())),
            Err(Unrecorded::Failed(_)) => checked(&ledger)?,
            Ok(()) => {}
        }
        // To look it up reads all files of the workspace that matter.
        let trusted = self.options.receipt.is_some() && self.is_trusted();
        Ok(Record {
            is_complete: self.options.audit.is_some() || self.options.receipt.is_some(),
            is_raw: plugin.manifest.is_raw(),
            ledger: Arc::new(Mutex::new(ledger)),
            receipt: Receipt::begin(&invocation.configuration(), limits, trusted, grants),
            file,
        })
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
        ledger.end();
        if let Some(file) = record.file {
            write_receipt(file, &record.receipt.end(&ledger, execution, load, walls.as_ref()))?;
        }
        checked(&ledger)
    }

    /// The receipt of what was not run, and why.
    pub(super) fn record_refusal(&self, plugin: &Plugin, error: &Error) -> Result<(), Error> {
        match &self.options.receipt {
            Some(path) => {
                let refusal = audit::refusal(&self.subject(plugin), error);
                write_receipt(&self.record_destination(path)?, &refusal)
            }
            None => Ok(()),
        }
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
        let recorder: Recorder = Arc::new(move |events| lock(&ledger).record(events));
        if self.is_complete { Witness::of_all(recorder) } else { Witness::of_denials(recorder) }
    }

    /// Whether the guest may be far ahead of what is recorded.
    pub(super) fn has_ample_room(&self) -> bool {
        self.ledger().has_ample_room()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// Whether all of it was recorded.
fn checked(ledger: &Ledger) -> Result<(), Error> {
    ledger.check().map_err(|(path, problem)| Error::Record { path, problem })
}

fn write_receipt(file: &Destination, receipt: &serde_json::Value) -> Result<(), Error> {
    let mut text = crate::text::json(receipt, true);
    text.push('\n');
    Ok(file.replace_private(text.as_bytes())?)
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    // A thread that panicked while it recorded has left whole lines behind.
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
