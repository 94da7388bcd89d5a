//! Directories that nobody but the user can write: what is in them is believed.

use std::fs;
use std::io;
use std::path::Path;

/// Makes a directory for the user alone, and refuses one that [`check`] refuses.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    check(directory)
}

/// Refuses a directory that somebody else can write, or put another one in the place of.
#[cfg(unix)]
pub(crate) fn check(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::symlink_metadata(directory)?;
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    if !metadata.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    check_file(&metadata)?;
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
pub(crate) fn check(directory: &Path) -> io::Result<()> {
    match fs::symlink_metadata(directory)?.is_dir() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a directory")),
    }
}

/// Refuses what somebody else owns or can write.
#[cfg(unix)]
pub(crate) fn check_file(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others can write to it"));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix needs it")]
pub(crate) fn check_file(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
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
        assert!(check(&root.path().join("none")).is_err());
    }
}
