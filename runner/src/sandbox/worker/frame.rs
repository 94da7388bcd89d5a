//! What goes through the pipe between a worker and the runner. The runner believes none of it: a frame
//! has a bound, and one that does not decode is an error.

use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sandbox::wall::WallReport;

/// The longest frame, in bytes: a manifest has at most 1 MiB, and JSON's escapes make it longer.
const MAX: usize = 8 * 1024 * 1024;

/// Room for a decision, of which there can be many.
const USUAL: usize = 512;

/// One message of a worker's.
#[derive(Serialize, Deserialize)]
pub(super) enum Frame<T, N> {
    /// What stands of the wall: the first.
    Walled(WallReport),
    Note(N),
    /// The result: the last.
    Done(T),
}

/// Writes a frame: its length, then JSON.
pub(super) fn write<T: Serialize, N: Serialize>(
    mut pipe: impl Write,
    frame: &Frame<T, N>,
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(USUAL);
    bytes.extend([0; 4]);
    serde_json::to_writer(&mut bytes, frame)?;
    let length = u32::try_from(bytes.len() - 4).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    pipe.write_all(&bytes)
}

/// Puts frames together from the bytes that arrive.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Where the next frame begins.
    next: usize,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What was taken goes once for all that arrived together: to move the rest for each frame would
        // cost more than the frame.
        self.bytes.drain(..self.next);
        self.next = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if all of it has arrived.
    pub(super) fn next<T: DeserializeOwned, N: DeserializeOwned>(
        &mut self,
    ) -> Result<Option<Frame<T, N>>, String> {
        let Some((length, rest)) = self.bytes[self.next..].split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX {
            return Err(format!("it sent {length} bytes at once"));
        }
        let Some(json) = rest.get(..length) else { return Ok(None) };
        let frame = serde_json::from_slice(json).map_err(|error| format!("it sent {error}"))?;
        self.next += 4 + length;
        Ok(Some(frame))
    }
}
