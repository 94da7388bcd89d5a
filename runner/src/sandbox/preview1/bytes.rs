//! Reading and writing, directly between the guest's memory and what it has open.

use ::bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p1::types::{CiovecArray, Errno, Fd, Filedelta, IovecArray, Size, Whence};
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, StreamError};
use wiggle::GuestPtr;

use super::Result;
use super::descriptors::{Descriptor, again};
use super::memory::{Memory, pieces_to_fill, pieces_to_write, slice, slice_mut};
use crate::sandbox::guest::Guest;

/// How many bytes are copied to or from a stream at a time.
const CHUNK: usize = 64 * 1024;

/// Reads where the descriptor stands, or at a position.
pub(super) async fn read(
    guest: &mut Guest,
    memory: &mut Memory<'_>,
    fd: Fd,
    list: IovecArray,
    at: Option<u64>,
) -> Result<Size> {
    let pieces = pieces_to_fill(memory, list)?;
    let (handle, start) = match guest.descriptors()?.get(fd)? {
        Descriptor::File(file) => (again(&file.handle), at.unwrap_or(file.position)),
        Descriptor::Input { .. } if at.is_some() => return Err(Errno::Spipe.into()),
        Descriptor::Input { stream, .. } => {
            let stream = again(stream);
            return read_stream(guest, memory, &stream, pieces[0]).await;
        }
        _ => return Err(Errno::Badf.into()),
    };
    let file = guest.layered().direct(&handle)?;
    let mut done = 0;
    for piece in pieces {
        let buffer = slice_mut(memory, piece)?;
        let read = match file.read_at(buffer, after(start, done)?) {
            Ok(read) => read,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error.into()),
        };
        done += read;
        if read < buffer.len() {
            break;
        }
    }
    if at.is_none() {
        guest.descriptors()?.file(fd)?.position = after(start, done)?;
    }
    Ok(done.try_into()?)
}

async fn read_stream(
    guest: &mut Guest,
    memory: &mut Memory<'_>,
    stream: &Resource<DynInputStream>,
    piece: GuestPtr<[u8]>,
) -> Result<Size> {
    let buffer = slice_mut(memory, piece)?;
    if buffer.is_empty() {
        return Ok(0);
    }
    let stream = guest.table.get_mut(stream)?;
    let read = match stream.blocking_read(buffer.len().min(CHUNK)).await {
        Ok(read) => read,
        Err(StreamError::Closed) => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    buffer.get_mut(..read.len()).ok_or(Errno::Range)?.copy_from_slice(&read);
    Ok(read.len().try_into()?)
}

/// Writes where the descriptor stands, or at a position.
pub(super) async fn write(
    guest: &mut Guest,
    memory: &Memory<'_>,
    fd: Fd,
    list: CiovecArray,
    at: Option<u64>,
) -> Result<Size> {
    let pieces = pieces_to_write(memory, list)?;
    let (handle, start, reached, append) = match guest.descriptors()?.get(fd)? {
        Descriptor::File(file) => {
            (again(&file.handle), at.unwrap_or(file.position), file.reached, file.append)
        }
        Descriptor::Output { .. } if at.is_some() => return Err(Errno::Spipe.into()),
        Descriptor::Output { stream, .. } => {
            let stream = again(stream);
            return write_stream(guest, memory, &stream, &pieces).await;
        }
        _ => return Err(Errno::Badf.into()),
    };
    let file = guest.layered().direct(&handle)?;
    let mut done = 0;
    for piece in pieces {
        let bytes = slice(memory, piece)?;
        let written = match append {
            // As Linux does, also where there is a position.
            true => file.append(bytes),
            false => file.write_at(bytes, after(start, done)?, reached),
        };
        let written = match written {
            Ok(written) => written,
            Err(error) if done > 0 && error.downcast_ref().is_some() => break,
            Err(error) => return Err(error.into()),
        };
        done += written;
        if written < bytes.len() {
            break;
        }
    }
    let end = match append {
        true => file.length()?,
        false => after(start, done)?,
    };
    let file = guest.descriptors()?.file(fd)?;
    if !append {
        file.reached = file.reached.max(end);
    }
    if at.is_none() {
        file.position = end;
    }
    Ok(done.try_into()?)
}

async fn write_stream(
    guest: &mut Guest,
    memory: &Memory<'_>,
    stream: &Resource<DynOutputStream>,
    pieces: &[GuestPtr<[u8]>],
) -> Result<Size> {
    let stream = guest.table.get_mut(stream)?;
    let total: usize = pieces.iter().map(|piece| piece.len() as usize).sum();
    // Small pieces go out as one: a C library's are what it has kept, and what is new.
    let mut chunk = Vec::with_capacity(total.min(CHUNK));
    for &piece in pieces {
        let mut rest = slice(memory, piece)?;
        while !rest.is_empty() {
            let (now, after) = rest.split_at(rest.len().min(CHUNK - chunk.len()));
            chunk.extend_from_slice(now);
            rest = after;
            if chunk.len() == CHUNK {
                write_chunk(stream, std::mem::take(&mut chunk)).await?;
            }
        }
    }
    write_chunk(stream, chunk).await?;
    stream.flush()?;
    Ok(total.try_into()?)
}

async fn write_chunk(stream: &mut DynOutputStream, chunk: Vec<u8>) -> Result<()> {
    let mut rest = Bytes::from(chunk);
    while !rest.is_empty() {
        let permit = stream.write_ready().await?;
        stream.write(rest.split_to(rest.len().min(permit)))?;
    }
    Ok(())
}

pub(super) async fn seek(
    guest: &mut Guest,
    fd: Fd,
    offset: Filedelta,
    whence: Whence,
) -> Result<u64> {
    let file = guest.descriptors()?.seekable(fd)?;
    let (handle, position) = (again(&file.handle), file.position);
    let base = match whence {
        Whence::Set => 0,
        Whence::Cur => position,
        Whence::End => guest.layered().stat(handle).await?.size,
    };
    let position = base.checked_add_signed(offset).ok_or(Errno::Inval)?;
    guest.descriptors()?.seekable(fd)?.position = position;
    Ok(position)
}

fn after(start: u64, done: usize) -> Result<u64> {
    Ok(start.checked_add(done as u64).ok_or(Errno::Overflow)?)
}
