//! Operations that change what a path names.

use std::fs::File as OsFile;
use std::io;
use std::path::Path;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_primitives::fs::{OpenOptions, hard_link, open, rename};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, OpenMode};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, HostDescriptor, NewTimestamp, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::decide::{HARD_LINK, LINK_OUT, SPECIAL};
use super::look::{Found, is_type};
use super::open::has_other_names;
use super::opened::Meaning;
use super::place::{Last, Pinned, Place};
use super::real::real_path;
use super::{Handle, Layer};
use crate::permission::{Access, Operation};

/// Which of the operations on one name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    CreateDirectory,
    RemoveDirectory,
    RemoveFile,
}

impl Change {
    fn operation(self) -> Operation {
        match self {
            Self::CreateDirectory => Operation::Create,
            Self::RemoveDirectory | Self::RemoveFile => Operation::Remove,
        }
    }

    /// The error where the path is a directory's own: `.`, `..`, or a mount.
    fn of_itself(self, path: &str) -> ErrorCode {
        match self {
            Self::CreateDirectory => ErrorCode::Exist,
            Self::RemoveDirectory if path.ends_with('.') => ErrorCode::Invalid,
            Self::RemoveDirectory => ErrorCode::Busy,
            Self::RemoveFile => ErrorCode::IsDirectory,
        }
    }
}

