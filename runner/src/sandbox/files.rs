//! One layer over wasmtime-wasi's file system: it makes a mount of a single file out of a directory.
//!
//! WASI preopens directories only. A mount of one file is its parent directory, preopened under the
//! guest's name of the *file*: opened relative to it, the file's path is empty or `.`, which this layer
//! replaces by the file's name, and every other path is refused. What is no such mount passes through.

use std::collections::HashMap;

use wasmtime::component::{HasData, Linker, Resource, ResourceTableError};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::guest::Guest;
use super::opened::Opened;

/// Which of a guest's handles stand for one file.
pub(super) struct Files {
    /// The names of the files, by the guest's names of the mounts.
    single: HashMap<String, String>,
    /// The same, by the handles that the guest got.
    handles: HashMap<u32, String>,
    /// How many listings of directories are open.
    listings: usize,
}

/// The most listings of directories that are open at once: wasmtime-wasi holds all entries of each in the
/// memory of the host.
const MAX_LISTINGS: usize = 64;

impl Files {
    /// Hands the directories to a guest.
    pub(super) fn new(opened: &Opened, filesystem: &mut WasiFilesystemCtx) -> Self {
        filesystem.clone_from(&opened.directories);
        Self { single: opened.single.clone(), handles: HashMap::new(), listings: 0 }
    }
}

/// Puts this layer in the place of wasmtime-wasi's own.
pub(super) fn add_preopens_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    preopens::add_to_linker::<_, Layered>(linker, Guest::layered)
}

/// The same for what is done with directories and files.
pub(super) fn add_types_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, Layered>(linker, Guest::layered)
}

struct Layered;

impl HasData for Layered {
    type Data<'a> = Layer<'a>;
}

impl Guest {
    fn layered(&mut self) -> Layer<'_> {
        let Self { wasi, table, files, .. } = self;
        Layer { below: WasiFilesystemCtxView { ctx: wasi.filesystem(), table }, files }
    }
}

pub(super) struct Layer<'a> {
    below: WasiFilesystemCtxView<'a>,
    files: &'a mut Files,
}

type Handle = Resource<Descriptor>;

impl Layer<'_> {
    /// What a path below a handle means, and how links in it are treated: below a single file there is
    /// only the file, and no link in its place is followed.
    fn resolve(
        &self,
        fd: &Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<(PathFlags, String)> {
        match self.files.handles.get(&fd.rep()) {
            None => Ok((flags, path)),
            Some(name) if matches!(path.as_str(), "" | "." | "./") => {
                Ok((PathFlags::empty(), name.clone()))
            }
            Some(_) => Err(ErrorCode::NotPermitted.into()),
        }
    }

    /// Lets only directories pass.
    fn directory(&self, fd: &Handle) -> FsResult<()> {
        if self.files.handles.contains_key(&fd.rep()) {
            return Err(ErrorCode::NotPermitted.into());
        }
        Ok(())
    }
}

impl preopens::Host for Layer<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Handle, String)>> {
        let directories = preopens::Host::get_directories(&mut self.below)?;
        for (handle, guest) in &directories {
            if let Some(name) = self.files.single.get(guest) {
                self.files.handles.insert(handle.rep(), name.clone());
            }
        }
        Ok(directories)
    }
}

impl types::Host for Layer<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.below.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.below.filesystem_error_code(error)
    }
}

