//! Writing into a directory that is open, by a bare name.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, fchmod, fstat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::walk::Walk;
use super::{DestinationError, Territory};

/// How often something is tried again that somebody exchanged meanwhile.
const MAX_TRIES: usize = 16;

/// A file to be written, in a directory that is open.
#[derive(Debug)]
pub(crate) struct Destination {
    /// As it was named.
    path: PathBuf,
    directory: OwnedFd,
    /// The directory's path, free of links.
    real: PathBuf,
    name: OsString,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A regular file, or nothing yet.
    File,
    /// Something else that the user's own path names: a terminal, a pipe, `/dev/null`.
    Device,
    /// An open file of a process, below `/proc`.
    Open,
}

impl Destination {
    /// Finds the file that an absolute path names. It may be missing; its directory may not.
    pub(crate) fn find(path: &Path, territory: &Territory) -> Result<Self, DestinationError> {
        let fail = |error: Errno| DestinationError::Io { path: path.into(), error: error.into() };
        let kind_fault = |what| DestinationError::Kind { path: path.into(), what };
        let mut walk = Walk::begin(path, territory).map_err(fail)?;
        let Some(name) = walk.advance()? else { return Err(kind_fault("a directory")) };
        let kind = match walk.look(&name).map_err(fail)? {
            None => Kind::File,
            Some(found) => match FileType::from_raw_mode(found.st_mode) {
                FileType::RegularFile => {
                    walk.refuse_other_names(&found)?;
                    Kind::File
                }
                FileType::Directory => return Err(kind_fault("a directory")),
                FileType::Symlink if walk.is_open_file() => Kind::Open,
                // The walk follows all others: this one has come since it looked.
                FileType::Symlink => {
                    let link = walk.real.join(&name);
                    return Err(DestinationError::Link { path: path.into(), link });
                }
                _ => Kind::Device,
            },
        };
        let Walk { directory, real, .. } = walk;
        Ok(Self { path: path.into(), directory, real, name, kind })
    }

    /// The same for a record: a pipe or a device among other people's files would lose it.
    pub(crate) fn find_record(
        path: &Path,
        territory: &Territory,
    ) -> Result<Self, DestinationError> {
        let found = Self::find(path, territory)?;
        if found.kind == Kind::Device && territory.holds(&found.real) {
            return Err(DestinationError::Kind { path: path.into(), what: "something else" });
        }
        Ok(found)
    }

    /// Refuses two records in one file, of which the later would take the place of the earlier.
    pub(crate) fn refuse_same(&self, other: &Self) -> Result<(), DestinationError> {
        let is_same = self.real == other.real && self.name == other.name;
        if is_same && self.kind == Kind::File {
            return Err(DestinationError::Twice { path: self.path.clone() });
        }
        Ok(())
    }

    /// Opens it to write at its end; one that is made is its owner's alone. A FIFO that nobody reads is an
    /// error, and not waited for.
    pub(crate) fn append(&self, territory: &Territory) -> Result<File, DestinationError> {
        let io_fault = |error: io::Error| DestinationError::Io { path: self.path.clone(), error };
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let flags = match self.kind {
            Kind::File => flags | OFlags::NOFOLLOW | OFlags::CREATE,
            Kind::Device => flags | OFlags::NOFOLLOW | OFlags::NOCTTY,
            Kind::Open => flags | OFlags::NOCTTY,
        };
        let mode = Mode::RUSR | Mode::WUSR;
        let file =
            openat(&self.directory, &self.name, flags, mode).map_err(|error| match error {
                Errno::LOOP => DestinationError::Link {
                    path: self.path.clone(),
                    link: self.real.join(&self.name),
                },
                error => io_fault(error.into()),
            })?;
        // It may have been exchanged since it was looked at.
        let found = fstat(&file).map_err(|error| io_fault(error.into()))?;
        let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        if self.kind == Kind::File && !is_file {
            return Err(DestinationError::Kind { path: self.path.clone(), what: "something else" });
        }
        if self.kind == Kind::File && found.st_nlink > 1 && territory.holds(&self.real) {
            return Err(DestinationError::HardLink { path: self.path.clone() });
        }
        Ok(file.into())
    }

