//! Where compiled code is kept.

use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::code::Kind;
use super::prune;
use super::seal::{Fit, Seal};
use crate::plugin::Digest;
use crate::{kept, private};

/// The directory in each of the user's own directories.
const DIRECTORY: &str = "compiled";

/// A directory with one file per component and engine, and another one with a [`Seal`] for each.
///
/// Invariants: an entry is written under another name and renamed when it is whole; it is used only if
/// its seal fits the file that was opened, and that file is what is mapped; the directories are used only
/// if nobody but the user can write there. Losing an entry, or a seal, costs only compiling again.
///
/// The seals are in the directory for the user's state, since that is the one whose content is believed
/// already, and does not leave the machine with what is only a cache.
pub(crate) struct Cache {
    code: PathBuf,
    seals: PathBuf,
    /// Whether this process has pruned.
    pruned: Cell<bool>,
}

impl Cache {
    /// `cache` and `state` are the user's directories, of which [`prepare`](private::prepare) has passed
    /// the former.
    pub(crate) fn new(cache: &Path, state: &Path) -> Self {
        Self { code: cache.to_owned(), seals: state.to_owned(), pruned: Cell::new(false) }
    }

    /// Where the seals are, in the user's directory for the state: made, if it was not there.
    pub(crate) fn seals_in(state: &Path) -> io::Result<PathBuf> {
        private::prepare(state)?;
        private::prepare_inside(state, DIRECTORY)
    }

    /// The code that was kept under this name, if it is still what was kept.
    pub(super) fn find(&self, name: &Digest) -> Option<(File, Kind)> {
        let code = private::inside(&self.code, DIRECTORY).ok()?;
        let refused = |error: io::Error| {
            tracing::info!("compiling again, since what was kept as {name} is not used: {error}");
        };
        match private::open(&code.join(file_name(name))) {
            Ok((file, metadata)) => self.vouch(name, file, &metadata).map_err(refused).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                refused(error);
                None
            }
        }
    }

    /// An open file that is what was kept, and what that was.
    fn vouch(&self, name: &Digest, file: File, metadata: &Metadata) -> io::Result<(File, Kind)> {
        private::check(&self.seals)?;
        let seals = private::inside(&self.seals, DIRECTORY)?;
        let path = seals.join(name.to_string());
        let (seal, age) = Seal::read(&path, name)
            .map_err(|error| io::Error::other(format!("nothing vouches for it: {error}")))?;
        let (kind, code) = (seal.kind, seal.code());
        match seal.fits(&file, metadata, age)? {
            Fit::Known => {}
            Fit::Read => {
                tracing::debug!("{name} was read again, and is what was kept");
                // Where that fails, it is read once more.
                let _ = seal.renewed(metadata).write(&path);
            }
            Fit::Unsure => {
                tracing::debug!("{name} was read again, and is copied to be kept");
                // Where that fails, it is read once more.
                let copied = self.copy(name, &file, kind, Some(code));
                return Ok((copied.unwrap_or(file), kind));
            }
            Fit::Broken => return Err(io::Error::other("it is not what was kept")),
        }
        Ok((file, kind))
    }

    /// Keeps a copy of some code, and gives it.
    pub(super) fn keep(&self, name: &Digest, code: &File, kind: Kind) -> io::Result<File> {
        let file = self.copy(name, code, kind, None)?;
        if !self.pruned.replace(true) {
            let directory = private::inside(&self.code, DIRECTORY)?;
            prune::prune(&directory, &Self::seals_in(&self.seals)?, name);
        }
        Ok(file)
    }

    /// Keeps a copy of some code, of this digest where one is given.
    fn copy(
        &self,
        name: &Digest,
        mut code: &File,
        kind: Kind,
        expected: Option<Digest>,
    ) -> io::Result<File> {
        let directory = private::prepare_inside(&self.code, DIRECTORY)?;
        let seals = Self::seals_in(&self.seals)?;
        let mut copy = kept::temporary(&directory)?;
        code.seek(SeekFrom::Start(0))?;
        let digest = Digest::copying(code, copy.as_file_mut())?;
        if expected.is_some_and(|expected| expected != digest) {
            return Err(io::Error::other("it is changed while it is read"));
        }
        // From here on it is only read.
        let file = File::open(copy.path())?;
        drop(copy.persist(directory.join(file_name(name)))?);
        // Its name is the last of it to change.
        Seal::new(name, kind, digest, &file)?.write(&seals.join(name.to_string()))?;
        Ok(file)
    }

    /// A file without a name, so that nothing stays of it where this process is ended.
    pub(super) fn nameless(&self) -> io::Result<File> {
        tempfile::tempfile_in(private::prepare_inside(&self.code, DIRECTORY)?)
    }
}

/// The file of an entry.
fn file_name(name: &Digest) -> String {
    format!("{name}{}", prune::EXTENSION)
}
