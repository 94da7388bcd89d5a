//! Files and directories for who has no component's interface: bytes without a copy, and in one call what
//! takes a component two.

use std::fs::File;
use std::io;

use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, ErrorCode, MetadataHashValue, PathFlags,
};

use super::ceiling::DiskMeter;
use super::look::{Found, virtual_hash, virtual_stat};
use super::{Handle, Layer};
use crate::permission::Operation;

/// An open file, with the meter of what is written to it.
pub(in super::super) struct Direct<'a> {
    file: &'a File,
    disk: &'a DiskMeter,
}

impl<'a> Layer<'a> {
    pub(in super::super) fn direct(self, fd: &Handle) -> FsResult<Direct<'a>> {
        let Self { below, files } = self;
        // A virtual directory is none of either.
        match below.table.get(fd) {
            Ok(Descriptor::File(file)) => Ok(Direct { file: &file.file, disk: &files.disk }),
            _ => Err(ErrorCode::BadDescriptor.into()),
        }
    }
}

impl Layer<'_> {
    pub(in super::super) fn is_directory(&self, fd: &Handle) -> bool {
        !matches!(self.below.table.get(fd), Ok(Descriptor::File(_)))
    }

    /// What is known of a path, and the identity of what it names.
    pub(in super::super) async fn identify_at(
        &mut self,
        fd: &Handle,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<(DescriptorStat, MetadataHashValue)> {
        let identified = match self.see(Operation::Stat, fd, flags, path).await {
            Ok(Found::Real(pinned, Ok(stat))) => {
                self.hash_of(&pinned).await.map(|hash| (stat, hash))
            }
            Ok(Found::Real(_, Err(error))) | Err(error) => Err(error),
            Ok(Found::Virtual(names)) => Ok((virtual_stat(), virtual_hash(&names))),
        };
        self.answered(identified)
    }
}

impl Direct<'_> {
    pub(in super::super) fn read_at(&self, buffer: &mut [u8], position: u64) -> FsResult<usize> {
        Ok(read_at(self.file, buffer, position)?)
    }

    /// Before `reached`, the file has no gap that would have to be counted.
    pub(in super::super) fn write_at(
        &self,
        bytes: &[u8],
        position: u64,
        reached: u64,
    ) -> FsResult<usize> {
        let gap_from = if position <= reached { 0 } else { position };
        self.disk.take_write(self.file, bytes.len(), gap_from)?;
        Ok(write_at(self.file, bytes, position)?)
    }

    pub(in super::super) fn append(&self, bytes: &[u8]) -> FsResult<usize> {
        self.disk.take_write(self.file, bytes.len(), 0)?;
        Ok(append(self.file, bytes)?)
    }

    pub(in super::super) fn length(&self) -> FsResult<u64> {
        Ok(self.file.metadata()?.len())
    }
}

fn append(file: &File, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(target_os = "linux")]
    {
        use rustix::io::{Errno, ReadWriteFlags, pwritev2};
        match pwritev2(file, &[io::IoSlice::new(bytes)], 0, ReadWriteFlags::APPEND) {
            Err(Errno::NOSYS | Errno::NOTSUP) => {}
            written => return Ok(written?),
        }
    }
    write_at(file, bytes, file.metadata()?.len())
}

#[cfg(unix)]
use std::os::unix::fs::FileExt;
#[cfg(windows)]
use std::os::windows::fs::FileExt;

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    file.read_at(buffer, position)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
    file.write_at(bytes, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    file.seek_read(buffer, position)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
    file.seek_write(bytes, position)
}
