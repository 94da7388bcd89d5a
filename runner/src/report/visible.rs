//! A stream to a terminal, made fit for it.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::text::push_visible;

/// Makes what is written to it visible, also where a character is split between two writes.
pub(super) struct VisibleWriter<W> {
    inner: W,
    /// The beginning of a character whose end has not come yet.
    pending: Vec<u8>,
}

impl<W: Write> VisibleWriter<W> {
    pub(super) fn new(inner: W) -> Self {
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
                    for byte in &bad[..length] {
                        let _ = write!(shown, "\\x{byte:02x}");
                    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::is_deceptive;

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_changes_nothing(bytes: Vec<u8>, at: prop::sample::Index) {
            let at = at.index(bytes.len() + 1);
            let mut cut = VisibleWriter::new(Vec::new());
            cut.write_all(&bytes[..at]).expect("memory");
            cut.write_all(&bytes[at..]).expect("memory");
            let mut whole = VisibleWriter::new(Vec::new());
            whole.write_all(&bytes).expect("memory");
            prop_assert_eq!(&cut.inner, &whole.inner);
            let shown = String::from_utf8(cut.inner).expect("it is text");
            prop_assert!(shown.chars().all(|c| !is_deceptive(c) || c == '\n' || c == '\t'));
        }
    }
}
