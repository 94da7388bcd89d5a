//! Reading directories, and what a file is: one read for each directory, no link followed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// One entry of a directory.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: OsString,
    shape: Shape,
}

/// What an entry is itself, a link being a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Directory,
    File,
    Link,
    Other,
}

impl From<fs::FileType> for Shape {
    fn from(file_type: fs::FileType) -> Self {
        if file_type.is_dir() {
            Self::Directory
        } else if file_type.is_file() {
            Self::File
        } else if file_type.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

impl Entry {
    /// A directory, and not a link to one.
    pub(crate) fn is_directory(&self) -> bool {
        self.shape == Shape::Directory
    }

    /// A regular file, and not a link to one.
    pub(crate) fn is_file(&self) -> bool {
        self.shape == Shape::File
    }

    /// A symbolic link.
    pub(crate) fn is_link(&self) -> bool {
        self.shape == Shape::Link
    }

    /// Whether the name is something, a dot and this extension.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.name).extension().is_some_and(|own| own == extension)
    }
}

/// The entries of a directory, in no order. All or none: of a directory that is known in part, nobody
/// could say what it does not hold.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry { shape: entry.file_type()?.into(), name: entry.file_name() })
    };
    fs::read_dir(path)?.map(entry).collect()
}

/// What the entry at `path` is, under the name that it has there.
pub(crate) fn entry(path: &Path) -> io::Result<Entry> {
    let shape = fs::symlink_metadata(path)?.file_type().into();
    Ok(Entry { name: path.file_name().unwrap_or_default().to_owned(), shape })
}

/// How much an entry holds, and since when.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Its length in bytes.
    pub(crate) length: u64,
    /// When it was changed last. Far in the future where that cannot be told, so that it is not old.
    pub(crate) modified: SystemTime,
    /// What the names of the same file have in common, where that is known.
    pub(crate) identity: Option<Identity>,
}

/// What the names of the same file have in common.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The device, and the file's number there.
    pub(crate) number: (u64, u64),
    /// Whether the file has other names now.
    pub(crate) shared: bool,
}

/// Measures the entry at `path`, no link followed.
#[cfg(any(unix, target_os = "wasi"))]
pub(crate) fn measure(path: &Path) -> io::Result<Measure> {
    use std::time::Duration;

    let stat = rustix::fs::lstat(path)?;
    #[cfg(unix)]
    let (seconds, nanoseconds) = (stat.st_mtime, stat.st_mtime_nsec);
    #[cfg(target_os = "wasi")]
    let (seconds, nanoseconds) = (stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
    let since = Duration::new(seconds.max(0) as u64, nanoseconds.clamp(0, 999_999_999) as u32);
    Ok(Measure {
        length: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or_else(SystemTime::now),
        identity: Some(Identity {
            number: (stat.st_dev as u64, stat.st_ino as u64),
            shared: stat.st_nlink > 1,
        }),
    })
}

/// Measures the entry at `path`, no link followed.
#[cfg(not(any(unix, target_os = "wasi")))]
pub(crate) fn measure(path: &Path) -> io::Result<Measure> {
    let metadata = fs::symlink_metadata(path)?;
    let modified = metadata.modified().unwrap_or_else(|_| SystemTime::now());
    Ok(Measure { length: metadata.len(), modified, identity: None })
}
