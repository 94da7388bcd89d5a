//! What the user sees. The only place that writes to standard output.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use bytesize::ByteSize;

use crate::scan::Found;
use crate::sweep::Swept;

/// Writes a line for each artifact, and one for all.
pub(crate) struct Show<W> {
    out: W,
    verb: &'static str,
    kind_width: usize,
}

impl<W: Write> Show<W> {
    /// Writes to `out`; `kinds` are those that will come.
    pub(crate) fn new(
        out: W,
        dry_run: bool,
        kinds: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let kind_width = kinds.into_iter().map(str::len).max().unwrap_or_default();
        Self { out, verb: if dry_run { "would remove" } else { "removed" }, kind_width }
    }

    /// The line of one artifact.
    pub(crate) fn artifact(&mut self, path: &Path, found: &Found, swept: &Swept) -> io::Result<()> {
        let size = size(swept.bytes);
        let slash = if found.is_directory { "/" } else { "" };
        let (verb, width) = (self.verb, self.kind_width);
        let path = printable(&path.to_string_lossy()).into_owned();
        writeln!(
            self.out,
            "{verb}  {:width$}  {size:>10}  {path}{slash}{}",
            found.kind,
            note(swept)
        )
    }

    /// The last line.
    pub(crate) fn total(&mut self, removed: u64, bytes: u64, left: u64) -> io::Result<()> {
        let left = match left {
            0 => String::new(),
            1 => " (1 left alone)".to_owned(),
            left => format!(" ({left} left alone)"),
        };
        match removed {
            0 => writeln!(self.out, "nothing to remove{left}")?,
            1 => writeln!(self.out, "{} 1 artifact, {}{left}", self.verb, size(bytes))?,
            n => writeln!(self.out, "{} {n} artifacts, {}{left}", self.verb, size(bytes))?,
        }
        self.out.flush()
    }
}

fn size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

/// What stays in the artifact, and why.
fn note(swept: &Swept) -> String {
    let mut parts: Vec<_> =
        swept.stays.iter().map(|(reason, count)| reason.words(*count)).collect();
    if !swept.failures.is_empty() {
        parts.push(format!("{} that failed", swept.failures.len()));
    }
    if parts.is_empty() { String::new() } else { format!("  (stays: {})", parts.join(", ")) }
}

/// The text without characters that a terminal would obey, or that would turn its direction.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_harmful(character) {
            // Writing to a string does not fail.
            let _ = write!(safe, "{}", character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe.into()
}

fn is_harmful(character: char) -> bool {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
    character.is_control()
        || turns.contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_commanded_by_a_name() {
        assert_eq!(printable("plain/grün"), "plain/grün");
        assert_eq!(printable("a\x1b[31m\nb\u{202e}c"), "a\\u{1b}[31m\\nb\\u{202e}c");
    }
}
