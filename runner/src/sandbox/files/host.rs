//! The interface that a guest calls.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, OpenMode};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream,
    ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp,
    OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsResult};

use super::ceiling::Metered;
use super::change::Change;
use super::look::{Found, virtual_hash, virtual_stat};
use super::open::Wish;
use super::{Handle, Layer, Virtual};
use crate::permission::Operation;

impl Layer<'_> {
    /// The open file behind a handle.
    fn file(&self, fd: &Handle) -> FsResult<Arc<std::fs::File>> {
        match self.below.table.get(fd)? {
            Descriptor::File(file) => Ok(Arc::clone(&file.file)),
            Descriptor::Dir(_) => Err(ErrorCode::BadDescriptor.into()),
        }
    }

    /// The file behind a handle, to read it as a stream.
    pub(super) fn readable(&self, fd: &Handle) -> FsResult<Arc<std::fs::File>> {
        self.real(fd, ErrorCode::IsDirectory)?;
        match self.below.table.get(fd)? {
            Descriptor::File(file) => Ok(Arc::clone(&file.file)),
            Descriptor::Dir(_) => Err(ErrorCode::IsDirectory.into()),
        }
    }

    /// A stream into a file, from a position or at its end, with a meter in front of it.
    pub(super) fn writer(&mut self, fd: &Handle, start: Option<u64>) -> FsResult<DynOutputStream> {
        self.real(fd, ErrorCode::BadDescriptor)?;
        let stream = match start {
            Some(offset) => self.below.write_via_stream(Self::lent(fd), offset)?,
            None => self.below.append_via_stream(Self::lent(fd))?,
        };
        let stream = self.below.table.delete(stream)?;
        let (file, meter) = (self.file(fd)?, Arc::clone(&self.files.disk));
        Ok(Box::new(Metered { stream, meter, file, start }))
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
        let wish = Wish::new(flags, open, mode)?;
        let opened = self.open(&fd, &path, wish).await;
        self.answered(opened)
    }

    async fn stat_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let found = self.see(Operation::Stat, &fd, flags, &path).await;
        let stat = found.and_then(|found| match found {
            Found::Real(_, stat) => stat,
            Found::Virtual(_) => Ok(virtual_stat()),
        });
        self.answered(stat)
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let done = self.hash(&fd, flags, &path).await;
        self.answered(done)
    }

    async fn readlink_at(&mut self, fd: Handle, path: String) -> FsResult<String> {
        let done = self.read_link(&fd, &path).await;
        self.answered(done)
    }

    async fn set_times_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let done = self.set_times_of(&fd, flags, &path, (accessed, modified)).await;
        self.answered(done)
    }

    async fn create_directory_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        let done = self.change(Change::CreateDirectory, &fd, &path).await;
        self.answered(done)
    }

    async fn remove_directory_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        let done = self.change(Change::RemoveDirectory, &fd, &path).await;
        self.answered(done)
    }

    async fn unlink_file_at(&mut self, fd: Handle, path: String) -> FsResult<()> {
        let done = self.change(Change::RemoveFile, &fd, &path).await;
        self.answered(done)
    }

    async fn rename_at(
        &mut self,
        fd: Handle,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FsResult<()> {
        let done = self.rename((&fd, &from), (&to_fd, &to)).await;
        self.answered(done)
    }

    async fn link_at(
        &mut self,
        fd: Handle,
        flags: PathFlags,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FsResult<()> {
        let done = self.make_hard_link(flags, (&fd, &from), (&to_fd, &to)).await;
        self.answered(done)
    }

    async fn symlink_at(&mut self, fd: Handle, target: String, path: String) -> FsResult<()> {
        let done = self.make_symlink(&fd, target, &path).await;
        self.answered(done)
    }

    async fn read_directory(&mut self, fd: Handle) -> FsResult<Resource<DirectoryEntryStream>> {
        let done = self.list(&fd);
        self.answered(done)
    }

    async fn set_times(
        &mut self,
        fd: Handle,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let set = self.set_times_of_handle(&fd, (accessed, modified)).await;
        self.answered(set)
    }

    async fn set_size(&mut self, fd: Handle, size: Filesize) -> FsResult<()> {
        self.real(&fd, ErrorCode::BadDescriptor)?;
        // As systems say it of a file that is open to be read.
        if let Descriptor::File(file) = self.below.table.get(&fd)?
            && !file.open_mode.contains(OpenMode::WRITE)
        {
            return Err(ErrorCode::Invalid.into());
        }
        let file = self.file(&fd)?;
        self.files.disk.take_size(&file, size)?;
        self.below.set_size(fd, size).await
    }

    async fn write(&mut self, fd: Handle, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        self.real(&fd, ErrorCode::BadDescriptor)?;
        let file = self.file(&fd)?;
        self.files.disk.take_write(&file, bytes.len(), offset)?;
        self.below.write(fd, bytes, offset).await
    }

    fn write_via_stream(
        &mut self,
        fd: Handle,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream = self.writer(&fd, Some(offset))?;
        Ok(self.below.table.push(stream)?)
    }

    fn append_via_stream(&mut self, fd: Handle) -> FsResult<Resource<DynOutputStream>> {
        let stream = self.writer(&fd, None)?;
        Ok(self.below.table.push(stream)?)
    }

    fn read_via_stream(
        &mut self,
        fd: Handle,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        self.real(&fd, ErrorCode::IsDirectory)?;
        self.below.read_via_stream(fd, offset)
    }

    async fn read(
        &mut self,
        fd: Handle,
        len: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.real(&fd, ErrorCode::BadDescriptor)?;
        self.below.read(fd, len, offset).await
    }

    async fn advise(
        &mut self,
        fd: Handle,
        offset: Filesize,
        len: Filesize,
        advice: Advice,
    ) -> FsResult<()> {
        self.real(&fd, ErrorCode::BadDescriptor)?;
        self.below.advise(fd, offset, len, advice).await
    }

    async fn sync(&mut self, fd: Handle) -> FsResult<()> {
        match self.virtual_of(&fd) {
            Some(_) => Ok(()),
            None => self.below.sync(fd).await,
        }
    }

    async fn sync_data(&mut self, fd: Handle) -> FsResult<()> {
        match self.virtual_of(&fd) {
            Some(_) => Ok(()),
            None => self.below.sync_data(fd).await,
        }
    }

    async fn get_flags(&mut self, fd: Handle) -> FsResult<DescriptorFlags> {
        match self.virtual_of(&fd) {
            Some(_) => Ok(DescriptorFlags::READ),
            None => self.below.get_flags(fd).await,
        }
    }

    async fn get_type(&mut self, fd: Handle) -> FsResult<DescriptorType> {
        match self.virtual_of(&fd) {
            Some(_) => Ok(DescriptorType::Directory),
            None => self.below.get_type(fd).await,
        }
    }

    async fn stat(&mut self, fd: Handle) -> FsResult<DescriptorStat> {
        match self.virtual_of(&fd) {
            Some(_) => Ok(virtual_stat()),
            None => self.below.stat(fd).await,
        }
    }

    async fn metadata_hash(&mut self, fd: Handle) -> FsResult<MetadataHashValue> {
        match self.virtual_of(&fd) {
            Some(Virtual(names)) => Ok(virtual_hash(names)),
            None => self.below.metadata_hash(fd).await,
        }
    }

    async fn is_same_object(&mut self, a: Handle, b: Handle) -> wasmtime::Result<bool> {
        match (self.virtual_of(&a), self.virtual_of(&b)) {
            (Some(Virtual(a)), Some(Virtual(b))) => Ok(a == b),
            (None, None) => self.below.is_same_object(a, b).await,
            _ => Ok(false),
        }
    }

    fn drop(&mut self, fd: Handle) -> wasmtime::Result<()> {
        self.files.names.remove(&fd.rep());
        self.files.reads_all.remove(&fd.rep());
        if self.virtual_of(&fd).is_some() {
            self.below.table.delete::<Virtual>(Resource::new_own(fd.rep()))?;
            return Ok(());
        }
        HostDescriptor::drop(&mut self.below, fd)
    }
}

impl HostDirectoryEntryStream for Layer<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.next_entry(&stream)
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.drop_listing(&stream)
    }
}
