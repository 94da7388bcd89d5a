//! Opening what a path names.

use wasmtime_wasi::p1::types::{Errno, Fd, Fdflags, Lookupflags, Oflags, Rights, Size};
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorFlags, HostDescriptor};
use wiggle::GuestPtr;

use super::Result;
use super::descriptors::{Descriptor, Directory, File, Handle, again};
use super::memory::{Memory, path, slice_mut};
use crate::sandbox::guest::Guest;

/// A directory, and a path that is relative to it.
pub(super) fn place(
    guest: &mut Guest,
    memory: &Memory<'_>,
    fd: Fd,
    at: GuestPtr<str>,
) -> Result<(Handle, String)> {
    let handle = again(&guest.descriptors()?.directory(fd)?.handle);
    Ok((handle, path(memory, at)?))
}

/// How a guest wants to have it open.
pub(super) struct Mode {
    pub(super) lookup: Lookupflags,
    pub(super) open: Oflags,
    pub(super) rights: Rights,
    pub(super) flags: Fdflags,
}

impl Mode {
    fn access(&self) -> DescriptorFlags {
        let mut access = DescriptorFlags::empty();
        for (right, flag) in
            [(Rights::FD_READ, DescriptorFlags::READ), (Rights::FD_WRITE, DescriptorFlags::WRITE)]
        {
            if self.rights.contains(right) {
                access |= flag;
            }
        }
        for (asked, flag) in [
            (Fdflags::SYNC, DescriptorFlags::FILE_INTEGRITY_SYNC),
            (Fdflags::DSYNC, DescriptorFlags::DATA_INTEGRITY_SYNC),
            (Fdflags::RSYNC, DescriptorFlags::REQUESTED_WRITE_SYNC),
        ] {
            if self.flags.contains(asked) {
                access |= flag;
            }
        }
        access
    }
}

pub(super) async fn open(
    guest: &mut Guest,
    memory: &Memory<'_>,
    fd: Fd,
    at: GuestPtr<str>,
    mode: Mode,
) -> Result<Fd> {
    let path = path(memory, at)?;
    let directory = match guest.descriptors()?.get(fd)? {
        Descriptor::Directory(directory) => again(&directory.handle),
        Descriptor::File(_) => return Err(Errno::Notdir.into()),
        _ => return Err(Errno::Badf.into()),
    };
    let mut layer = guest.layered();
    let opened =
        layer.open_at(directory, mode.lookup.into(), path, mode.open.into(), mode.access()).await?;
    let descriptor = match layer.is_directory(&opened) {
        true => {
            Descriptor::Directory(Directory { handle: opened, is_preopened: false, listing: None })
        }
        false => Descriptor::File(File::new(opened, mode.flags)),
    };
    guest.descriptors()?.push(descriptor)
}

/// Writes where a link leads into a buffer, as much as fits.
pub(super) async fn read_link(
    guest: &mut Guest,
    memory: &mut Memory<'_>,
    fd: Fd,
    at: GuestPtr<str>,
    buffer: GuestPtr<[u8]>,
) -> Result<Size> {
    let (directory, path) = place(guest, memory, fd, at)?;
    let target = guest.layered().readlink_at(directory, path).await?;
    let buffer = slice_mut(memory, buffer)?;
    let length = target.len().min(buffer.len());
    buffer[..length].copy_from_slice(&target.as_bytes()[..length]);
    Ok(length.try_into()?)
}