impl HostDescriptor for Layer<'_> {
    async fn open_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
        open: OpenFlags,
        mode: DescriptorFlags,
    ) -> FsResult<Handle> {
        let (flags, path) = self.resolve(&fd, flags, path)?;
        self.below.open_at(fd, flags, path, open, mode).await
    }

    async fn stat_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let (flags, path) = self.resolve(&fd, flags, path)?;
        self.below.stat_at(fd, flags, path).await
    }

    async fn set_times_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let (flags, path) = self.resolve(&fd, flags, path)?;
        self.below.set_times_at(fd, flags, path, accessed, modified).await
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let (flags, path) = self.resolve(&fd, flags, path)?;
        self.below.metadata_hash_at(fd, flags, path).await
    }

    async fn unlink_file_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        let (_, path) = self.resolve(&fd, PathFlags::empty(), path)?;
        self.below.unlink_file_at(fd, path).await
    }

    async fn readlink_at(&mut self, fd: Handle, path: String) -> FsResult<String> {
        self.directory(&fd)?;
        self.below.readlink_at(fd, path).await
    }

    async fn create_directory_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        self.directory(&fd)?;
        self.below.create_directory_at(fd, path).await
    }

    async fn remove_directory_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        self.directory(&fd)?;
        self.below.remove_directory_at(fd, path).await
    }

    async fn rename_at(
        &mut self,
        fd: Handle,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FsResult<()> {
        self.directory(&fd)?;
        self.directory(&to_fd)?;
        self.below.rename_at(fd, from, to_fd, to).await
    }

    async fn link_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FsResult<()> {
        self.directory(&fd)?;
        self.directory(&to_fd)?;
        self.below.link_at(fd, flags, from, to_fd, to).await
    }

    async fn symlink_at(&mut self, fd: Handle, from: String, to: String) -> FsResult<()> {
        self.directory(&fd)?;
        self.below.symlink_at(fd, from, to).await
    }

    async fn read_directory(&mut self, fd: Handle) -> FsResult<Resource<DirectoryEntryStream>> {
        self.directory(&fd)?;
        if self.files.listings >= MAX_LISTINGS {
            return Err(FsError::trap(ResourceTableError::Full));
        }
        let listing = self.below.read_directory(fd).await?;
        self.files.listings += 1;
        Ok(listing)
    }

    async fn set_times(
        &mut self,
        fd: Handle,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        self.directory(&fd)?;
        self.below.set_times(fd, accessed, modified).await
    }

    async fn advise(
        &mut self,
        fd: Handle,
        offset: Filesize,
        len: Filesize,
        advice: Advice,
    ) -> FsResult<()> {
        self.below.advise(fd, offset, len, advice).await
    }

    async fn sync(&mut self, fd: Handle) -> FsResult<()> {
        self.below.sync(fd).await
    }

    async fn sync_data(&mut self, fd: Handle) -> FsResult<()> {
        self.below.sync_data(fd).await
    }

    async fn get_flags(&mut self, fd: Handle) -> FsResult<DescriptorFlags> {
        self.below.get_flags(fd).await
    }

    async fn get_type(&mut self, fd: Handle) -> FsResult<DescriptorType> {
        self.below.get_type(fd).await
    }

    async fn set_size(&mut self, fd: Handle, size: Filesize) -> FsResult<()> {
        self.below.set_size(fd, size).await
    }

    async fn read(
        &mut self,
        fd: Handle,
        len: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.below.read(fd, len, offset).await
    }

    async fn write(&mut self, fd: Handle, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        self.below.write(fd, bytes, offset).await
    }

    async fn stat(&mut self, fd: Handle) -> FsResult<DescriptorStat> {
        self.directory(&fd)?;
        self.below.stat(fd).await
    }

    async fn is_same_object(&mut self, a: Handle, b: Handle) -> wasmtime::Result<bool> {
        self.below.is_same_object(a, b).await
    }

    async fn metadata_hash(&mut self, fd: Handle) -> FsResult<MetadataHashValue> {
        self.below.metadata_hash(fd).await
    }

    fn read_via_stream(
        &mut self,
        fd: Handle,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        self.below.read_via_stream(fd, offset)
    }

    fn write_via_stream(
        &mut self,
        fd: Handle,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.below.write_via_stream(fd, offset)
    }

    fn append_via_stream(&mut self, fd: Handle) -> FsResult<Resource<DynOutputStream>> {
        self.below.append_via_stream(fd)
    }

    fn drop(&mut self, fd: Handle) -> wasmtime::Result<()> {
        self.files.handles.remove(&fd.rep());
        HostDescriptor::drop(&mut self.below, fd)
    }
}

impl HostDirectoryEntryStream for Layer<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.below.read_directory_entry(stream).await
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.files.listings = self.files.listings.saturating_sub(1);
        HostDirectoryEntryStream::drop(&mut self.below, stream)
    }
}
