//! The user's cache directory.

use std::fs;
use std::io;
use std::path::Path;

/// Makes the user's cache directory, and refuses one that somebody else can write: compiled code is
/// native code.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};

        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let metadata = fs::symlink_metadata(directory)?;
        if !metadata.is_dir() {
            return Err(io::Error::other("it is a link"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("others can write to it"));
        }
        // A file that this process has just made belongs to whoever it runs as.
        let mine = tempfile::tempfile_in(directory)?.metadata()?.uid();
        if metadata.uid() != mine {
            return Err(io::Error::other("it belongs to somebody else"));
        }
        // Who can write to a directory above could put another one in this one's place, unless only
        // owners may move things there (as in /tmp).
        for above in directory.ancestors().skip(1).filter(|above| above.parent().is_some()) {
            let mode = fs::metadata(above)?.mode();
            if mode & 0o002 != 0 && mode & 0o1000 == 0 {
                let message = format!("everybody can write to `{}`", above.display());
                return Err(io::Error::other(message));
            }
        }
        Ok(())
    }
    #[cfg(not(unix))]
    fs::create_dir_all(directory)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    fn with_mode(path: PathBuf, mode: u32) -> PathBuf {
        fs::create_dir_all(&path).expect("a directory");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is mine");
        path
    }

    #[test]
    fn a_directory_that_others_can_write_is_not_used() {
        let root = tempfile::tempdir().expect("a directory");
        assert!(prepare(&root.path().join("new/cache")).is_ok());
        assert!(prepare(&with_mode(root.path().join("mine"), 0o755)).is_ok());
        assert!(prepare(&with_mode(root.path().join("ours"), 0o775)).is_err());
        let open = with_mode(root.path().join("open"), 0o777);
        assert!(prepare(&open.join("cache")).is_err());
        let sticky = with_mode(root.path().join("sticky"), 0o1777);
        assert!(prepare(&sticky.join("cache")).is_ok());
        let link = root.path().join("link");
        symlink(root.path().join("mine"), &link).expect("a link");
        assert!(prepare(&link).is_err());
    }
}
