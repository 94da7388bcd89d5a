//! Without the calls of Unix: the path is looked at, and then used.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{DestinationError, Territory};

#[derive(Debug)]
pub(crate) struct Destination {
    path: PathBuf,
}

pub(crate) fn make_directory(path: &Path) -> Result<(), DestinationError> {
    let fail = |error| DestinationError::Io { path: path.into(), error };
    std::fs::create_dir_all(path).map_err(fail)
}

impl Destination {
    pub(crate) fn find(path: &Path, territory: &Territory) -> Result<Self, DestinationError> {
        for part in path.ancestors() {
            let is_link = part.symlink_metadata().is_ok_and(|found| found.is_symlink());
            if is_link && part.parent().is_some_and(|directory| territory.holds(directory)) {
                return Err(DestinationError::Link { path: path.into(), link: part.into() });
            }
        }
        if path.is_dir() {
            return Err(DestinationError::Kind { path: path.into(), what: "a directory" });
        }
        Ok(Self { path: path.into() })
    }

    pub(crate) fn find_record(
        path: &Path,
        territory: &Territory,
    ) -> Result<Self, DestinationError> {
        Self::find(path, territory)
    }

    pub(crate) fn refuse_same(&self, other: &Self) -> Result<(), DestinationError> {
        if self.path == other.path {
            return Err(DestinationError::Twice { path: self.path.clone() });
        }
        Ok(())
    }

    pub(crate) fn append(&self, _: &Territory) -> Result<File, DestinationError> {
        let opened = File::options().append(true).create(true).open(&self.path);
        opened.map_err(|error| DestinationError::Io { path: self.path.clone(), error })
    }

    pub(crate) fn replace(&self, content: &[u8]) -> Result<(), DestinationError> {
        self.exchange(content)
            .map_err(|error| DestinationError::Io { path: self.path.clone(), error })
    }

    pub(crate) fn replace_private(&self, content: &[u8]) -> Result<(), DestinationError> {
        self.replace(content)
    }

    fn exchange(&self, content: &[u8]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(content)?;
        file.persist(&self.path)?;
        Ok(())
    }

    pub(crate) fn directory(
        path: &Path,
        territory: &Territory,
    ) -> Result<PathBuf, DestinationError> {
        Self::find(&path.join("file"), territory)?;
        Ok(path.to_owned())
    }
}
