//! Directories as the standard library has them: for the tests, which run natively.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Entry, Identify, Identity, Measure};

/// A directory, by its path.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok(Entry { shape: entry.file_type()?.into(), name: entry.file_name() })
        };
        fs::read_dir(&self.0)?.map(entry).collect()
    }

    pub(crate) fn measure(&self, name: &OsStr, identify: Identify) -> io::Result<Measure> {
        let metadata = fs::symlink_metadata(self.0.join(name))?;
        Ok(Measure {
            length: metadata.len(),
            modified: metadata.modified().unwrap_or_else(|_| SystemTime::now()),
            identity: identity(&metadata)
                .filter(|identity| identity.shared || identify == Identify::All),
        })
    }

    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let number = (metadata.dev(), metadata.ino());
    Some(Identity { number, shared: metadata.nlink() > 1 })
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<Identity> {
    None
}
