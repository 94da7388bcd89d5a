//! Counts what a guest writes to disk and creates there.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use wasmtime_wasi::p2::{
    DynOutputStream, FsError, FsResult, OutputStream, Pollable, StreamError, StreamResult,
};

/// A ceiling that ends the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum CeilingReached {
    #[error("the disk limit is reached")]
    Disk,
    #[error("the file limit is reached")]
    Files,
}

/// What is left of the files, directories and links that a guest may create.
#[derive(Debug)]
pub(super) struct FileMeter {
    left: u64,
}

impl FileMeter {
    pub(super) fn new(limit: u64) -> Self {
        Self { left: limit }
    }

    /// Ends the run where nothing more may be created.
    pub(super) fn check(&self) -> FsResult<()> {
        match self.left {
            0 => Err(FsError::trap(CeilingReached::Files)),
            _ => Ok(()),
        }
    }

    /// Counts what was created.
    pub(super) fn count(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

/// What is left of the bytes that a guest may write to files, over all of them.
#[derive(Debug)]
pub(super) struct DiskMeter {
    left: AtomicU64,
}

impl DiskMeter {
    pub(super) fn new(limit: u64) -> Self {
        Self { left: AtomicU64::new(limit) }
    }

    fn take(&self, bytes: u64) -> Result<(), CeilingReached> {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .map(drop)
            .map_err(|_| CeilingReached::Disk)
    }

    /// Counts a new size. What a file grows by counts as if it were written, also where the file system
    /// keeps no more than a note of it.
    pub(super) fn take_size(&self, file: &File, size: u64) -> FsResult<()> {
        check(size)?;
        let grown = size.saturating_sub(file.metadata()?.len());
        self.take(grown).map_err(FsError::trap)
    }

    /// Counts a write at a position, and the gap that it leaves behind the end of the file.
    pub(super) fn take_write(&self, file: &File, bytes: usize, position: u64) -> FsResult<()> {
        let gap = gap(file, position)?;
        self.take(gap.saturating_add(bytes as u64)).map_err(FsError::trap)
    }
}

/// Refuses what no system takes for a position in a file, before it is counted as a gap.
fn check(position: u64) -> io::Result<()> {
    i64::try_from(position).map(drop).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn gap(file: &File, position: u64) -> io::Result<u64> {
    check(position)?;
    match position {
        0 => Ok(0),
        _ => Ok(position.saturating_sub(file.metadata()?.len())),
    }
}

/// A stream into a file, metered.
pub(super) struct Metered {
    pub(super) stream: DynOutputStream,
    pub(super) meter: Arc<DiskMeter>,
    pub(super) file: Arc<File>,
    /// Where the first write goes, if that is not the end of the file: those after it leave no gap.
    pub(super) start: Option<u64>,
}

impl Metered {
    fn take(&mut self, bytes: usize) -> StreamResult<()> {
        let gap = match self.start.take() {
            Some(start) if bytes > 0 => gap(&self.file, start)
                .map_err(|error| StreamError::LastOperationFailed(error.into()))?,
            start => {
                self.start = start;
                0
            }
        };
        self.meter
            .take(gap.saturating_add(bytes as u64))
            .map_err(|reached| StreamError::Trap(reached.into()))
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Metered {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(bytes.len())?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.stream.check_write()
    }

    // wasmtime-wasi's stream has a way of its own for this, without a hop to another thread.
    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(bytes.len())?;
        self.stream.blocking_write_and_flush(bytes).await
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Metered {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}
