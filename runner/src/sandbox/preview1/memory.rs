//! Where in its memory a guest says that something is.

use wasmtime_wasi::p1::types::{Ciovec, CiovecArray, Errno, Iovec, IovecArray, Size};
use wiggle::{GuestMemory, GuestPtr};

use super::Result;
use crate::sandbox::files::MAX_PATH;

pub(super) type Memory<'a> = GuestMemory<'a>;

/// How many pieces one read or write may have, as Linux has it.
const MAX_PIECES: u32 = 1024;

/// How many bytes one read or write moves, likewise.
const MAX_BYTES: u32 = 0x7fff_f000;

pub(super) fn slice<'m>(memory: &'m Memory<'_>, at: GuestPtr<[u8]>) -> Result<&'m [u8]> {
    // Memories are not shared: there are no threads.
    Ok(memory.as_slice(at)?.ok_or(Errno::Notsup)?)
}

pub(super) fn slice_mut<'m>(
    memory: &'m mut Memory<'_>,
    at: GuestPtr<[u8]>,
) -> Result<&'m mut [u8]> {
    Ok(memory.as_slice_mut(at)?.ok_or(Errno::Notsup)?)
}

/// A path, or the target of a link.
pub(super) fn path(memory: &Memory<'_>, at: GuestPtr<str>) -> Result<String> {
    if at.len() as usize > MAX_PATH {
        return Err(Errno::Nametoolong.into());
    }
    Ok(memory.as_cow_str(at)?.into_owned())
}

/// The pieces of memory that one read is to fill. There is always one, and none is empty but an only one.
pub(super) fn pieces_to_fill(memory: &Memory<'_>, list: IovecArray) -> Result<Vec<GuestPtr<[u8]>>> {
    let read = |at: GuestPtr<Iovec>| {
        let piece = memory.read(at)?;
        Ok(piece.buf.as_array(piece.buf_len))
    };
    pieces(list.len(), list.iter().map(|at| read(at?)))
}

/// The same for those that one write takes.
pub(super) fn pieces_to_write(
    memory: &Memory<'_>,
    list: CiovecArray,
) -> Result<Vec<GuestPtr<[u8]>>> {
    let read = |at: GuestPtr<Ciovec>| {
        let piece = memory.read(at)?;
        Ok(piece.buf.as_array(piece.buf_len))
    };
    pieces(list.len(), list.iter().map(|at| read(at?)))
}

fn pieces(
    count: u32,
    list: impl Iterator<Item = Result<GuestPtr<[u8]>>>,
) -> Result<Vec<GuestPtr<[u8]>>> {
    if count > MAX_PIECES {
        return Err(Errno::Inval.into());
    }
    let mut left = MAX_BYTES;
    let mut pieces = Vec::with_capacity(count as usize);
    for piece in list {
        let piece = piece?;
        let length = piece.len().min(left);
        left -= length;
        if length > 0 {
            pieces.push(piece.as_ptr().as_array(length));
        }
    }
    if pieces.is_empty() {
        pieces.push(GuestPtr::new((0, 0)));
    }
    Ok(pieces)
}

/// How many texts there are, and how many bytes they take with a zero behind each.
pub(super) fn sizes(texts: &[String]) -> Result<(Size, Size)> {
    let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
    Ok((texts.len().try_into()?, bytes.try_into()?))
}

/// Writes texts with a zero behind each, and where each begins.
pub(super) fn write_texts(
    memory: &mut Memory<'_>,
    mut starts: GuestPtr<GuestPtr<u8>>,
    mut bytes: GuestPtr<u8>,
    texts: &[String],
) -> Result<()> {
    for text in texts {
        memory.write(starts, bytes)?;
        starts = starts.add(1)?;
        let length = text.len().try_into()?;
        memory.copy_from_slice(text.as_bytes(), bytes.as_array(length))?;
        bytes = bytes.add(length)?;
        memory.write(bytes, 0)?;
        bytes = bytes.add(1)?;
    }
    Ok(())
}
