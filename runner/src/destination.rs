//! Where the runner writes a file that a path names: opened without following a link that somebody else
//! could have made.
//!
//! A path is walked from the root, a directory at a time, each opened without following a link. A link on the
//! way counts only if it is the user's or the system's own, and does not stand where other people's files
//! are: in the workspace, or in the repository around it. What is written goes to the directory that the walk
//! has opened, by a bare name, so that nothing that is exchanged meanwhile leads elsewhere.

use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Destination, make_directory};
#[cfg(unix)]
pub(crate) use unix::{Destination, make_directory};

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    #[error("`{path}` leads through the symlink `{link}`, which can come with the project",
        path = path.display(), link = link.display())]
    Link { path: PathBuf, link: PathBuf },
    #[error("`{path}` is {what}, not a regular file", path = path.display())]
    Kind { path: PathBuf, what: &'static str },
    #[error("`{path}` has more than one hard link, and its other name can be any file of yours",
        path = path.display())]
    HardLink { path: PathBuf },
    #[error("`{path}` cannot hold two records", path = path.display())]
    Twice { path: PathBuf },
    #[error("cannot write `{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// The directories whose files come with a project and may be anybody's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Territory(Vec<PathBuf>);

impl Territory {
    /// Those of a workspace and of the working directory, each with the repository around it. A repository
    /// that has the whole home directory in it is the user's own.
    pub(crate) fn new(directories: [&Path; 2], home: Option<&Path>) -> Self {
        let is_own = |top: &Path| home.is_some_and(|home| home.starts_with(top));
        let whole = |directory: &Path| {
            let directory = dunce::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
            let mut above = directory.ancestors();
            let top = above.find(|above| above.join(".git").symlink_metadata().is_ok());
            top.filter(|top| !is_own(top)).map_or_else(|| directory.clone(), Path::to_owned)
        };
        Self(directories.map(whole).into())
    }

