//! Which workspaces the user trusts, each with the content that it had then.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{self, Version};
use super::{Contents, State, StateError};

/// Where the records are.
const DIRECTORY: &str = "trust";

/// A workspace that the user trusts as it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Trusted {
    version: Version,
    /// Its path, free of links, as text for people.
    pub(crate) workspace: String,
    /// The configuration file that was in use; a workspace may have none.
    pub(crate) configuration: Option<PathBuf>,
    pub(crate) contents: Contents,
}

impl State {
    /// What the user trusted at a workspace's path; whether that is what is there now, its contents tell.
    pub(crate) fn trusted(&self, workspace: &Path) -> Result<Option<Trusted>, StateError> {
        let Some(directory) = self.existing(DIRECTORY)? else { return Ok(None) };
        let found: Option<Trusted> = record::read(&directory.join(file_name(workspace)))?;
        // A record under the name of another workspace's is not one of this one.
        Ok(found.filter(|record| record.workspace == workspace.to_string_lossy()))
    }

    /// Keeps that the user trusts a workspace as it is.
    pub(crate) fn trust(
        &self,
        workspace: &Path,
        configuration: Option<&Path>,
        contents: Contents,
    ) -> Result<(), StateError> {
        let held = self.lock()?;
        self.write_trust(workspace, configuration, contents)?;
        drop(held);
        Ok(())
    }

    /// Keeps the trust in a workspace whose files the runner has changed: `change` says what they are now,
    /// if the trust holds for them. What was revoked meanwhile stays revoked.
    pub(crate) fn keep_trust<E: From<StateError>>(
        &self,
        workspace: &Path,
        change: impl FnOnce(&Trusted) -> Result<Option<Contents>, E>,
    ) -> Result<(), E> {
        let held = self.lock()?;
        if let Some(trusted) = self.trusted(workspace)?
            && let Some(contents) = change(&trusted)?
        {
            self.write_trust(workspace, trusted.configuration.as_deref(), contents)?;
        }
        drop(held);
        Ok(())
    }

    fn write_trust(
        &self,
        workspace: &Path,
        configuration: Option<&Path>,
        contents: Contents,
    ) -> Result<(), StateError> {
        let path = self.prepared(DIRECTORY)?.join(file_name(workspace));
        let workspace = workspace.to_string_lossy().into_owned();
        let configuration = configuration.map(ToOwned::to_owned);
        record::write(&path, &Trusted { version: Version, workspace, configuration, contents })
    }

    /// Forgets that the user trusts a workspace: whether that was so.
    pub(crate) fn revoke_trust(&self, workspace: &Path) -> Result<bool, StateError> {
        match self.existing(DIRECTORY)? {
            Some(directory) => {
                let held = self.lock()?;
                let was_trusted = record::remove(&directory.join(file_name(workspace)))?;
                drop(held);
                Ok(was_trusted)
            }
            None => Ok(false),
        }
    }

    /// All records, sorted by path; those that cannot be read are left out, since they decide nothing.
    pub(crate) fn all_trusted(&self) -> Result<Vec<Trusted>, StateError> {
        let Some(directory) = self.existing(DIRECTORY)? else { return Ok(Vec::new()) };
        let fail = |error| StateError::Directory { path: directory.clone(), error };
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&directory).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                match record::read::<Trusted>(&path) {
                    Ok(found) => all.extend(found),
                    Err(error) => tracing::warn!("a record of trust is not used: {error}"),
                }
            }
        }
        all.sort_by(|a, b| a.workspace.cmp(&b.workspace));
        Ok(all)
    }
}

fn file_name(workspace: &Path) -> String {
    record::file_name(&[workspace.as_os_str().as_encoded_bytes()])
}