    /// Writes it in one piece: a reader finds the old content or the new one. What is no file is written
    /// to, and not replaced. The mode is that of the file whose place it takes; what is new gets what the
    /// user's mask leaves of it.
    pub(crate) fn replace(&self, content: &[u8]) -> Result<(), DestinationError> {
        self.write(content, Mode::from_raw_mode(0o666), self.mode())
    }

    /// The same, for its owner alone.
    pub(crate) fn replace_private(&self, content: &[u8]) -> Result<(), DestinationError> {
        self.write(content, Mode::RUSR | Mode::WUSR, None)
    }

    fn write(&self, content: &[u8], new: Mode, kept: Option<Mode>) -> Result<(), DestinationError> {
        let written = match self.kind {
            Kind::File => self.exchange(content, new, kept),
            Kind::Device | Kind::Open => self.write_to(content),
        };
        written.map_err(|error| DestinationError::Io { path: self.path.clone(), error })
    }

    fn write_to(&self, content: &[u8]) -> io::Result<()> {
        let mut flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::APPEND;
        flags.set(OFlags::NOFOLLOW, self.kind == Kind::Device);
        // A FIFO that nobody reads is an error, and not waited for; one that is read slowly is.
        let probed = flags | OFlags::NONBLOCK;
        let mut file = File::from(openat(&self.directory, &self.name, probed, Mode::empty())?);
        rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
        file.write_all(content)
    }

    fn exchange(&self, content: &[u8], new: Mode, kept: Option<Mode>) -> io::Result<()> {
        let (name, mut file) = self.temporary(new)?;
        let written = file.write_all(content).and_then(|()| {
            if let Some(mode) = kept {
                fchmod(&file, mode)?;
            }
            Ok(renameat(&self.directory, &name, &self.directory, &self.name)?)
        });
        if written.is_err() {
            let _ = unlinkat(&self.directory, &name, AtFlags::empty());
        }
        written
    }

    /// The mode of the file that is there.
    fn mode(&self) -> Option<Mode> {
        let found = statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        is_file.then(|| Mode::from_raw_mode(found.st_mode & 0o777))
    }

    fn temporary(&self, mode: Mode) -> io::Result<(String, File)> {
        for _ in 0..MAX_TRIES {
            let mut random = [0; 8];
            getrandom::fill(&mut random).map_err(io::Error::other)?;
            let name = format!(".tmp{:016x}", u64::from_le_bytes(random));
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat(&self.directory, &name, flags, mode) {
                Err(Errno::EXIST) => {}
                opened => return Ok((name, opened?.into())),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Refuses a directory that a link of somebody else's leads to; it may be missing from some name on.
    /// Gives its path, free of links.
    pub(crate) fn directory(
        path: &Path,
        territory: &Territory,
    ) -> Result<PathBuf, DestinationError> {
        let fail = |error: Errno| DestinationError::Io { path: path.into(), error: error.into() };
        let mut walk = Walk::begin(path, territory).map_err(fail)?;
        match walk.advance() {
            Ok(None) => return Ok(walk.real),
            Ok(Some(name)) => walk.missing.push(name),
            Err(DestinationError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let rest = walk.missing.iter().chain(walk.rest.iter().rev());
        Ok(walk.real.join(rest.collect::<PathBuf>()))
    }
}

/// Makes a directory of a path that is free of links, with those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), DestinationError> {
    let everywhere = Territory(vec!["/".into()]);
    let fail = |error: Errno| DestinationError::Io { path: path.into(), error: error.into() };
    let mut walk = Walk::begin(path, &everywhere).map_err(fail)?;
    loop {
        let missing = match walk.advance() {
            Ok(last) => last,
            Err(error) => Some(walk.missing.pop().ok_or(error)?),
        };
        let Some(name) = missing else { return Ok(()) };
        let mode = Mode::from_raw_mode(0o777);
        match mkdirat(&walk.directory, &name, mode) {
            // Somebody else was faster; what it is, is looked at.
            Err(Errno::EXIST) if walk.is_directory(&name) => {}
            made => made.map_err(fail)?,
        }
        walk.rest.push(name);
    }
}
