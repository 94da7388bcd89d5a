//! What the user decided, kept in the user's own state directory: which workspaces are trusted, and what
//! was answered for which command. Pure file code: nothing here asks or prints.
//!
//! Invariants: a record is read only from a directory, and from a file, that nobody else can write; it is
//! written whole or not at all; one that is missing or does not fit decides nothing; it is changed, from the
//! reading to the writing, under the lock of the state directory.

mod answers;
mod contents;
mod record;
mod trust;

use std::io;
use std::path::{Path, PathBuf};

use crate::held::{Held, hold_file};

pub(crate) use answers::Answered;
pub(crate) use contents::{Contents, ContentsError};
pub(crate) use trust::Trusted;

/// The file whose lock is held while records are changed.
const LOCK: &str = "lock";

/// Why the user's decisions cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("there is no home directory to keep this in")]
    NoHome,
    #[error("the directory to keep this in, `{}`, is inside the workspace", _0.display())]
    InWorkspace(PathBuf),
    #[error("nothing is believed that is in `{path}`: {error}", path = path.display())]
    Directory { path: PathBuf, error: io::Error },
    #[error("`{path}`: {error}", path = path.display())]
    File { path: PathBuf, error: io::Error },
}

/// The user's state directory.
pub(crate) struct State {
    directory: Option<PathBuf>,
    /// The directory, where it is one in which nothing is believed.
    in_workspace: Option<PathBuf>,
}

impl State {
    /// Without a directory nothing was decided, and nothing can be kept. The same holds for one inside the workspace.
    pub(crate) fn new(directory: Option<&Path>, is_in_workspace: bool) -> Self {
        let directory = directory.map(ToOwned::to_owned);
        match is_in_workspace {
            true => Self { directory: None, in_workspace: directory },
            false => Self { directory, in_workspace: None },
        }
    }

    /// A directory of records to read; none where nothing was ever kept.
    fn existing(&self, name: &str) -> Result<Option<PathBuf>, StateError> {
        let Some(root) = &self.directory else { return Ok(None) };
        let directory = root.join(name);
        for path in [root, &directory] {
            match crate::private::check(path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(StateError::Directory { path: path.clone(), error }),
            }
        }
        Ok(Some(directory))
    }

    /// The right to change records: nobody else does while it is held.
    fn lock(&self) -> Result<Held, StateError> {
        let root = self.directory.as_ref().ok_or(StateError::NoHome)?;
        crate::private::prepare(root)
            .map_err(|error| StateError::Directory { path: root.clone(), error })?;
        let path = root.join(LOCK);
        hold_file(&path).map_err(|error| StateError::File { path, error })
    }

    /// The same to write, made where it is not there.
    fn prepared(&self, name: &str) -> Result<PathBuf, StateError> {
        let no_directory =
            || self.in_workspace.clone().map_or(StateError::NoHome, StateError::InWorkspace);
        let root = self.directory.as_ref().ok_or_else(no_directory)?;
        let directory = root.join(name);
        for path in [root, &directory] {
            crate::private::prepare(path)
                .map_err(|error| StateError::Directory { path: path.clone(), error })?;
        }
        Ok(directory)
    }
}
