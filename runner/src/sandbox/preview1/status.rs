//! What a guest is told of what it has open, and of files.

use wasmtime_wasi::p1::types::{
    Errno, Fd, Fdflags, Fdstat, Filestat, Filetype, Fstflags, Rights, Timestamp,
};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, HostDescriptor, MetadataHashValue,
    NewTimestamp,
};

use super::Result;
use super::descriptors::{Descriptor, again};
use crate::sandbox::guest::Guest;

pub(super) fn file_type(kind: DescriptorType) -> Filetype {
    // Preview 1 has no word for some.
    Filetype::try_from(kind).unwrap_or(Filetype::Unknown)
}

pub(super) async fn of_descriptor(guest: &mut Guest, fd: Fd) -> Result<Fdstat> {
    let (handle, flags) = match guest.descriptors()?.get(fd)? {
        Descriptor::Input { is_terminal, .. } => {
            return Ok(of_stream(*is_terminal, Rights::FD_READ));
        }
        Descriptor::Output { is_terminal, .. } => {
            return Ok(of_stream(*is_terminal, Rights::FD_WRITE));
        }
        Descriptor::Directory(directory) if directory.is_preopened => return Ok(of_root()),
        Descriptor::Directory(directory) => (again(&directory.handle), Fdflags::empty()),
        Descriptor::File(file) => {
            let mut flags = Fdflags::empty();
            if file.append {
                flags |= Fdflags::APPEND;
            }
            if file.nonblocking {
                flags |= Fdflags::NONBLOCK;
            }
            (again(&file.handle), flags)
        }
    };
    let mut layer = guest.layered();
    let mode = layer.get_flags(again(&handle)).await?;
    let fs_filetype = file_type(layer.get_type(handle).await?);
    let mut rights = Rights::all();
    if fs_filetype == Filetype::Directory {
        rights &=
            !(Rights::FD_SEEK | Rights::FD_FILESTAT_SET_SIZE | Rights::PATH_FILESTAT_SET_SIZE);
    }
    if !mode.contains(DescriptorFlags::READ) {
        rights &= !(Rights::FD_READ | Rights::FD_READDIR);
    }
    if !mode.contains(DescriptorFlags::WRITE) {
        rights &= !Rights::FD_WRITE;
    }
    Ok(Fdstat {
        fs_filetype,
        fs_flags: flags,
        fs_rights_base: rights,
        fs_rights_inheriting: rights,
    })
}

fn stream_type(is_terminal: bool) -> Filetype {
    match is_terminal {
        true => Filetype::CharacterDevice,
        false => Filetype::Unknown,
    }
}

fn of_stream(is_terminal: bool, rights: Rights) -> Fdstat {
    Fdstat {
        fs_filetype: stream_type(is_terminal),
        fs_flags: Fdflags::empty(),
        fs_rights_base: rights,
        fs_rights_inheriting: rights,
    }
}

/// C libraries look whether `/` has these rights; what they come to is decided path by path.
fn of_root() -> Fdstat {
    let rights = Rights::PATH_CREATE_DIRECTORY
        | Rights::PATH_CREATE_FILE
        | Rights::PATH_LINK_SOURCE
        | Rights::PATH_LINK_TARGET
        | Rights::PATH_OPEN
        | Rights::FD_READDIR
        | Rights::PATH_READLINK
        | Rights::PATH_RENAME_SOURCE
        | Rights::PATH_RENAME_TARGET
        | Rights::PATH_SYMLINK
        | Rights::PATH_REMOVE_DIRECTORY
        | Rights::PATH_UNLINK_FILE
        | Rights::PATH_FILESTAT_GET
        | Rights::PATH_FILESTAT_SET_TIMES
        | Rights::FD_FILESTAT_GET
        | Rights::FD_FILESTAT_SET_TIMES;
    let of_files = Rights::FD_DATASYNC
        | Rights::FD_READ
        | Rights::FD_SEEK
        | Rights::FD_FDSTAT_SET_FLAGS
        | Rights::FD_SYNC
        | Rights::FD_TELL
        | Rights::FD_WRITE
        | Rights::FD_ADVISE
        | Rights::FD_ALLOCATE
        | Rights::FD_FILESTAT_SET_SIZE
        | Rights::POLL_FD_READWRITE;
    Fdstat {
        fs_filetype: Filetype::Directory,
        fs_flags: Fdflags::empty(),
        fs_rights_base: rights,
        fs_rights_inheriting: rights | of_files,
    }
}

pub(super) async fn of_open(guest: &mut Guest, fd: Fd) -> Result<Filestat> {
    let handle = match guest.descriptors()?.get(fd)? {
        Descriptor::Input { is_terminal, .. } | Descriptor::Output { is_terminal, .. } => {
            return Ok(Filestat {
                dev: 0,
                ino: 0,
                filetype: stream_type(*is_terminal),
                nlink: 0,
                size: 0,
                atim: 0,
                mtim: 0,
                ctim: 0,
            });
        }
        Descriptor::Directory(directory) => again(&directory.handle),
        Descriptor::File(file) => again(&file.handle),
    };
    let mut layer = guest.layered();
    let stat = layer.stat(again(&handle)).await?;
    of_file(&stat, &layer.metadata_hash(handle).await?)
}

pub(super) fn of_file(stat: &DescriptorStat, identity: &MetadataHashValue) -> Result<Filestat> {
    let time = |at: Option<Datetime>| match at {
        Some(at) => Timestamp::try_from(at),
        None => Ok(0),
    };
    Ok(Filestat {
        dev: 1,
        ino: identity.lower,
        filetype: file_type(stat.type_),
        nlink: stat.link_count,
        size: stat.size,
        atim: time(stat.data_access_timestamp)?,
        mtim: time(stat.data_modification_timestamp)?,
        ctim: time(stat.status_change_timestamp)?,
    })
}

/// What the times of access and of modification are to be set to.
pub(super) fn new_times(
    accessed: Timestamp,
    modified: Timestamp,
    flags: Fstflags,
) -> Result<(NewTimestamp, NewTimestamp)> {
    let new = |time: Timestamp, given, now| match (flags.contains(given), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(NewTimestamp::Timestamp(Datetime {
            seconds: time / 1_000_000_000,
            nanoseconds: (time % 1_000_000_000) as u32,
        })),
        (false, true) => Ok(NewTimestamp::Now),
        (false, false) => Ok(NewTimestamp::NoChange),
    };
    Ok((
        new(accessed, Fstflags::ATIM, Fstflags::ATIM_NOW)?,
        new(modified, Fstflags::MTIM, Fstflags::MTIM_NOW)?,
    ))
}
