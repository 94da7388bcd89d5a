//! Directories that nobody but the user can write: what is in them is believed.

#[cfg(unix)]
mod way;

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Makes a directory for the user alone, and refuses one that [`check`] refuses.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    match check(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        checked => return checked,
    }
    make(directory)?;
    check(directory)
}

/// Makes a directory that others can neither write nor list, and those above it that are not there.
fn make(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The same for a directory inside one that was checked. It may be a link, which only the user can
/// have made there: then what it leads to is checked, and given.
pub(crate) fn prepare_inside(parent: &Path, name: &str) -> io::Result<PathBuf> {
    match inside(parent, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        checked => return checked,
    }
    make(&parent.join(name))?;
    inside(parent, name)
}

/// Refuses a directory, inside one that was checked, that somebody else can write.
pub(crate) fn inside(parent: &Path, name: &str) -> io::Result<PathBuf> {
    let directory = parent.join(name);
    let metadata = fs::symlink_metadata(&directory)?;
    if metadata.is_symlink() {
        let directory = dunce::canonicalize(directory)?;
        check(&directory)?;
        return Ok(directory);
    }
    if !metadata.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    check_file(&directory, &metadata)?;
    Ok(directory)
}

/// Opens a regular file that nobody else can write: not what a link leads to, and without waiting.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    check_file(path, &metadata)?;
    Ok((file, metadata))
}

/// Reads such a file, if it is no longer than this.
pub(crate) fn read(path: &Path, longest: u64) -> io::Result<(Vec<u8>, Metadata)> {
    let (mut file, metadata) = open(path)?;
    if metadata.len() > longest {
        return Err(io::Error::other("it is too long"));
    }
    let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok((bytes, metadata))
}

/// Refuses a directory that somebody else can write, or put another one in the place of.
#[cfg(unix)]
pub(crate) fn check(directory: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(directory)?;
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    if !metadata.is_dir() {
        return Err(io::Error::other("it is not a directory"));
    }
    check_file(directory, &metadata)?;
    way::check(directory.parent().unwrap_or(directory)).map(drop)
}

/// Refuses a file, or what a link leads to, that another user can write, or put another one in the place of. Root's are
/// the user's, too.
#[cfg(unix)]
pub(crate) fn check_way(path: &Path) -> io::Result<()> {
    way::check(path).map(drop)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix needs it")]
pub(crate) fn check_way(_: &Path) -> io::Result<()> {
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
fn check_file(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    if metadata.mode() & 0o022 != 0 {
        return Err(way::writable("it", path));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix needs it")]
fn check_file(_: &Path, _: &Metadata) -> io::Result<()> {
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
        let shared = with_mode(root.path().join("shared"), 0o775);
        assert!(prepare(&shared.join("cache")).is_err());
        let sticky = with_mode(root.path().join("sticky"), 0o1777);
        assert!(prepare(&sticky.join("cache")).is_ok());
        let link = root.path().join("link");
        symlink(root.path().join("mine"), &link).expect("a link");
        assert!(prepare(&link).is_err());
        assert!(check(&root.path().join("none")).is_err());
    }

    #[test]
    fn nor_is_one_inside_another() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let made = prepare_inside(&root, "made").expect("a directory");
        let mode = fs::metadata(made).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        with_mode(root.join("ours"), 0o777);
        assert!(prepare_inside(&root, "ours").is_err());
        for (name, target) in [("to-made", "made"), ("to-ours", "ours"), ("to-nothing", "none")] {
            symlink(root.join(target), root.join(name)).expect("a link");
        }
        assert_eq!(prepare_inside(&root, "to-made").ok(), Some(root.join("made")));
        assert!(prepare_inside(&root, "to-ours").is_err());
        assert!(inside(&root, "to-nothing").is_err());
    }

    #[test]
    fn a_file_that_others_can_write_is_not_read() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file");
        fs::write(&path, "content").expect("written");
        let mode = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is mine");
        };
        mode(0o644);
        assert_eq!(read(&path, 7).expect("it is mine").0, b"content");
        assert!(read(&path, 6).is_err());
        mode(0o664);
        assert!(read(&path, 7).is_err());
        mode(0o600);
        let link = root.path().join("link");
        symlink(&path, &link).expect("a link");
        assert!(read(&link, 7).is_err());
        assert!(read(root.path(), 7).is_err());
    }
}