impl Layer<'_> {
    /// The pinned place of a name that is to be made, removed or replaced. `itself` is the error for a
    /// mount, which stays where it is, and for `.` and `..`, which are no names that a directory could
    /// lose or get.
    fn name_to_change(
        &self,
        operation: Operation,
        fd: &Handle,
        path: &str,
        itself: ErrorCode,
    ) -> FsResult<(Place, Pinned)> {
        let place = match self.meaning(fd, path)? {
            Meaning::Below(place, None) => place,
            Meaning::Below(_, Some(_)) => return Err(itself.into()),
            // It is there, and to make it again is no change: `mkdir -p` goes on.
            Meaning::Virtual(_) if itself == ErrorCode::Exist => return Err(itself.into()),
            Meaning::Virtual(names) => {
                let host = self.files.opened.host_of_virtual(&names);
                return Err(self.denied(operation, &host));
            }
            Meaning::Outside(host) => return Err(self.denied(operation, &host)),
            Meaning::Escape(host) => return Err(self.escape(operation, &host)),
        };
        let pinned = self.pin(operation, &place, Last::Named)?;
        self.may(operation, &pinned.path()?, Access::Write)?;
        if pinned.is_open() {
            return Err(itself.into());
        }
        Ok((place, pinned))
    }

    pub(super) async fn change(&mut self, change: Change, fd: &Handle, path: &str) -> FsResult<()> {
        let itself = change.of_itself(path);
        let (place, pinned) = self.name_to_change(change.operation(), fd, path, itself)?;
        if change == Change::RemoveFile && place.directory {
            return Err(match self.stat_of(&pinned).await?.type_ {
                DescriptorType::Directory => ErrorCode::IsDirectory.into(),
                _ => ErrorCode::NotDirectory.into(),
            });
        }
        if change == Change::CreateDirectory {
            self.files.created.check()?;
        }
        let lent = self.lend(pinned.writable())?;
        let (handle, name) = (Self::lent(&lent), pinned.name());
        let changed = match change {
            Change::CreateDirectory => self.lender().create_directory_at(handle, name).await,
            Change::RemoveDirectory => self.lender().remove_directory_at(handle, name).await,
            Change::RemoveFile => self.lender().unlink_file_at(handle, name).await,
        };
        self.take_back(lent)?;
        if changed.is_ok() && change == Change::CreateDirectory {
            self.files.created.count();
        }
        changed
    }

    pub(super) async fn make_symlink(
        &mut self,
        fd: &Handle,
        target: String,
        path: &str,
    ) -> FsResult<()> {
        let exist = ErrorCode::Exist;
        let (place, pinned) = self.name_to_change(Operation::Create, fd, path, exist)?;
        if place.directory {
            return Err(ErrorCode::NoEntry.into());
        }
        if self.leads_out(&pinned, Path::new(&target))? {
            return Err(self.refused(Operation::Create, &pinned.path()?, LINK_OUT));
        }
        self.refuse_way(Operation::Create, &pinned)?;
        self.files.created.check()?;
        let lent = self.lend(pinned.writable())?;
        let (handle, name) = (Self::lent(&lent), pinned.name());
        let made = self.lender().symlink_at(handle, target, name).await;
        self.take_back(lent)?;
        if made.is_ok() {
            self.files.created.count();
        }
        made
    }

    /// Gives a file another name. It must be one that the guest may write: else it could write, by its
    /// new name, what it may only read.
    pub(super) async fn make_hard_link(
        &mut self,
        flags: PathFlags,
        (fd, from): (&Handle, &str),
        (to_fd, to): (&Handle, &str),
    ) -> FsResult<()> {
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(ErrorCode::Invalid.into());
        }
        let (directory, exist) = (ErrorCode::NotPermitted, ErrorCode::Exist);
        let (from, source) = self.name_to_change(Operation::Write, fd, from, directory)?;
        let (place, target) = self.name_to_change(Operation::Create, to_fd, to, exist)?;
        if place.directory {
            return Err(ErrorCode::NoEntry.into());
        }
        if from.directory {
            return Err(ErrorCode::NotDirectory.into());
        }
        let stat = self.stat_of(&source).await?;
        match stat.type_ {
            DescriptorType::SymbolicLink if self.would_lead_out(&source, &target)? => {
                return Err(self.refused(Operation::Create, &target.path()?, LINK_OUT));
            }
            DescriptorType::SymbolicLink => self.refuse_way(Operation::Create, &target)?,
            DescriptorType::RegularFile => {}
            DescriptorType::Directory => return Err(ErrorCode::NotPermitted.into()),
            _ => return Err(self.refused(Operation::Write, &source.path()?, SPECIAL)),
        }
        self.files.created.check()?;
        hard_link(
            &source.dir.dir,
            Path::new(&source.name()),
            &target.dir.dir,
            Path::new(&target.name()),
        )
        .map_err(moved_across)?;
        self.files.created.count();
        Ok(())
    }

    pub(super) async fn rename(
        &mut self,
        (fd, from): (&Handle, &str),
        (to_fd, to): (&Handle, &str),
    ) -> FsResult<()> {
        let busy = ErrorCode::Busy;
        let (place, source) = self.name_to_change(Operation::Rename, fd, from, busy)?;
        let (to_place, target) = self.name_to_change(Operation::Rename, to_fd, to, busy)?;
        let stat = self.stat_of(&source).await;
        let is_directory = is_type(&stat, DescriptorType::Directory);
        let is_link = is_type(&stat, DescriptorType::SymbolicLink);
        stat?;
        if is_link && self.would_lead_out(&source, &target)? {
            return Err(self.refused(Operation::Rename, &target.path()?, LINK_OUT));
        }
        if (place.directory || to_place.directory) && !is_directory {
            return Err(ErrorCode::NotDirectory.into());
        }
        if is_link {
            self.refuse_way(Operation::Rename, &target)?;
        }
        if is_directory {
            for path in [source.path()?, target.path()?] {
                let ruling = self.files.opened.rules.check_move(&path);
                if !ruling.allowed {
                    self.tell(&ruling, Operation::Rename, &path);
                    // Then tools copy what they may, file by file.
                    return Err(ErrorCode::CrossDevice.into());
                }
            }
        }
        rename(
            &source.dir.dir,
            Path::new(&source.name()),
            &target.dir.dir,
            Path::new(&target.name()),
        )
        .map_err(moved_across)
    }

    pub(super) async fn set_times_of(
        &mut self,
        fd: &Handle,
        flags: PathFlags,
        path: &str,
        times: (NewTimestamp, NewTimestamp),
    ) -> FsResult<()> {
        let (pinned, stat) = match self.see(Operation::Write, fd, flags, path).await? {
            Found::Real(pinned, stat) => (pinned, stat),
            Found::Virtual(names) => {
                let host = self.files.opened.host_of_virtual(&names);
                return Err(self.denied(Operation::Write, &host));
            }
        };
        self.may(Operation::Write, &pinned.path()?, Access::Write)?;
        let stat = stat?;
        self.refuse_other_names(&pinned.path()?, &stat)?;
        // The OS sandbox allows times to be set of open files only, and a symlink cannot be opened.
        if stat.type_ == DescriptorType::SymbolicLink {
            return Err(ErrorCode::Unsupported.into());
        }
        let file = open_for_times(&pinned)?;
        // It may have been swapped between the look and the opening.
        let metadata = file.metadata()?;
        let opened = if metadata.is_dir() {
            Descriptor::Dir(Dir::new(file, FsPerms::ReadWrite, OpenMode::READ, true))
        } else if !metadata.is_file() {
            return Err(self.refused(Operation::Write, &pinned.path()?, SPECIAL));
        } else if has_other_names(&metadata) {
            return Err(self.refused(Operation::Write, &pinned.path()?, HARD_LINK));
        } else {
            Descriptor::File(File::new(file, FsPerms::ReadWrite, OpenMode::WRITE, true))
        };
        self.set_times_of_open(opened, times).await
    }

    /// Sets the times of what is open.
    pub(super) async fn set_times_of_open(
        &mut self,
        opened: Descriptor,
        (accessed, modified): (NewTimestamp, NewTimestamp),
    ) -> FsResult<()> {
        let lent = self.files.lent.push(opened)?;
        let set = self.lender().set_times(Self::lent(&lent), accessed, modified).await;
        self.take_back(lent)?;
        set
    }

    /// Sets the times of what the guest has open.
    pub(super) async fn set_times_of_handle(
        &mut self,
        fd: &Handle,
        times: (NewTimestamp, NewTimestamp),
    ) -> FsResult<()> {
        self.real(fd, ErrorCode::Access)?;
        // Who opened a file to read it may set its times, where it may be written.
        let mut descriptor = self.below.table.get(fd)?.clone();
        let path = match &mut descriptor {
            Descriptor::File(file) => {
                file.perms = FsPerms::ReadWrite;
                real_path(&file.file)?
            }
            Descriptor::Dir(dir) => {
                dir.perms = FsPerms::ReadWrite;
                real_path(&dir.dir)?
            }
        };
        self.may(Operation::Write, &path, Access::Write)?;
        let stat = self.below.stat(Self::lent(fd)).await?;
        self.refuse_other_names(&path, &stat)?;
        self.set_times_of_open(descriptor, times).await
    }

    /// Refuses a link in the place of a directory that something protected would be found below.
    fn refuse_way(&self, operation: Operation, link: &Pinned) -> FsResult<()> {
        let path = link.path()?;
        match self.files.opened.rules.check_shelter(&path) {
            None => Ok(()),
            Some(ruling) => {
                self.tell(&ruling, operation, &path);
                Err(ErrorCode::NotPermitted.into())
            }
        }
    }

    /// Refuses to write a file that can also be one outside of the grants, and what is no file.
    pub(super) fn refuse_other_names(&self, path: &Path, stat: &DescriptorStat) -> FsResult<()> {
        match stat.type_ {
            DescriptorType::RegularFile if stat.link_count > 1 => {
                Err(self.refused(Operation::Write, path, HARD_LINK))
            }
            DescriptorType::RegularFile
            | DescriptorType::Directory
            | DescriptorType::SymbolicLink => Ok(()),
            _ => Err(self.refused(Operation::Write, path, SPECIAL)),
        }
    }
}

/// Opens a file or directory to set its times. Either kind of access will do: its mode may deny the other.
fn open_for_times(pinned: &Pinned) -> io::Result<OsFile> {
    let open = |set: fn(&mut OpenOptions) -> &mut OpenOptions| {
        let mut options = OpenOptions::new();
        set(&mut options).follow(FollowSymlinks::No).nonblock(true);
        open(&pinned.dir.dir, Path::new(&pinned.name()), &options)
    };
    open(|options| options.read(true)).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => open(|options| options.write(true)),
        _ => Err(error),
    })
}

/// The error of a system that cannot move a file between two file systems has no number with
/// wasmtime-wasi.
fn moved_across(error: io::Error) -> FsError {
    match error.kind() {
        io::ErrorKind::CrossesDevices => ErrorCode::CrossDevice.into(),
        _ => error.into(),
    }
}
