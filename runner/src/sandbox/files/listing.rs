//! Listings of directories: read from the system as the guest asks for them, so that they hold no more
//! than a buffer each however large the directory is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_primitives::fs::{DirEntry, FileType, ReadDir, read_base_dir};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorType, DirectoryEntry, DirectoryEntryStream, ErrorCode,
};

#[cfg(unix)]
use super::look::hash_of;
use super::real::real_path;
use super::{Handle, Layer, Virtual};
use crate::permission::{Access, Grants, Operation};

/// It stands in the table of handles in the place of wasmtime-wasi's own, which reads everything at once
/// and looks at each entry.
pub(super) enum Listing {
    Virtual(std::vec::IntoIter<(String, bool)>),
    Real(Real),
}

pub(super) struct Real {
    entries: ReadDir,
    /// The directory and the rules that say which entries are shown, unless all are.
    filter: Option<(PathBuf, Arc<Grants>)>,
    device: u64,
}

impl Layer<'_> {
    pub(super) fn list(&mut self, fd: &Handle) -> FsResult<Resource<DirectoryEntryStream>> {
        let listing = self.listing(fd)?;
        let pushed = self.below.table.push(listing)?;
        Ok(Resource::new_own(pushed.rep()))
    }

    /// Begins to read a directory.
    pub(super) fn listing(&self, fd: &Handle) -> FsResult<Listing> {
        Ok(match self.virtual_of(fd) {
            Some(Virtual(names)) => Listing::Virtual(self.files.opened.listed(names).into_iter()),
            None => {
                let dir = self.directory(fd)?;
                let is_free =
                    self.files.reads_all.contains(&fd.rep()) && !self.files.witness.wants_all();
                let filter = match is_free {
                    true => None,
                    false => {
                        let directory = real_path(&dir.dir)?;
                        self.may_see(Operation::List, &directory, true)?;
                        let rules = &self.files.opened.rules;
                        let is_filtered = !rules.reads_all_below(&directory);
                        is_filtered.then(|| (directory, Arc::clone(rules)))
                    }
                };
                let device = device(&dir.dir)?;
                Listing::Real(Real { entries: read_base_dir(&dir.dir)?, filter, device })
            }
        })
    }

    pub(super) fn next_entry(
        &mut self,
        stream: &Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.entries(stream)?.next()
    }

    /// The next entry with what [`hash`](Layer::hash) says of it; 0, where that would take a look at it.
    pub(in super::super) fn next_identified(
        &mut self,
        stream: &Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<(DirectoryEntry, u64)>> {
        self.entries(stream)?.next_identified()
    }

    fn entries(&mut self, stream: &Resource<DirectoryEntryStream>) -> FsResult<&mut Listing> {
        Ok(self.below.table.get_mut(&Resource::new_borrow(stream.rep()))?)
    }

    pub(super) fn drop_listing(
        &mut self,
        stream: &Resource<DirectoryEntryStream>,
    ) -> wasmtime::Result<()> {
        self.below.table.delete::<Listing>(Resource::new_own(stream.rep()))?;
        Ok(())
    }
}

impl Listing {
    pub(super) fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        match self {
            Self::Virtual(entries) => Ok(entries.next().map(virtual_entry)),
            Self::Real(real) => Ok(real.next()?.map(|(entry, _)| entry)),
        }
    }

    fn next_identified(&mut self) -> FsResult<Option<(DirectoryEntry, u64)>> {
        match self {
            Self::Virtual(entries) => Ok(entries.next().map(|entry| (virtual_entry(entry), 0))),
            Self::Real(real) => {
                let device = real.device;
                Ok(real.next()?.map(|(entry, found)| (entry, identity(&found, device))))
            }
        }
    }
}

impl Real {
    fn next(&mut self) -> FsResult<Option<(DirectoryEntry, DirEntry)>> {
        for entry in &mut self.entries {
            let entry = entry?;
            let Some(type_) = kind(&entry)? else { continue };
            if let Some((directory, rules)) = &self.filter
                && !is_shown(rules, &directory.join(entry.file_name()), type_)
            {
                continue;
            }
            let name =
                entry.file_name().into_string().map_err(|_| ErrorCode::IllegalByteSequence)?;
            return Ok(Some((DirectoryEntry { type_, name }, entry)));
        }
        Ok(None)
    }
}

fn virtual_entry((name, is_file): (String, bool)) -> DirectoryEntry {
    let type_ = match is_file {
        true => DescriptorType::RegularFile,
        false => DescriptorType::Directory,
    };
    DirectoryEntry { type_, name }
}

#[cfg(unix)]
fn device(directory: &File) -> std::io::Result<u64> {
    Ok(std::os::unix::fs::MetadataExt::dev(&directory.metadata()?))
}

#[cfg(unix)]
fn identity(entry: &DirEntry, device: u64) -> u64 {
    hash_of((device, std::os::unix::fs::DirEntryExt::ino(entry)))
}

#[cfg(not(unix))]
fn device(_: &File) -> std::io::Result<u64> {
    Ok(0)
}

#[cfg(not(unix))]
fn identity(_: &DirEntry, _: u64) -> u64 {
    0
}

fn is_shown(rules: &Grants, path: &Path, kind: DescriptorType) -> bool {
    rules.check_path(path, Access::Read).allowed
        || kind == DescriptorType::Directory && rules.check_directory(path).allowed
}

/// The kind of an entry; nothing, where it has gone.
fn kind(entry: &DirEntry) -> FsResult<Option<DescriptorType>> {
    let told = kind_of(entry.file_type()?);
    if told != DescriptorType::Unknown {
        return Ok(Some(told));
    }
    // Some file systems do not tell it along with the name.
    match entry.metadata() {
        Ok(metadata) => Ok(Some(kind_of(metadata.file_type()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn kind_of(found: FileType) -> DescriptorType {
    if found.is_dir() {
        DescriptorType::Directory
    } else if found.is_file() {
        DescriptorType::RegularFile
    } else if found.is_symlink() {
        DescriptorType::SymbolicLink
    } else {
        DescriptorType::Unknown
    }
}
