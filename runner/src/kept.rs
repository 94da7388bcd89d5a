//! Files that are kept for a while: written whole or not at all, and thrown away at some time.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// How long anything is kept that nobody uses.
pub(crate) const AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long a file may be under way: what is older, somebody left behind who was ended.
pub(crate) const UNDER_WAY: Duration = Duration::from_secs(60 * 60);

/// How many files of a directory are looked at. There are more only where somebody else put them.
const FILES: usize = 50_000;

/// How the names begin of files that are not yet what they are to be; and of those that have a name for
/// a moment only, where a file system has none without.
const TEMPORARY: &str = ".new-";
const NAMELESS: &str = ".tmp";

/// A file that is to be renamed when it is whole.
pub(crate) fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(directory)
}

/// Writes a file, whole or not at all. It is gone after a failure of the power, perhaps: it is one that
/// can be made again.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = temporary(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// A file, and how long ago it was written.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
    pub(crate) age: Duration,
}

impl Found {
    /// Removes it. If somebody else has done so, that is as good.
    pub(crate) fn remove(&self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!("cannot remove {}: {error}", self.path.display());
        }
    }

    /// Its name without this end, if it has it.
    pub(crate) fn name(&self, end: &str) -> Option<&str> {
        self.path.file_name()?.to_str()?.strip_suffix(end)
    }
}

/// The files of a directory. On the way, what was left behind is removed.
pub(crate) fn files(directory: &Path) -> impl Iterator<Item = Found> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().take(FILES);
    let files = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
        Some(Found { path: entry.path(), length: metadata.len(), age })
    });
    files.filter(|file| {
        let is_temporary = file
            .name("")
            .is_some_and(|name| name.starts_with(TEMPORARY) || name.starts_with(NAMELESS));
        if is_temporary && file.age > UNDER_WAY {
            file.remove();
        }
        !is_temporary
    })
}
