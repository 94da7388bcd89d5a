//! The interface that a guest calls.

use wasmtime_wasi::I32Exit;
use wasmtime_wasi::cli::WasiCliView;
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p1::types::{
    Advice, CiovecArray, Clockid, Dircookie, Errno, Error, Event, Exitcode, Fd, Fdflags, Fdstat,
    Filedelta, Filesize, Filestat, Fstflags, IovecArray, Lookupflags, Oflags, Prestat, PrestatDir,
    Riflags, Rights, Roflags, Sdflags, Siflags, Signal, Size, Subscription, Timestamp, Whence,
};
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1;
use wasmtime_wasi::p2::bindings::cli::environment;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor;
use wasmtime_wasi::p2::bindings::random::random;
use wasmtime_wasi::random::WasiRandomView;
use wiggle::GuestPtr;

use super::descriptors::again;
use super::memory::{Memory, path, sizes, slice_mut, write_texts};
use super::paths::{Mode, place};
use super::{Result, bytes, descriptors, directories, paths, poll, status};
use crate::sandbox::guest::Guest;

/// The guest's name of what it finds open.
const ROOT: &str = "/";

/// How many random bytes are made at a time.
const RANDOM_CHUNK: usize = 4096;

impl Guest {
    fn arguments(&mut self) -> Result<Vec<String>> {
        environment::Host::get_arguments(&mut self.cli()).map_err(Error::trap)
    }

    fn variables(&mut self) -> Result<Vec<String>> {
        let variables = environment::Host::get_environment(&mut self.cli()).map_err(Error::trap)?;
        Ok(variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    fn root(&mut self, fd: Fd, otherwise: Errno) -> Result<&'static str> {
        match self.descriptors()?.get(fd)? {
            descriptors::Descriptor::Directory(directory) if directory.is_preopened => Ok(ROOT),
            _ => Err(otherwise.into()),
        }
    }

    fn no_socket<T>(&mut self, fd: Fd) -> Result<T> {
        self.descriptors()?.get(fd)?;
        Err(Errno::Notsock.into())
    }
}

impl WasiSnapshotPreview1 for Guest {
    fn args_get(
        &mut self,
        memory: &mut Memory<'_>,
        starts: GuestPtr<GuestPtr<u8>>,
        bytes: GuestPtr<u8>,
    ) -> Result<()> {
        write_texts(memory, starts, bytes, &self.arguments()?)
    }

    fn args_sizes_get(&mut self, _: &mut Memory<'_>) -> Result<(Size, Size)> {
        sizes(&self.arguments()?)
    }

    fn environ_get(
        &mut self,
        memory: &mut Memory<'_>,
        starts: GuestPtr<GuestPtr<u8>>,
        bytes: GuestPtr<u8>,
    ) -> Result<()> {
        write_texts(memory, starts, bytes, &self.variables()?)
    }

    fn environ_sizes_get(&mut self, _: &mut Memory<'_>) -> Result<(Size, Size)> {
        sizes(&self.variables()?)
    }

    fn clock_res_get(&mut self, _: &mut Memory<'_>, id: Clockid) -> Result<Timestamp> {
        let mut clocks = self.clocks();
        match id {
            Clockid::Realtime => {
                Ok(wall_clock::Host::resolution(&mut clocks).map_err(Error::trap)?.try_into()?)
            }
            Clockid::Monotonic => {
                monotonic_clock::Host::resolution(&mut clocks).map_err(Error::trap)
            }
            Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => Err(Errno::Badf.into()),
        }
    }

    fn clock_time_get(
        &mut self,
        _: &mut Memory<'_>,
        id: Clockid,
        _precision: Timestamp,
    ) -> Result<Timestamp> {
        let mut clocks = self.clocks();
        match id {
            Clockid::Realtime => {
                Ok(wall_clock::Host::now(&mut clocks).map_err(Error::trap)?.try_into()?)
            }
            Clockid::Monotonic => monotonic_clock::Host::now(&mut clocks).map_err(Error::trap),
            Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => Err(Errno::Badf.into()),
        }
    }

    async fn fd_advise(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        offset: Filesize,
        length: Filesize,
        advice: Advice,
    ) -> Result<()> {
        let handle = again(&self.descriptors()?.file(fd)?.handle);
        Ok(self.layered().advise(handle, offset, length, advice.into()).await?)
    }

    fn fd_allocate(&mut self, _: &mut Memory<'_>, fd: Fd, _: Filesize, _: Filesize) -> Result<()> {
        self.descriptors()?.file(fd)?;
        Err(Errno::Notsup.into())
    }

