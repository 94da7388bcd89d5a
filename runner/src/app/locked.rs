//! What the lock file says of the plugin that is about to run.

use std::path::{Path, PathBuf};

use super::App;
use super::grants::Subject;
use crate::config::document::Parsed;
use crate::error::Error;
use crate::permission::{Effect, Source, Statement};
use crate::plugin::Plugin;
use crate::plugin::lock::{Change, Entry, FILE_NAME, LockFile, Refusal};

impl App {
    /// The workspace's lock file; none where there is none.
    pub(super) fn lock(&self) -> Result<Option<&LockFile>, Error> {
        if let Some(lock) = self.lock.get() {
            return Ok(lock.as_ref());
        }
        let read = LockFile::read(&self.lock_path(), &Parsed::new(self.environment.state()))?;
        Ok(self.lock.get_or_init(|| read).as_ref())
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.configuration.workspace().join(FILE_NAME)
    }

    /// What the lock grants. It must not be another plugin that asks for more than was accepted.
    pub(super) fn of_lock(&self, subject: Subject<'_>) -> Result<Vec<Statement>, Error> {
        let Subject { plugin, paths, .. } = subject;
        let refuse = |refusal| Err(self.refuse(plugin, refusal));
        let Some(lock) = self.lock()? else {
            return match self.options.locked {
                true => refuse(Refusal::NoFile { path: self.lock_path() }),
                false => Ok(Vec::new()),
            };
        };
        let Some(entry) = lock.entries.get(plugin.manifest.name()) else {
            return match self.options.locked {
                true => refuse(Refusal::NoEntry { path: lock.path.clone() }),
                false => Ok(Vec::new()),
            };
        };
        if entry.is_of(plugin, paths.workspace()) {
            return Ok(statements(lock, entry, paths.workspace()));
        }
        let new = Entry::of(plugin, paths.workspace()).map_err(Error::Plugin)?;
        let change = Box::new(Change { old: Some(entry.clone()), new: Some(new) });
        if !change.new_requests().is_empty() {
            return refuse(Refusal::RequestsMore(change));
        }
        if self.options.locked {
            return refuse(Refusal::Differs(change));
        }
        self.report.warn_changed(plugin.manifest.name(), &change);
        Ok(Vec::new())
    }

    /// Refuses a plugin in the place of another one that was locked.
    pub(super) fn refuse_changed(&self, plugin: &Plugin) -> Result<(), Error> {
        let entry = self.lock()?.and_then(|lock| lock.entries.get(plugin.manifest.name()));
        let workspace = self.workspace()?;
        let Some(old) = entry.filter(|entry| !entry.is_of(plugin, &workspace)) else {
            return Ok(());
        };
        let new = Entry::of(plugin, &workspace).map_err(Error::Plugin)?;
        let change = Change { old: Some(old.clone()), new: Some(new) };
        Err(self.refuse(plugin, Refusal::Differs(Box::new(change))))
    }

    pub(super) fn refuse(&self, plugin: &Plugin, refusal: Refusal) -> Error {
        Error::Locked { command: plugin.manifest.name().clone(), refusal }
    }
}

/// What an entry of the lock grants.
pub(super) fn statements(lock: &LockFile, entry: &Entry, workspace: &Path) -> Vec<Statement> {
    let statement = |capability| Statement {
        effect: Effect::Allow,
        capability,
        directory: workspace.to_owned(),
        source: Source::Lock { path: lock.path.clone() },
    };
    entry.grants.capabilities().map(statement).collect()
}
