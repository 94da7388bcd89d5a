//! A stream that a CI system reads, and in which it obeys commands.
//!
//! A plugin's words must not become a step's: so a backslash is put in before the last character of what
//! would begin a command. It is ASCII, it is seen, and no system takes it for nothing, as GitHub's runner,
//! which compares by the rules of a language, does with an invisible character. Everything else passes
//! as it is and at once.
//!
//! | would begin a command | of | becomes |
//! | --- | --- | --- |
//! | `::`, first in its line | GitHub Actions | `:\:` |
//! | `##[` | GitHub Actions, Azure Pipelines | `##\[` |
//! | `##vso[`, `##teamcity[`, any letters | Azure Pipelines, TeamCity | `##vso\[` |
//! | the bytes FE FF or FF FE | GitHub Actions, Azure Pipelines | FE `\` FF |
//!
//! The bytes of the last row are in no UTF-8 text. Both runners read what follows such a mark as UTF-16,
//! in which all of the above would be spelled with other bytes.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// One of the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// What was written so far, as far as it matters to what comes next.
///
/// Whether the two streams are one pipe is not known (`2>&1`), so each is looked at for itself and both
/// as one: what begins a command in either way is stopped.
#[derive(Debug, Default)]
pub(crate) struct Written {
    stdout: End,
    stderr: End,
    both: End,
}

impl Written {
    /// The bytes as they may be written next.
    pub(crate) fn harmless<'a>(&mut self, stream: Stream, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let own = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let mut harmless = Vec::new();
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            if own.is_dull() && self.both.is_dull() {
                at += dull(&bytes[at..]);
            }
            let Some(&byte) = bytes.get(at) else { break };
            if own.is_completed_by(byte) || self.both.is_completed_by(byte) {
                harmless.extend_from_slice(&bytes[copied..at]);
                harmless.push(b'\\');
                copied = at;
                own.push(b'\\');
                self.both.push(b'\\');
            }
            own.push(byte);
            self.both.push(byte);
            at += 1;
        }
        if copied == 0 && harmless.is_empty() {
            return Cow::Borrowed(bytes);
        }
        harmless.extend_from_slice(&bytes[copied..]);
        Cow::Owned(harmless)
    }
}

/// The end of what was written.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    place: Place,
    /// The last byte.
    last: u8,
}

/// How much of a command's beginning is there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    /// Nothing of the line, or nothing that is printable ASCII: what counts as white space differs from
    /// system to system.
    #[default]
    LineStart,
    /// A `:`, first in the line.
    Colon,
    /// A `#`.
    Hash,
    /// `##`.
    Hashes,
    /// `##` and letters.
    Word,
    /// Nothing.
    Within,
}

impl End {
    /// Whether the byte would complete what begins a command.
    fn is_completed_by(self, byte: u8) -> bool {
        match byte {
            b':' => self.place == Place::Colon,
            b'[' => matches!(self.place, Place::Hashes | Place::Word),
            0xfe => self.last == 0xff,
            0xff => self.last == 0xfe,
            _ => false,
        }
    }

    fn push(&mut self, byte: u8) {
        self.last = byte;
        self.place = match (self.place, byte) {
            (_, b'\n' | b'\r') => Place::LineStart,
            (Place::LineStart, b':') => Place::Colon,
            (Place::Hash | Place::Hashes, b'#') => Place::Hashes,
            (_, b'#') => Place::Hash,
            (Place::Hashes | Place::Word, letter) if letter.is_ascii_alphabetic() => Place::Word,
            (Place::LineStart, byte) if !byte.is_ascii_graphic() => Place::LineStart,
            _ => Place::Within,
        };
    }

    /// Whether only a byte that [`matters`] changes what comes next.
    fn is_dull(self) -> bool {
        self.place == Place::Within && !matches!(self.last, 0xfe | 0xff)
    }
}

fn matters(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'#' | 0xfe | 0xff)
}

/// How many bytes there are before the first that [`matters`].
fn dull(bytes: &[u8]) -> usize {
    // A block at a time, of which every byte is looked at: the compiler makes vectors of that.
    let is_dull = |block: &&[u8; 16]| !block.iter().fold(false, |any, byte| any | matters(*byte));
    let (blocks, _) = bytes.as_chunks();
    let at = blocks.iter().take_while(is_dull).count() * 16;
    at + bytes[at..].iter().take_while(|byte| !matters(**byte)).count()
}

/// Writes what is harmless, at once: the order of two streams in one pipe is that of their writes.
pub(crate) struct HarmlessWriter<W> {
    pub(crate) inner: W,
    pub(crate) stream: Stream,
    pub(crate) written: Arc<Mutex<Written>>,
}

impl<W: Write> Write for HarmlessWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not locked while it writes: a reader who stops reading must not silence the other stream.
        let harmless = self
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .harmless(self.stream, bytes);
        self.inner.write_all(&harmless)?;
        self.inner.flush()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// One text, harmless wherever it stands alone.
pub(crate) fn harmless(text: &str) -> String {
    let harmless = Written::default().harmless(Stream::Stderr, text.as_bytes()).into_owned();
    String::from_utf8_lossy(&harmless).into_owned()
}

#[cfg(test)]
#[path = "obeyed_tests.rs"]
mod tests;
