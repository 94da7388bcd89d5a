//! Listings, read from the system as the guest asks for them.

use wasmtime::component::Resource;
use wasmtime_wasi::p1::types::{Dircookie, Dirent, Error, Fd, Filetype, Size};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DirectoryEntryStream, HostDescriptor, HostDirectoryEntryStream,
};
use wiggle::{GuestPtr, GuestType};

use super::Result;
use super::descriptors::{Handle, again};
use super::memory::{Memory, slice_mut};
use super::status::file_type;
use crate::sandbox::guest::Guest;

/// How far a directory is listed. A cookie is the number of entries before: the guest mostly goes on where
/// it stopped; only if it goes back, the directory is read again from its beginning.
pub(super) struct Listing {
    /// None, when it was read to its end.
    stream: Option<Resource<DirectoryEntryStream>>,
    /// The number of the entry that is next.
    next: Dircookie,
    /// That entry, if it did not fit.
    held: Option<Entry>,
}

struct Entry {
    name: String,
    kind: Filetype,
    inode: u64,
}

/// `.` and `..` come first.
const DOTS: [&str; 2] = [".", ".."];

impl Listing {
    async fn begin(guest: &mut Guest, directory: &Handle) -> Result<Self> {
        let stream = guest.layered().read_directory(again(directory)).await?;
        Ok(Self { stream: Some(stream), next: 0, held: None })
    }

    pub(super) fn end(&mut self, guest: &mut Guest) -> wasmtime::Result<()> {
        match self.stream.take() {
            Some(stream) => HostDirectoryEntryStream::drop(&mut guest.layered(), stream),
            None => Ok(()),
        }
    }

    async fn entry(&mut self, guest: &mut Guest, directory: &Handle) -> Result<Option<Entry>> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        if let Some(name) = usize::try_from(self.next).ok().and_then(|next| DOTS.get(next)) {
            let inode = guest.layered().metadata_hash(again(directory)).await?.lower;
            return Ok(Some(Entry { name: (*name).to_owned(), kind: Filetype::Directory, inode }));
        }
        let Some(stream) = &self.stream else { return Ok(None) };
        let Some((entry, inode)) = guest.layered().next_identified(stream)? else {
            self.end(guest).map_err(Error::trap)?;
            return Ok(None);
        };
        Ok(Some(Entry { name: entry.name, kind: file_type(entry.type_), inode }))
    }

    /// Goes over the entries before one.
    async fn skip_to(
        &mut self,
        guest: &mut Guest,
        directory: &Handle,
        cookie: Dircookie,
    ) -> Result<()> {
        while self.next < cookie && self.entry(guest, directory).await?.is_some() {
            self.next += 1;
        }
        Ok(())
    }

    /// Fills a buffer with entries. The last one may be cut.
    async fn fill(
        &mut self,
        guest: &mut Guest,
        directory: &Handle,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let mut used = 0;
        while let Some(entry) = self.entry(guest, directory).await? {
            let bytes = entry.encoded(self.next + 1)?;
            let room = buffer.len() - used;
            let fitting = bytes.len().min(room);
            buffer[used..used + fitting].copy_from_slice(&bytes[..fitting]);
            used += fitting;
            if bytes.len() > room {
                self.held = Some(entry);
                break;
            }
            self.next += 1;
        }
        Ok(used)
    }
}

impl Entry {
    fn encoded(&self, next: Dircookie) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(Dirent::guest_size() as usize + self.name.len());
        bytes.extend(next.to_le_bytes());
        bytes.extend(self.inode.to_le_bytes());
        bytes.extend(u32::try_from(self.name.len())?.to_le_bytes());
        bytes.extend(u32::from(self.kind as u8).to_le_bytes());
        bytes.extend(self.name.as_bytes());
        Ok(bytes)
    }
}

pub(super) async fn list(
    guest: &mut Guest,
    memory: &mut Memory<'_>,
    fd: Fd,
    buffer: GuestPtr<[u8]>,
    cookie: Dircookie,
) -> Result<Size> {
    let buffer = slice_mut(memory, buffer)?;
    let directory = guest.descriptors()?.directory(fd)?;
    let (handle, listing) = (again(&directory.handle), directory.listing.take());
    // Who begins anew is shown what is new.
    let mut listing = match listing {
        Some(listing) if cookie > 0 && listing.next <= cookie => listing,
        other => {
            if let Some(mut old) = other {
                old.end(guest).map_err(Error::trap)?;
            }
            Listing::begin(guest, &handle).await?
        }
    };
    let skipped = listing.skip_to(guest, &handle, cookie).await;
    let used = match skipped {
        Ok(()) => listing.fill(guest, &handle, buffer).await,
        Err(error) => Err(error),
    };
    guest.descriptors()?.directory(fd)?.listing = Some(listing);
    Ok(used?.try_into()?)
}