    async fn fd_close(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<()> {
        descriptors::close(self, fd).await
    }

    async fn fd_datasync(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<()> {
        let handle = again(&self.descriptors()?.file(fd)?.handle);
        Ok(self.layered().sync_data(handle).await?)
    }

    async fn fd_fdstat_get(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<Fdstat> {
        status::of_descriptor(self, fd).await
    }

    fn fd_fdstat_set_flags(&mut self, _: &mut Memory<'_>, fd: Fd, flags: Fdflags) -> Result<()> {
        let file = self.descriptors()?.file(fd)?;
        if flags.intersects(Fdflags::DSYNC | Fdflags::SYNC | Fdflags::RSYNC) {
            return Err(Errno::Inval.into());
        }
        file.set_flags(flags);
        Ok(())
    }

    fn fd_fdstat_set_rights(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        _base: Rights,
        _inheriting: Rights,
    ) -> Result<()> {
        self.descriptors()?.node(fd)?;
        Err(Errno::Notsup.into())
    }

    async fn fd_filestat_get(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<Filestat> {
        status::of_open(self, fd).await
    }

    async fn fd_filestat_set_size(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        size: Filesize,
    ) -> Result<()> {
        let handle = again(&self.descriptors()?.file(fd)?.handle);
        Ok(self.layered().set_size(handle, size).await?)
    }

    async fn fd_filestat_set_times(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        accessed: Timestamp,
        modified: Timestamp,
        flags: Fstflags,
    ) -> Result<()> {
        let (accessed, modified) = status::new_times(accessed, modified, flags)?;
        let handle = self.descriptors()?.node(fd)?;
        Ok(self.layered().set_times(handle, accessed, modified).await?)
    }

    async fn fd_pread(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        pieces: IovecArray,
        offset: Filesize,
    ) -> Result<Size> {
        bytes::read(self, memory, fd, pieces, Some(offset)).await
    }

    fn fd_prestat_get(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<Prestat> {
        let pr_name_len = self.root(fd, Errno::Badf)?.len().try_into()?;
        Ok(Prestat::Dir(PrestatDir { pr_name_len }))
    }

    fn fd_prestat_dir_name(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        buffer: GuestPtr<u8>,
        length: Size,
    ) -> Result<()> {
        let name = self.root(fd, Errno::Notdir)?;
        let taken = name.len().try_into()?;
        if taken > length {
            return Err(Errno::Nametoolong.into());
        }
        Ok(memory.copy_from_slice(name.as_bytes(), buffer.as_array(taken))?)
    }

    async fn fd_pwrite(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        pieces: CiovecArray,
        offset: Filesize,
    ) -> Result<Size> {
        bytes::write(self, memory, fd, pieces, Some(offset)).await
    }

    async fn fd_read(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        pieces: IovecArray,
    ) -> Result<Size> {
        bytes::read(self, memory, fd, pieces, None).await
    }

    async fn fd_readdir(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        buffer: GuestPtr<u8>,
        length: Size,
        cookie: Dircookie,
    ) -> Result<Size> {
        directories::list(self, memory, fd, buffer.as_array(length), cookie).await
    }

    async fn fd_renumber(&mut self, _: &mut Memory<'_>, from: Fd, to: Fd) -> Result<()> {
        descriptors::renumber(self, from, to).await
    }

    async fn fd_seek(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        offset: Filedelta,
        whence: Whence,
    ) -> Result<Filesize> {
        bytes::seek(self, fd, offset, whence).await
    }

    async fn fd_sync(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<()> {
        let handle = again(&self.descriptors()?.file(fd)?.handle);
        Ok(self.layered().sync(handle).await?)
    }

    fn fd_tell(&mut self, _: &mut Memory<'_>, fd: Fd) -> Result<Filesize> {
        Ok(self.descriptors()?.seekable(fd)?.position)
    }

    async fn fd_write(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        pieces: CiovecArray,
    ) -> Result<Size> {
        bytes::write(self, memory, fd, pieces, None).await
    }

    async fn path_create_directory(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        path: GuestPtr<str>,
    ) -> Result<()> {
        let (directory, path) = place(self, memory, fd, path)?;
        Ok(self.layered().create_directory_at(directory, path).await?)
    }

    async fn path_filestat_get(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        flags: Lookupflags,
        path: GuestPtr<str>,
    ) -> Result<Filestat> {
        let (directory, path) = place(self, memory, fd, path)?;
        let (stat, identity) = self.layered().identify_at(&directory, flags.into(), &path).await?;
        status::of_file(&stat, &identity)
    }

    async fn path_filestat_set_times(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        lookup: Lookupflags,
        path: GuestPtr<str>,
        accessed: Timestamp,
        modified: Timestamp,
        flags: Fstflags,
    ) -> Result<()> {
        let (accessed, modified) = status::new_times(accessed, modified, flags)?;
        let (directory, path) = place(self, memory, fd, path)?;
        let mut layer = self.layered();
        Ok(layer.set_times_at(directory, lookup.into(), path, accessed, modified).await?)
    }

    async fn path_link(
        &mut self,
        memory: &mut Memory<'_>,
        from_fd: Fd,
        lookup: Lookupflags,
        from: GuestPtr<str>,
        to_fd: Fd,
        to: GuestPtr<str>,
    ) -> Result<()> {
        let (from_directory, from) = place(self, memory, from_fd, from)?;
        let (to_directory, to) = place(self, memory, to_fd, to)?;
        let mut layer = self.layered();
        Ok(layer.link_at(from_directory, lookup.into(), from, to_directory, to).await?)
    }

    async fn path_open(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        lookup: Lookupflags,
        path: GuestPtr<str>,
        open: Oflags,
        rights: Rights,
        _inheriting: Rights,
        flags: Fdflags,
    ) -> Result<Fd> {
        paths::open(self, memory, fd, path, Mode { lookup, open, rights, flags }).await
    }

    async fn path_readlink(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        path: GuestPtr<str>,
        buffer: GuestPtr<u8>,
        length: Size,
    ) -> Result<Size> {
        paths::read_link(self, memory, fd, path, buffer.as_array(length)).await
    }

    async fn path_remove_directory(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        path: GuestPtr<str>,
    ) -> Result<()> {
        let (directory, path) = place(self, memory, fd, path)?;
        Ok(self.layered().remove_directory_at(directory, path).await?)
    }

    async fn path_rename(
        &mut self,
        memory: &mut Memory<'_>,
        from_fd: Fd,
        from: GuestPtr<str>,
        to_fd: Fd,
        to: GuestPtr<str>,
    ) -> Result<()> {
        let (from_directory, from) = place(self, memory, from_fd, from)?;
        let (to_directory, to) = place(self, memory, to_fd, to)?;
        Ok(self.layered().rename_at(from_directory, from, to_directory, to).await?)
    }

    async fn path_symlink(
        &mut self,
        memory: &mut Memory<'_>,
        target: GuestPtr<str>,
        fd: Fd,
        at: GuestPtr<str>,
    ) -> Result<()> {
        let (directory, at) = place(self, memory, fd, at)?;
        let target = path(memory, target)?;
        Ok(self.layered().symlink_at(directory, target, at).await?)
    }

    async fn path_unlink_file(
        &mut self,
        memory: &mut Memory<'_>,
        fd: Fd,
        path: GuestPtr<str>,
    ) -> Result<()> {
        let (directory, path) = place(self, memory, fd, path)?;
        Ok(self.layered().unlink_file_at(directory, path).await?)
    }

    async fn poll_oneoff(
        &mut self,
        memory: &mut Memory<'_>,
        wanted: GuestPtr<Subscription>,
        events: GuestPtr<Event>,
        count: Size,
    ) -> Result<Size> {
        poll::wait(self, memory, wanted, events, count).await
    }

    fn proc_exit(&mut self, _: &mut Memory<'_>, code: Exitcode) -> wasmtime::Error {
        I32Exit(code.cast_signed()).into()
    }

    fn proc_raise(&mut self, _: &mut Memory<'_>, _: Signal) -> Result<()> {
        Err(Errno::Notsup.into())
    }

    fn sched_yield(&mut self, _: &mut Memory<'_>) -> Result<()> {
        Ok(())
    }

    fn random_get(
        &mut self,
        memory: &mut Memory<'_>,
        buffer: GuestPtr<u8>,
        length: Size,
    ) -> Result<()> {
        for chunk in slice_mut(memory, buffer.as_array(length))?.chunks_mut(RANDOM_CHUNK) {
            let bytes = random::Host::get_random_bytes(self.random(), chunk.len() as u64);
            chunk.copy_from_slice(&bytes.map_err(Error::trap)?);
        }
        Ok(())
    }

    fn sock_accept(&mut self, _: &mut Memory<'_>, fd: Fd, _: Fdflags) -> Result<Fd> {
        self.no_socket(fd)
    }

    fn sock_recv(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        _: IovecArray,
        _: Riflags,
    ) -> Result<(Size, Roflags)> {
        self.no_socket(fd)
    }

    fn sock_send(
        &mut self,
        _: &mut Memory<'_>,
        fd: Fd,
        _: CiovecArray,
        _: Siflags,
    ) -> Result<Size> {
        self.no_socket(fd)
    }

    fn sock_shutdown(&mut self, _: &mut Memory<'_>, fd: Fd, _: Sdflags) -> Result<()> {
        self.no_socket(fd)
    }
}
