//! The contents of files and directories as streams. They are read and written when the guest asks for
//! it, on this thread, so that no stream holds more than what is under way.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, Source, StreamConsumer, StreamProducer, StreamResult, VecBuffer,
};
use wasmtime_wasi::p2::{DynOutputStream, StreamError};
use wasmtime_wasi::p3::bindings::filesystem::types::{DirectoryEntry, ErrorCode};

use super::super::listing::Listing;
use super::convert::{entry, refusal};
use crate::sandbox::p3::{Ending, at_once};

/// The most bytes that pass at a time where no guest's buffer says how many.
const CHUNK: usize = 64 * 1024;

/// The most bytes that are copied for one write.
const MAX_WRITE: usize = 1024 * 1024;

/// The most entries of a directory that pass at a time.
const MAX_ENTRIES: usize = 256;

type Polled = Poll<wasmtime::Result<StreamResult>>;

/// Reads a file.
pub(super) struct FileReader {
    file: Arc<File>,
    offset: u64,
    ending: Ending<ErrorCode>,
}

impl FileReader {
    pub(super) fn new(file: Arc<File>, offset: u64, ending: Ending<ErrorCode>) -> Self {
        Self { file, offset, ending }
    }
}

impl<D> StreamProducer<D> for FileReader {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, Self::Buffer>,
        _finish: bool,
    ) -> Polled {
        let mut destination = destination.as_direct(store, CHUNK);
        let buffer = destination.remaining();
        // Nothing is asked for: there is always something to be had, if only the end.
        if buffer.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match read_at(&self.file, buffer, self.offset) {
            Ok(0) => Poll::Ready(Ok(StreamResult::Dropped)),
            Ok(read) => {
                destination.mark_written(read);
                self.offset = self.offset.saturating_add(read as u64);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(error) => self.ending.fail(error.into()),
        }
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, buffer, offset);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads a directory: the entries that the guest may see.
pub(super) struct DirectoryReader {
    listing: Listing,
    ending: Ending<ErrorCode>,
}

impl DirectoryReader {
    pub(super) fn new(listing: Listing, ending: Ending<ErrorCode>) -> Self {
        Self { listing, ending }
    }
}

impl<D> StreamProducer<D> for DirectoryReader {
    type Item = DirectoryEntry;
    type Buffer = VecBuffer<DirectoryEntry>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, DirectoryEntry, Self::Buffer>,
        _finish: bool,
    ) -> Polled {
        let wanted = destination.remaining(&mut store).unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES);
        let mut entries = Vec::new();
        let mut polled = Poll::Ready(Ok(StreamResult::Completed));
        while entries.len() < wanted {
            match self.listing.next() {
                Ok(Some(found)) => entries.push(entry(found)),
                Ok(None) => {
                    polled = Poll::Ready(Ok(StreamResult::Dropped));
                    break;
                }
                Err(error) => {
                    polled = match refusal(error).downcast() {
                        Ok(code) => self.ending.fail(code),
                        Err(error) => Poll::Ready(Err(error)),
                    };
                    break;
                }
            }
        }
        destination.set_buffer(entries.into());
        polled
    }
}

/// Writes a file, through the meter that counts what is written.
pub(super) struct FileWriter {
    file: DynOutputStream,
    ending: Ending<ErrorCode>,
}

impl FileWriter {
    pub(super) fn new(file: DynOutputStream, ending: Ending<ErrorCode>) -> Self {
        Self { file, ending }
    }
}

impl<D> StreamConsumer<D> for FileWriter {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<D>,
        source: Source<'_, u8>,
        _finish: bool,
    ) -> Polled {
        let mut source = source.as_direct(store);
        let given = source.remaining();
        if given.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let chunk = Bytes::copy_from_slice(&given[..given.len().min(MAX_WRITE)]);
        let length = chunk.len();
        match at_once(self.file.blocking_write_and_flush(chunk))? {
            Ok(()) => {
                source.mark_read(length);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(StreamError::Trap(error)) => Poll::Ready(Err(error)),
            Err(StreamError::LastOperationFailed(error)) => {
                let error = error.downcast_ref::<io::Error>();
                self.ending.fail(error.map_or(ErrorCode::Io, ErrorCode::from))
            }
            Err(StreamError::Closed) => Poll::Ready(Ok(StreamResult::Dropped)),
        }
    }
}
