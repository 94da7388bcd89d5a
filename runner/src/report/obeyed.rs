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
//!
//! Each attempt of a command, and each run in a step, starts with a new state. So none ends with a stream
//! that is [open](Written::open): the line ends where it could be the first half of a command.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// The streams that end in what could be the first half of a command. A line break closes each.
    pub(super) fn open(&self) -> Vec<Stream> {
        let own = [(Stream::Stdout, self.stdout), (Stream::Stderr, self.stderr)];
        let open: Vec<_> = own.iter().filter(|(_, end)| end.is_open()).map(|(s, _)| *s).collect();
        match open.is_empty() && self.both.is_open() {
            // A line break in either ends the line, where they are one.
            true => vec![Stream::Stderr],
            false => open,
        }
    }

    /// Forgets all: a write has failed, and how much of it was written is not known.
    fn forget(&mut self) {
        let unknown = End { place: Place::Unknown, last: 0 };
        *self = Self { stdout: unknown, stderr: unknown, both: unknown };
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
    /// Perhaps any of the others.
    Unknown,
}

impl End {
    /// Whether the byte would complete what begins a command.
    fn is_completed_by(self, byte: u8) -> bool {
        match byte {
            b':' => matches!(self.place, Place::Colon | Place::Unknown),
            b'[' => matches!(self.place, Place::Hashes | Place::Word | Place::Unknown),
            0xfe | 0xff if self.place == Place::Unknown => true,
            0xfe => self.last == 0xff,
            0xff => self.last == 0xfe,
            _ => false,
        }
    }

    /// Whether something is there that another byte could make a command of.
    fn is_open(self) -> bool {
        let is_begun = !matches!(self.place, Place::LineStart | Place::Within);
        is_begun || matches!(self.last, 0xfe | 0xff)
    }

    fn push(&mut self, byte: u8) {
        self.last = byte;
        self.place = match (self.place, byte) {
            (_, b'\n' | b'\r') => Place::LineStart,
            (Place::LineStart, b':') => Place::Colon,
            (Place::Hash | Place::Hashes | Place::Unknown, b'#') => Place::Hashes,
            (_, b'#') => Place::Hash,
            (Place::Hashes | Place::Word, letter) if letter.is_ascii_alphabetic() => Place::Word,
            (Place::LineStart, byte) if !byte.is_ascii_graphic() => Place::LineStart,
            // It may still be the word behind `##`, or the start of the line.
            (Place::Unknown, byte) if byte.is_ascii_alphabetic() || !byte.is_ascii_graphic() => {
                Place::Unknown
            }
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

/// How long one stream waits for the other where a reader has stopped reading that one. A worker's process
/// waits for as long as it may run, and is then ended. Where workers are threads, the runner itself would
/// wait for a thread that was left behind.
const PATIENCE: Option<Duration> = if cfg!(unix) { None } else { Some(Duration::from_millis(200)) };

impl<W: Write> Write for HarmlessWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Locked until it is written: what is known of the streams is in the order of the writes.
        let mut written = locked(&self.written);
        let mut unknown = Written::default();
        let written = written.as_deref_mut().unwrap_or_else(|| {
            unknown.forget();
            &mut unknown
        });
        let harmless = written.harmless(self.stream, bytes);
        self.inner.write_all(&harmless).and_then(|()| self.inner.flush()).inspect_err(|_| {
            written.forget();
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What is known of the streams; nothing where the other stream holds it for too long.
pub(super) fn locked(written: &Mutex<Written>) -> Option<MutexGuard<'_, Written>> {
    let Some(patience) = PATIENCE else {
        return Some(written.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let until = Instant::now() + patience;
    loop {
        match written.try_lock() {
            Ok(guard) => return Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) if Instant::now() >= until => return None,
            Err(std::sync::TryLockError::WouldBlock) => {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
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
