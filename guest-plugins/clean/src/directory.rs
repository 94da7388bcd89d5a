//! Reading directories, and what a file is: one read for each directory, no link followed.
//!
//! What is done to each of many files is done in an open [`Directory`], by a bare name: a path would have to
//! be found again, and decided on from its beginning, for each of them.

#[cfg_attr(target_os = "wasi", path = "directory/wasi.rs")]
#[cfg_attr(not(target_os = "wasi"), path = "directory/native.rs")]
mod system;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

pub(crate) use system::Directory;

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
    Directory::open(path)?.entries()
}

/// What the entry at `path` is, under the name that it has there.
pub(crate) fn entry(path: &Path) -> io::Result<Entry> {
    let shape = fs::symlink_metadata(path)?.file_type().into();
    Ok(Entry { name: path.file_name().unwrap_or_default().to_owned(), shape })
}

/// Whether something may be at `path` that listings do not show, since it may not be read.
pub(crate) fn is_hidden(path: &Path) -> bool {
    entry(path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
}

/// When the entry at `path` was changed last, no link followed. Where that cannot be told it is now, so
/// that it is not old.
pub(crate) fn modified(path: &Path) -> io::Result<SystemTime> {
    Ok(fs::symlink_metadata(path)?.modified().unwrap_or_else(|_| SystemTime::now()))
}

/// How much an entry holds, and since when.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Its length in bytes.
    pub(crate) length: u64,
    /// When it was changed last; now, where that cannot be told, so that it is not old.
    pub(crate) modified: SystemTime,
    /// What the names of the same file have in common, where that is known and of interest.
    pub(crate) identity: Option<Identity>,
}

/// What the names of the same file have in common.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The same for the same file, and for no other one.
    pub(crate) number: (u64, u64),
    /// Whether the file has other names now.
    pub(crate) shared: bool,
}

/// Whose identity is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identify {
    /// That of every file.
    All,
    /// Only that of files with several names.
    Shared,
}
