//! The directory of one run of test cases: private, and gone afterwards, also where a run was killed.

#[cfg(unix)]
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How its name begins.
const PREFIX: &str = "taskrunner-test-";

/// How many names of the directory for temporary files are looked at.
#[cfg(unix)]
const NAMES: usize = 50_000;

/// A directory for the user alone, which goes away with this.
///
/// It is locked as long as it is in use. A run that is killed leaves it behind without a lock, and the next run
/// of the same user removes it.
pub(crate) struct TestDirectory {
    directory: TempDir,
    path: PathBuf,
    #[cfg(unix)]
    _held: fs::File,
}

impl TestDirectory {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        remove_abandoned();
        loop {
            let directory = private(PREFIX).tempdir()?;
            let held = open(directory.path())?;
            held.lock()?;
            // Before it was locked, another run could take it for an abandoned one.
            if let Ok(path) = dunce::canonicalize(directory.path()) {
                return Ok(Self { directory, path, _held: held });
            }
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let path = dunce::canonicalize(directory.path())?;
        Ok(Self { directory, path })
    }

    /// Absolute and free of links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A new directory in it for one case.
    pub(super) fn of_case(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("case-").tempdir_in(self.directory.path())
    }
}

/// What makes a directory that nobody else can look into.
#[cfg(unix)]
fn private(prefix: &str) -> tempfile::Builder<'_, 'static> {
    use std::os::unix::fs::PermissionsExt;

    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(fs::Permissions::from_mode(0o700));
    builder
}

/// Removes what runs of this user have left that were killed.
#[cfg(unix)]
fn remove_abandoned() {
    let entries = fs::read_dir(tempfile::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries.take(NAMES) {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        if let Ok(held) = open(&path)
            && held.try_lock().is_ok()
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::debug!("cannot remove {}: {error}", path.display());
        }
    }
}

/// Opens a directory that is the user's alone, and no link to one.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    use rustix::fs::OFlags;

    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let file =
        fs::File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    match is_own && metadata.mode() & 0o077 == 0 {
        true => Ok(file),
        false => Err(io::Error::other("it is not the user's alone")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_a_directory_that_nobody_holds_is_removed() {
        use std::os::unix::fs::PermissionsExt;

        let held = TestDirectory::new().expect("a directory");
        let left = private(PREFIX).tempdir().expect("a directory").keep();
        fs::write(left.join("file"), "left").expect("written");
        let elsewhere = tempfile::tempdir().expect("a directory");
        fs::write(elsewhere.path().join("file"), "kept").expect("written");
        let name = format!("{PREFIX}link-{}", std::process::id());
        let link = tempfile::env::temp_dir().join(name);
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("a link");
        let open = tempfile::Builder::new().prefix(PREFIX).tempdir().expect("a directory");
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).expect("it is mine");

        let another = TestDirectory::new().expect("a directory");
        assert!(held.path().is_dir() && another.path().is_dir());
        assert!(!left.exists());
        assert!(open.path().is_dir(), "it may be of another program");
        assert!(elsewhere.path().join("file").is_file());
        assert!(link.is_symlink());
        fs::remove_file(link).expect("it is there");
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());
    }
}
