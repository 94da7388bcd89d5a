//! Directories as WASI has them. The C library would ask for the identity of each entry that it lists, and
//! of each file that it looks at: a second call, and more, for what is hardly ever of interest.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

use super::{Entry, Identify, Identity, Measure, Shape};

thread_local! {
    /// The one directory that a command is given, `/`.
    static ROOT: Option<Descriptor> = get_directories().into_iter().map(|(root, _)| root).next();
}

/// An open directory.
pub(crate) struct Directory(Descriptor);

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let inside = path.strip_prefix("/").unwrap_or(path);
        let inside = if inside.as_os_str().is_empty() { "." } else { text(inside.as_os_str())? };
        ROOT.with(|root| {
            let root = root.as_ref().ok_or(io::ErrorKind::PermissionDenied)?;
            let (open, mode) = (OpenFlags::DIRECTORY, DescriptorFlags::READ);
            let opened = root.open_at(PathFlags::empty(), inside, open, mode).map_err(error)?;
            Ok(Self(opened))
        })
    }

    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        let listing = self.0.read_directory().map_err(error)?;
        let mut entries = Vec::new();
        while let Some(entry) = listing.read_directory_entry().map_err(error)? {
            entries.push(Entry { name: entry.name.into(), shape: entry.type_.into() });
        }
        Ok(entries)
    }

    pub(crate) fn measure(&self, name: &OsStr, identify: Identify) -> io::Result<Measure> {
        let name = text(name)?;
        let stat = self.0.stat_at(PathFlags::empty(), name).map_err(error)?;
        let shared = stat.link_count > 1;
        let identity = if shared || identify == Identify::All {
            let hash = self.0.metadata_hash_at(PathFlags::empty(), name).map_err(error)?;
            Some(Identity { number: (hash.lower, hash.upper), shared })
        } else {
            None
        };
        let modified = stat.data_modification_timestamp.and_then(|time| {
            SystemTime::UNIX_EPOCH
                .checked_add(Duration::new(time.seconds, time.nanoseconds.min(999_999_999)))
        });
        Ok(Measure {
            length: stat.size,
            modified: modified.unwrap_or_else(SystemTime::now),
            identity,
        })
    }

    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        self.0.unlink_file_at(text(name)?).map_err(error)
    }
}

impl From<DescriptorType> for Shape {
    fn from(kind: DescriptorType) -> Self {
        match kind {
            DescriptorType::Directory => Self::Directory,
            DescriptorType::RegularFile => Self::File,
            DescriptorType::SymbolicLink => Self::Link,
            _ => Self::Other,
        }
    }
}

/// Under WASI, names are text.
fn text(name: &OsStr) -> io::Result<&str> {
    name.to_str().ok_or_else(|| io::ErrorKind::InvalidFilename.into())
}

/// The error that the C library would have given.
fn error(code: ErrorCode) -> io::Error {
    use rustix::io::Errno;
    match code {
        ErrorCode::Access => Errno::ACCESS,
        ErrorCode::Busy => Errno::BUSY,
        ErrorCode::IllegalByteSequence => Errno::ILSEQ,
        ErrorCode::Invalid => Errno::INVAL,
        ErrorCode::Io => Errno::IO,
        ErrorCode::IsDirectory => Errno::ISDIR,
        ErrorCode::Loop => Errno::LOOP,
        ErrorCode::NameTooLong => Errno::NAMETOOLONG,
        ErrorCode::NoEntry => Errno::NOENT,
        ErrorCode::NotDirectory => Errno::NOTDIR,
        ErrorCode::NotPermitted => Errno::PERM,
        ErrorCode::ReadOnly => Errno::ROFS,
        other => return io::Error::other(other.message()),
    }
    .into()
}
