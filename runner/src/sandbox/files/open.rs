//! Opening files and directories.

use std::fs::File as OsFile;
use std::io;
use std::path::Path;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_primitives::fs::{OpenOptions, open};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, OpenMode};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

use super::decide::{HARD_LINK, SPECIAL};
use super::look::is_missing;
use super::opened::Meaning;
use super::place::{Last, MAX_LINKS, Pinned, Place, too_many_links};
use super::{Handle, Layer};
use crate::permission::{Access, Operation};

/// What a guest wants of what it opens.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    follow: bool,
    create: bool,
    exclusive: bool,
    truncate: bool,
    directory: bool,
    read: bool,
    write: bool,
    /// Of a directory, that its entries are to be changed.
    mutate: bool,
}

impl Wish {
    pub(super) fn new(path: PathFlags, open: OpenFlags, mode: DescriptorFlags) -> FsResult<Self> {
        let synchronized = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if mode.intersects(synchronized) {
            return Err(ErrorCode::Unsupported.into());
        }
        let changes = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if open.contains(OpenFlags::DIRECTORY) && open.intersects(changes) {
            return Err(ErrorCode::Invalid.into());
        }
        let write = mode.contains(DescriptorFlags::WRITE);
        Ok(Self {
            follow: path.contains(PathFlags::SYMLINK_FOLLOW),
            create: open.contains(OpenFlags::CREATE),
            exclusive: open.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE),
            truncate: open.contains(OpenFlags::TRUNCATE),
            directory: open.contains(OpenFlags::DIRECTORY),
            read: mode.contains(DescriptorFlags::READ) || !write,
            write,
            mutate: mode.contains(DescriptorFlags::MUTATE_DIRECTORY),
        })
    }

    /// Whether a file that is there will be changed, or can be.
    fn changes(self) -> bool {
        self.write || self.truncate
    }

    fn operation(self) -> Operation {
        match self {
            Self { create: true, .. } => Operation::Create,
            _ if self.changes() => Operation::Write,
            _ => Operation::Read,
        }
    }

    /// Never through a link, never waiting for the other end of a pipe, and without cutting anything
    /// before it is known what was opened.
    fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(self.read).write(self.changes());
        options.follow(FollowSymlinks::No).nonblock(true);
        options
    }
}

