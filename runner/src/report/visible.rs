//! A stream to a terminal, made fit for it.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::text::push_visible;

/// Makes what is written to it visible, also where a character is split between two writes. A character
/// that has not come to its end when the writer is dropped is shown by its bytes.
pub(crate) struct VisibleWriter<W: Write> {
    inner: W,
    /// The beginning of a character whose end has not come yet.
    pending: Vec<u8>,
}

impl<W: Write> VisibleWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, pending: Vec::new() }
    }
}

impl<W: Write> Write for VisibleWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(bytes);
        let mut shown = String::with_capacity(all.len());
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    text.chars().for_each(|c| push_visible(&mut shown, c));
                    rest = &[];
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    String::from_utf8_lossy(good).chars().for_each(|c| push_visible(&mut shown, c));
                    let Some(length) = error.error_len() else {
                        self.pending = bad.to_vec();
                        break;
                    };
                    push_bytes(&mut shown, &bad[..length]);
                    rest = &bad[length..];
                }
            }
        }
        self.inner.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for VisibleWriter<W> {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            let mut shown = String::new();
            push_bytes(&mut shown, &self.pending);
            // Where the stream is closed there is nobody to tell.
            let _ = self.inner.write_all(shown.as_bytes()).and_then(|()| self.inner.flush());
        }
    }
}

fn push_bytes(shown: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(shown, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::is_deceptive;

    fn shown(writes: &[&[u8]]) -> Vec<u8> {
        let mut shown = Vec::new();
        let mut writer = VisibleWriter::new(&mut shown);
        for bytes in writes {
            writer.write_all(bytes).expect("memory");
        }
        drop(writer);
        shown
    }

    #[test]
    fn no_byte_is_lost_at_the_end() {
        assert_eq!(shown(&[b"a\xe2", b"\x80"]), br"a\xe2\x80");
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_changes_nothing(bytes: Vec<u8>, at: prop::sample::Index) {
            let at = at.index(bytes.len() + 1);
            let cut = shown(&[&bytes[..at], &bytes[at..]]);
            prop_assert_eq!(&cut, &shown(&[&bytes]));
            let shown = String::from_utf8(cut).expect("it is text");
            prop_assert!(shown.chars().all(|c| !is_deceptive(c) || c == '\n' || c == '\t'));
        }
    }
}
