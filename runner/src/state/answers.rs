//! What the user answered for good: which capabilities a command of a workspace was given, as long as its
//! plugin is the same.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{self, Version};
use super::{State, StateError};
use crate::permission::Capability;
use crate::plugin::{Digest, Name};

/// Where the records are.
const DIRECTORY: &str = "answers";

/// Everything that the user gave a command of a workspace.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Record {
    version: Version,
    workspace: String,
    command: Name,
    sha256: Digest,
    /// Paths are absolute, with the links resolved as they were then.
    given: Vec<Capability>,
}

/// Of which command of which workspace something was answered, and of which plugin's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) workspace: &'a Path,
    pub(crate) command: &'a Name,
    pub(crate) digest: Digest,
}

impl State {
    /// What the user gave. What was given to other bytes of the same command's counts for nothing.
    pub(crate) fn given(&self, about: Answered<'_>) -> Result<Vec<Capability>, StateError> {
        let Some(directory) = self.existing(DIRECTORY)? else { return Ok(Vec::new()) };
        let found: Option<Record> = record::read(&directory.join(about.file_name()))?;
        let is_it = |record: &Record| {
            record.workspace == about.workspace.to_string_lossy()
                && record.command == *about.command
                && record.sha256 == about.digest
        };
        Ok(found.filter(is_it).map(|record| record.given).unwrap_or_default())
    }

    /// Changes what the user gave: `change` makes what is kept of what was given before, and nobody else
    /// changes it meanwhile. Gives back what was kept.
    pub(crate) fn change_given<E: From<StateError>>(
        &self,
        about: Answered<'_>,
        change: impl FnOnce(Vec<Capability>) -> Result<Vec<Capability>, E>,
    ) -> Result<Vec<Capability>, E> {
        let held = self.lock()?;
        let given = change(self.given(about)?)?;
        self.give(about, given.clone())?;
        drop(held);
        Ok(given)
    }

    fn give(&self, about: Answered<'_>, mut given: Vec<Capability>) -> Result<(), StateError> {
        let path = self.prepared(DIRECTORY)?.join(about.file_name());
        if given.is_empty() {
            return record::remove(&path).map(drop);
        }
        given.sort();
        given.dedup();
        let record = Record {
            version: Version,
            workspace: about.workspace.to_string_lossy().into_owned(),
            command: about.command.clone(),
            sha256: about.digest,
            given,
        };
        record::write(&path, &record)
    }
}

impl Answered<'_> {
    fn file_name(&self) -> String {
        let workspace = self.workspace.as_os_str().as_encoded_bytes();
        record::file_name(&[workspace, self.command.as_str().as_bytes()])
    }
}