impl Layer<'_> {
    pub(super) async fn open(&mut self, fd: &Handle, path: &str, wish: Wish) -> FsResult<Handle> {
        let (place, name) = match self.meaning(fd, path)? {
            Meaning::Below(place, name) => (place, name),
            Meaning::Virtual(_) if wish.create || wish.changes() => {
                return Err(ErrorCode::IsDirectory.into());
            }
            Meaning::Virtual(names) => return Ok(self.push_virtual(names)?),
            Meaning::Outside(host) => return Err(self.denied(wish.operation(), &host)),
            Meaning::Escape(host) => return Err(self.escape(wish.operation(), &host)),
        };
        let reads_all = place.reads_all;
        let descriptor = self.open_place(place, wish).await?;
        let is_directory = matches!(descriptor, Descriptor::Dir(_));
        let handle = self.below.table.push(descriptor)?;
        if reads_all && is_directory {
            self.files.reads_all.insert(handle.rep());
        }
        if let Some(name) = name.filter(|name| self.files.opened.leads_to_mounts(name)) {
            self.files.names.insert(handle.rep(), name);
        }
        Ok(handle)
    }

    /// Looks, decides, and opens; again where somebody changed in between what was there.
    async fn open_place(&mut self, mut place: Place, wish: Wish) -> FsResult<Descriptor> {
        for _ in 0..MAX_LINKS {
            let pinned = self.pin(wish.operation(), &place, Last::Followed)?;
            let stat = self.stat_of(&pinned).await;
            let opened = match stat {
                Ok(stat) if stat.type_ == DescriptorType::SymbolicLink => {
                    if wish.follow && !wish.exclusive {
                        place = self.follow(wish.operation(), &place, &pinned)?;
                        continue;
                    }
                    self.may_see(wish.operation(), &pinned.path()?, false)?;
                    return Err(match wish.exclusive {
                        true => ErrorCode::Exist.into(),
                        false => too_many_links(),
                    });
                }
                Ok(stat) => self.open_existing(&place, &pinned, &stat, wish)?,
                stat if is_missing(&stat) && wish.create => match place.directory {
                    true => return Err(ErrorCode::IsDirectory.into()),
                    false => self.open_new(&pinned, wish)?,
                },
                Err(error) => {
                    if !self.is_free(&place) {
                        self.may_see(wish.operation(), &pinned.path()?, true)?;
                    }
                    return Err(error);
                }
            };
            if let Some(descriptor) = opened {
                return Ok(descriptor);
            }
        }
        Err(too_many_links())
    }

    /// Nothing, where it is no longer there, or no longer what was looked at.
    fn open_existing(
        &mut self,
        place: &Place,
        pinned: &Pinned,
        stat: &DescriptorStat,
        wish: Wish,
    ) -> FsResult<Option<Descriptor>> {
        let is_free = self.is_free(place);
        match stat.type_ {
            DescriptorType::Directory => {
                if !is_free {
                    self.may_see(Operation::Read, &pinned.path()?, true)?;
                }
                return match wish.create || wish.changes() {
                    true => Err(ErrorCode::IsDirectory.into()),
                    false => open_directory(pinned, wish.mutate),
                };
            }
            DescriptorType::RegularFile => {}
            _ => return Err(self.refused(wish.operation(), &pinned.path()?, SPECIAL)),
        }
        if wish.read && !is_free {
            self.may(Operation::Read, &pinned.path()?, Access::Read)?;
        }
        if wish.changes() {
            self.may(Operation::Write, &pinned.path()?, Access::Write)?;
        }
        if wish.exclusive {
            return Err(ErrorCode::Exist.into());
        }
        if wish.changes() {
            self.refuse_other_names(&pinned.path()?, stat)?;
        }
        if wish.directory {
            return Err(ErrorCode::NotDirectory.into());
        }
        let opened = open(&pinned.dir.dir, Path::new(&pinned.name()), &wish.options());
        let Some(file) = unless_changed(opened)? else { return Ok(None) };
        // It may have been swapped between the look and the opening.
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(self.refused(wish.operation(), &pinned.path()?, SPECIAL));
        }
        if wish.changes() && has_other_names(&metadata) {
            return Err(self.refused(Operation::Write, &pinned.path()?, HARD_LINK));
        }
        if wish.truncate {
            file.set_len(0)?;
        }
        Ok(Some(descriptor(file, wish)))
    }

    fn open_new(&mut self, pinned: &Pinned, wish: Wish) -> FsResult<Option<Descriptor>> {
        let path = pinned.path()?;
        self.may(Operation::Create, &path, Access::Write)?;
        if wish.read {
            self.may(Operation::Read, &path, Access::Read)?;
        }
        self.files.created.check()?;
        let mut options = wish.options();
        options.write(true).create_new(true);
        match open(&pinned.dir.dir, Path::new(&pinned.name()), &options) {
            Ok(file) => {
                self.files.created.count();
                // As wasmtime-wasi has it: what a guest has made, it may write.
                Ok(Some(descriptor(file, Wish { write: true, ..wish })))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !wish.exclusive => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn open_directory(pinned: &Pinned, mutate: bool) -> FsResult<Option<Descriptor>> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let opened = open(&pinned.dir.dir, Path::new(&pinned.name()), &options);
    let Some(file) = unless_changed(opened)? else { return Ok(None) };
    if !file.metadata()?.is_dir() {
        return Ok(None);
    }
    // That is what the guest is told of it; what may be changed is asked for each change.
    let mut mode = OpenMode::READ;
    mode.set(OpenMode::WRITE, mutate && pinned.dir.perms == FsPerms::ReadWrite);
    Ok(Some(Descriptor::Dir(Dir::new(file, pinned.dir.perms, mode, true))))
}

/// Nothing, where what was there has gone, or a link or a pipe has come in its place.
fn unless_changed(opened: io::Result<OsFile>) -> FsResult<Option<OsFile>> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        #[cfg(unix)]
        Err(error)
            if [rustix::io::Errno::LOOP, rustix::io::Errno::NXIO]
                .iter()
                .any(|number| error.raw_os_error() == Some(number.raw_os_error())) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn descriptor(file: OsFile, wish: Wish) -> Descriptor {
    let mut mode = OpenMode::empty();
    mode.set(OpenMode::READ, wish.read);
    mode.set(OpenMode::WRITE, wish.changes());
    let perms = match wish.changes() {
        true => FsPerms::ReadWrite,
        false => FsPerms::ReadOnly,
    };
    Descriptor::File(File::new(file, perms, mode, true))
}

#[cfg(unix)]
pub(super) fn has_other_names(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

/// Elsewhere it was looked at once, before the opening.
#[cfg(not(unix))]
pub(super) fn has_other_names(_: &std::fs::Metadata) -> bool {
    false
}