    fn holds(&self, directory: &Path) -> bool {
        self.0.iter().any(|territory| directory.starts_with(territory))
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::{OsStr, OsString};
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStringExt;
    use std::path::Component;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
    use rustix::fs::{
        fchmod, fstat, mkdirat, open, openat, readlinkat, renameat, statat, unlinkat,
    };
    use rustix::io::Errno;

    use super::*;

    /// How many links are followed on the way to one file.
    const MAX_LINKS: usize = 40;

    /// How often something is tried again that somebody exchanged meanwhile.
    const MAX_TRIES: usize = 16;

    #[cfg(target_os = "linux")]
    const PASSED: OFlags = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    const PASSED: OFlags = OFlags::empty();

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
            let fail =
                |error: Errno| DestinationError::Io { path: path.into(), error: error.into() };
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
            let io_fault =
                |error: io::Error| DestinationError::Io { path: self.path.clone(), error };
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
                return Err(DestinationError::Kind {
                    path: self.path.clone(),
                    what: "something else",
                });
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

        fn write(
            &self,
            content: &[u8],
            new: Mode,
            kept: Option<Mode>,
        ) -> Result<(), DestinationError> {
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
                let flags = OFlags::WRONLY
                    | OFlags::CREATE
                    | OFlags::EXCL
                    | OFlags::NOFOLLOW
                    | OFlags::CLOEXEC;
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
            let fail =
                |error: Errno| DestinationError::Io { path: path.into(), error: error.into() };
            let mut walk = Walk::begin(path, territory).map_err(fail)?;
            match walk.advance() {
                Ok(None) => return Ok(walk.real),
                Ok(Some(name)) => walk.missing.push(name),
                Err(DestinationError::Io { error, .. })
                    if error.kind() == io::ErrorKind::NotFound => {}
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

    /// On the way along a path.
    struct Walk<'a> {
        path: &'a Path,
        territory: &'a Territory,
        directory: OwnedFd,
        real: PathBuf,
        /// The names that are still to come, the next one last.
        rest: Vec<OsString>,
        /// A name that is not there, where the walk has ended.
        missing: Vec<OsString>,
        links: usize,
    }

    impl<'a> Walk<'a> {
        fn begin(path: &'a Path, territory: &'a Territory) -> Result<Self, Errno> {
            let mut walk = Self {
                path,
                territory,
                directory: open("/", PASSED | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?,
                real: "/".into(),
                rest: Vec::new(),
                missing: Vec::new(),
                links: 0,
            };
            walk.push(path);
            // Only a directory can be meant.
            let text = path.as_os_str().as_encoded_bytes();
            if text.ends_with(b"/") {
                walk.rest.insert(0, ".".into());
            }
            Ok(walk)
        }

        fn push(&mut self, path: &Path) {
            let names = path.components().filter_map(|component| match component {
                Component::Normal(name) => Some(name.to_owned()),
                Component::ParentDir => Some("..".into()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
            });
            let names: Vec<OsString> = names.collect();
            self.rest.extend(names.into_iter().rev());
        }

        fn io(&self, error: Errno) -> DestinationError {
            DestinationError::Io { path: self.path.into(), error: error.into() }
        }

        /// What a name in the directory is, if there is something.
        fn look(&self, name: &OsStr) -> Result<Option<Stat>, Errno> {
            match statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => Ok(Some(found)),
                Err(Errno::NOENT) => Ok(None),
                Err(error) => Err(error),
            }
        }

        /// Goes on to the last name that is not a directory's; none where the whole path is one's.
        fn advance(&mut self) -> Result<Option<OsString>, DestinationError> {
            while let Some(name) = self.rest.pop() {
                let found = self.look(&name).map_err(|error| self.io(error))?;
                let kind = found.as_ref().map(|found| FileType::from_raw_mode(found.st_mode));
                match kind {
                    Some(FileType::Symlink) => {
                        let found = found.as_ref().map_or(u32::MAX, |found| found.st_uid);
                        if self.is_open_file() && self.rest.is_empty() {
                            return Ok(Some(name));
                        }
                        self.follow(&name, found)?;
                    }
                    Some(FileType::Directory) => {
                        self.enter(&name, OFlags::NOFOLLOW).map_err(|error| self.io(error))?;
                    }
                    None if !self.rest.is_empty() => {
                        self.missing.push(name);
                        return Err(self.io(Errno::NOENT));
                    }
                    Some(_) if !self.rest.is_empty() => return Err(self.io(Errno::NOTDIR)),
                    _ => return Ok(Some(name)),
                }
            }
            Ok(None)
        }

        fn is_directory(&self, name: &OsStr) -> bool {
            let kind = |found: Stat| FileType::from_raw_mode(found.st_mode);
            self.look(name).is_ok_and(|found| found.map(kind) == Some(FileType::Directory))
        }

        fn enter(&mut self, name: &OsStr, follow: OFlags) -> Result<(), Errno> {
            let flags = PASSED | OFlags::DIRECTORY | OFlags::CLOEXEC | follow;
            self.directory = openat(&self.directory, name, flags, Mode::empty())?;
            match name.to_str() {
                Some("..") => drop(self.real.pop()),
                Some(".") => {}
                _ => self.real.push(name),
            }
            Ok(())
        }

        /// Whether the directory is one of the kernel's, whose links are not text.
        #[cfg(target_os = "linux")]
        fn is_open_file(&self) -> bool {
            rustix::fs::fstatfs(self.directory.as_fd())
                .is_ok_and(|system| system.f_type == rustix::fs::PROC_SUPER_MAGIC)
                && self.real.ends_with("fd")
        }

        #[cfg(not(target_os = "linux"))]
        fn is_open_file(&self) -> bool {
            let _ = self.directory.as_fd();
            false
        }

        fn follow(&mut self, name: &OsStr, owner: u32) -> Result<(), DestinationError> {
            let own = rustix::process::geteuid().as_raw();
            let is_own = owner == own || owner == 0;
            if !is_own || self.territory.holds(&self.real) {
                let link = self.real.join(name);
                return Err(DestinationError::Link { path: self.path.into(), link });
            }
            self.links += 1;
            if self.links > MAX_LINKS {
                return Err(self.io(Errno::LOOP));
            }
            let target = readlinkat(&self.directory, name, Vec::new()).map_err(|e| self.io(e))?;
            let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
            if target.has_root() {
                let flags = PASSED | OFlags::DIRECTORY | OFlags::CLOEXEC;
                self.directory = open("/", flags, Mode::empty()).map_err(|error| self.io(error))?;
                self.real = "/".into();
            }
            self.push(&target);
            Ok(())
        }

        fn refuse_other_names(&self, found: &Stat) -> Result<(), DestinationError> {
            if found.st_nlink > 1 && self.territory.holds(&self.real) {
                return Err(DestinationError::HardLink { path: self.path.into() });
            }
            Ok(())
        }
    }
}

/// Without the calls of Unix: the path is looked at, and then used.
#[cfg(not(unix))]
mod elsewhere {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    #[derive(Debug)]
    pub(crate) struct Destination {
        path: PathBuf,
    }

    pub(crate) fn make_directory(path: &Path) -> Result<(), DestinationError> {
        let fail = |error| DestinationError::Io { path: path.into(), error };
        std::fs::create_dir_all(path).map_err(fail)
    }

    impl Destination {
        pub(crate) fn find(path: &Path, territory: &Territory) -> Result<Self, DestinationError> {
            for part in path.ancestors() {
                let is_link = part.symlink_metadata().is_ok_and(|found| found.is_symlink());
                if is_link && part.parent().is_some_and(|directory| territory.holds(directory)) {
                    return Err(DestinationError::Link { path: path.into(), link: part.into() });
                }
            }
            if path.is_dir() {
                return Err(DestinationError::Kind { path: path.into(), what: "a directory" });
            }
            Ok(Self { path: path.into() })
        }

        pub(crate) fn find_record(
            path: &Path,
            territory: &Territory,
        ) -> Result<Self, DestinationError> {
            Self::find(path, territory)
        }

        pub(crate) fn refuse_same(&self, other: &Self) -> Result<(), DestinationError> {
            if self.path == other.path {
                return Err(DestinationError::Twice { path: self.path.clone() });
            }
            Ok(())
        }

        pub(crate) fn append(&self, _: &Territory) -> Result<File, DestinationError> {
            let opened = File::options().append(true).create(true).open(&self.path);
            opened.map_err(|error| DestinationError::Io { path: self.path.clone(), error })
        }

        pub(crate) fn replace(&self, content: &[u8]) -> Result<(), DestinationError> {
            self.exchange(content)
                .map_err(|error| DestinationError::Io { path: self.path.clone(), error })
        }

        pub(crate) fn replace_private(&self, content: &[u8]) -> Result<(), DestinationError> {
            self.replace(content)
        }

        fn exchange(&self, content: &[u8]) -> io::Result<()> {
            let directory = self.path.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(content)?;
            file.persist(&self.path)?;
            Ok(())
        }

        pub(crate) fn directory(
            path: &Path,
            territory: &Territory,
        ) -> Result<PathBuf, DestinationError> {
            Self::find(&path.join("file"), territory)?;
            Ok(path.to_owned())
        }
    }
}

#[cfg(all(test, unix))]
#[path = "destination_tests.rs"]
mod tests;
