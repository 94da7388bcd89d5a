//! Text from outside is hostile: what could steer a terminal is shown, not sent.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::plugin::is_deceptive;

/// The text with every character that could steer a terminal or turn text around replaced by its
/// escape, such as `\u{1b}`. Line feeds and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut shown, c);
    }
    shown
}

/// The same on one line.
pub(crate) fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// The same, but for the sequences that set colors and weight, and nothing else.
pub(super) fn visible_styled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        shown.push_str(&visible(before));
        let digits = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(after.len());
        if after[digits..].starts_with('m') {
            shown.push_str("\u{1b}[");
            shown.push_str(&after[..=digits]);
            rest = &after[digits + 1..];
        } else {
            shown.push_str(&visible("\u{1b}["));
            rest = after;
        }
    }
    shown + &visible(rest)
}

fn push(shown: &mut String, c: char) {
    if is_deceptive(c) && !matches!(c, '\n' | '\t') {
        // Writing to a string does not fail.
        let _ = write!(shown, "{}", c.escape_default());
    } else {
        shown.push(c);
    }
}

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
                    text.chars().for_each(|c| push(&mut shown, c));
                    rest = &[];
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    String::from_utf8_lossy(good).chars().for_each(|c| push(&mut shown, c));
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

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\tc\n"), "a\\u{1b}[31mb\tc\n");
        assert_eq!(visible("\u{202e}x\u{9b}\r"), "\\u{202e}x\\u{9b}\\r");
        assert_eq!(visible_line("a\nb"), "a\\nb");
        assert_eq!(visible("żółć 漢字 🎉"), "żółć 漢字 🎉");
    }

    #[test]
    fn styles_stay_where_they_may() {
        assert_eq!(
            visible_styled("\u{1b}[1;31mred\u{1b}[0m\u{1b}[m"),
            "\u{1b}[1;31mred\u{1b}[0m\u{1b}[m"
        );
        assert_eq!(
            visible_styled("\u{1b}[2J\u{1b}[1\u{1b}]0;x\u{7}"),
            "\\u{1b}[2J\\u{1b}[1\\u{1b}]0;x\\u{7}"
        );
    }

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
