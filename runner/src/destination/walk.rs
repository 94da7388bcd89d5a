//! The way along a path: each directory is opened, and no symlink of a project or of another user is followed.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, open, openat, readlinkat, statat};
use rustix::io::Errno;

use super::{DestinationError, Territory};

/// How many links are followed on the way to one file.
const MAX_LINKS: usize = 40;

#[cfg(target_os = "linux")]
const PASSED: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const PASSED: OFlags = OFlags::empty();

/// On the way along a path.
pub(super) struct Walk<'a> {
    pub(super) path: &'a Path,
    pub(super) territory: &'a Territory,
    pub(super) directory: OwnedFd,
    pub(super) real: PathBuf,
    /// The names that are still to come, the next one last.
    pub(super) rest: Vec<OsString>,
    /// A name that is not there, where the walk has ended.
    pub(super) missing: Vec<OsString>,
    links: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(path: &'a Path, territory: &'a Territory) -> Result<Self, Errno> {
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
    pub(super) fn look(&self, name: &OsStr) -> Result<Option<Stat>, Errno> {
        match statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Goes on to the last name that is not a directory's; none where the whole path is one's.
    pub(super) fn advance(&mut self) -> Result<Option<OsString>, DestinationError> {
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

    pub(super) fn is_directory(&self, name: &OsStr) -> bool {
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
    pub(super) fn is_open_file(&self) -> bool {
        rustix::fs::fstatfs(self.directory.as_fd())
            .is_ok_and(|system| system.f_type == rustix::fs::PROC_SUPER_MAGIC)
            && self.real.ends_with("fd")
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn is_open_file(&self) -> bool {
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

    pub(super) fn refuse_other_names(&self, found: &Stat) -> Result<(), DestinationError> {
        if found.st_nlink > 1 && self.territory.holds(&self.real) {
            return Err(DestinationError::HardLink { path: self.path.into() });
        }
        Ok(())
    }
}
