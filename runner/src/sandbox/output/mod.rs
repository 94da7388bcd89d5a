//! Standard output and error of a guest, metered.

pub(super) mod p3;

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Where a guest's bytes go. They go on by themselves, at once or soon: no write needs to be flushed for a
/// reader to see it, and one that is flushed has gone.
pub(crate) type SharedWriter = Arc<Mutex<dyn Write + Send>>;

/// A stream that the guest writes to.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) writer: SharedWriter,
    pub(crate) is_terminal: bool,
}

impl Output {
    fn with_writer<T>(&self, act: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        // A thread that panicked while writing has left no broken state behind: bytes are bytes.
        act(&mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes out what is still held back.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.with_writer(|writer| writer.flush())
    }
}

/// What is left of the bytes that a guest may put out, over all its streams.
#[derive(Debug)]
pub(super) struct OutputMeter(AtomicU64);

/// The guest has written more than it may.
#[derive(Debug, thiserror::Error)]
#[error("the output limit is reached")]
pub(super) struct OutputLimitReached;

/// Nobody reads the output any more.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has gone")]
pub(super) struct OutputClosed;

impl OutputMeter {
    pub(super) fn new(limit: u64) -> Self {
        Self(AtomicU64::new(limit))
    }

    /// Takes as much of `wanted` as is left.
    pub(super) fn take(&self, wanted: usize) -> usize {
        let wanted = wanted as u64;
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(wanted))
        });
        // The closure always gives a value.
        let (Ok(before) | Err(before)) = before;
        usize::try_from(before.min(wanted)).unwrap_or(usize::MAX)
    }
}

/// An [`Output`] with its meter: what WASI is given.
#[derive(Clone)]
pub(super) struct MeteredOutput {
    pub(super) output: Output,
    pub(super) meter: Arc<OutputMeter>,
}

/// How many bytes a guest may hand over in one write.
const PERMIT: usize = 1024 * 1024;

impl IsTerminal for MeteredOutput {
    fn is_terminal(&self) -> bool {
        self.output.is_terminal
    }
}

impl StdoutStream for MeteredOutput {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl MeteredOutput {
    /// Writes bytes of the guest's, from where they are. If they are more than it may write,
    /// they end where the limit is, and so does the guest.
    pub(super) fn put(&self, bytes: &[u8]) -> StreamResult<()> {
        let allowed = self.meter.take(bytes.len());
        let is_over = allowed < bytes.len();
        let written = self.output.with_writer(|writer| {
            writer.write_all(&bytes[..allowed])?;
            if is_over { writer.flush() } else { Ok(()) }
        });
        match written {
            Ok(()) if is_over => Err(StreamError::Trap(OutputLimitReached.into())),
            Ok(()) => Ok(()),
            Err(error) => Err(stream_error(error)),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for MeteredOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }

    // It is ready at any time: what these do of themselves, without asking first.
    async fn write_ready(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes)
    }
}

fn stream_error(error: io::Error) -> StreamError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        StreamError::Trap(OutputClosed.into())
    } else {
        StreamError::LastOperationFailed(error.into())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for MeteredOutput {
    async fn ready(&mut self) {}
}

impl AsyncWrite for MeteredOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = self.meter.take(bytes.len());
        if allowed < bytes.len() {
            return Poll::Ready(Err(io::Error::other(OutputLimitReached)));
        }
        Poll::Ready(self.output.with_writer(|writer| writer.write_all(bytes)).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
