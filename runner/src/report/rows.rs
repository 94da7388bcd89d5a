//! Rows of a terminal: lines that the runner breaks by itself, so that no row begins with somebody else's words.

use super::console::Console;
use super::obeyed::Stream;
use crate::text::{columns, fitting};

/// What a row begins with that goes on with the one above.
pub(super) const CONTINUED: &str = "    | ";

/// The size of a terminal that does not say what it is.
const USUAL: (usize, usize) = (80, 24);

/// In fewer columns nothing is broken: there is hardly room for more than the beginning of a row.
pub(super) const MIN_COLUMNS: usize = 20;

/// How long a text of somebody else's is where it stands in a list or a message, in columns.
pub(super) const MAX_TEXT: usize = 400;

impl Console {
    /// Columns and rows of the terminal, if this stream is one.
    pub(super) fn size(&self, stream: Stream) -> Option<(usize, usize)> {
        let is_terminal = match stream {
            Stream::Stdout => self.streams.stdout_is_terminal,
            Stream::Stderr => self.streams.stderr_is_terminal,
        };
        is_terminal.then(|| size_of(stream))
    }

    /// The text with its lines broken to fit the terminal, if the stream is one.
    pub(super) fn fitted(&self, stream: Stream, text: &str) -> String {
        let Some((columns, _)) = self.size(stream).filter(|(columns, _)| *columns >= MIN_COLUMNS)
        else {
            return text.to_owned();
        };
        let rows = text.lines().flat_map(|line| broken(line, columns, CONTINUED));
        rows.map(|row| row + "\n").collect()
    }

    /// Writes lines to standard error, broken to fit the terminal.
    pub(super) fn err_lines(&self, text: &str) {
        self.err(&self.fitted(Stream::Stderr, text));
    }

    /// Writes lines to standard output, broken to fit the terminal.
    pub(super) fn out_lines(&self, text: &str) -> std::io::Result<()> {
        self.out(&self.fitted(Stream::Stdout, text))
    }
}

#[cfg(unix)]
fn size_of(stream: Stream) -> (usize, usize) {
    let size = match stream {
        Stream::Stdout => rustix::termios::tcgetwinsize(std::io::stdout()),
        Stream::Stderr => rustix::termios::tcgetwinsize(std::io::stderr()),
    };
    let known = |number: u16, usual| if number == 0 { usual } else { usize::from(number) };
    size.map_or(USUAL, |size| (known(size.ws_col, USUAL.0), known(size.ws_row, USUAL.1)))
}

#[cfg(not(unix))]
fn size_of(_: Stream) -> (usize, usize) {
    USUAL
}

/// One line as rows of so many columns, each but the first with a prefix: broken behind a space where that
/// leaves no row half empty, else anywhere.
pub(super) fn broken(line: &str, room: usize, prefix: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut rest = line;
    loop {
        let room = room.saturating_sub(columns(&row)).max(1);
        let end = fitting(rest, room);
        if end == rest.len() {
            row.push_str(rest);
            rows.push(row);
            return rows;
        }
        let behind_space = rest[..end].rfind(' ').map(|at| at + 1);
        let end = behind_space.filter(|at| columns(&rest[..*at]) * 2 > room).unwrap_or(end);
        row.push_str(&rest[..end]);
        rows.push(std::mem::replace(&mut row, prefix.to_owned()));
        rest = &rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_elsewhere() {
        assert_eq!(broken("short", 20, "  | "), ["short"]);
        assert_eq!(broken("", 20, "  | "), [""]);
        assert_eq!(broken("one two three", 8, "| "), ["one two ", "| three"]);
        assert_eq!(broken("abcdefghijkl", 6, "| "), ["abcdef", "| ghij", "| kl"]);
        assert_eq!(broken("漢字漢字", 5, "| "), ["漢字", "| 漢", "| 字"]);
        assert_eq!(broken("\u{1b}[32mok\u{1b}[0m abc", 6, "| "), ["\u{1b}[32mok\u{1b}[0m abc"]);
    }

    #[test]
    fn no_row_is_wider_than_there_is_room() {
        let line = "x漢 e\u{301} ".repeat(50) + &"y".repeat(300);
        for room in [8, 20, 79] {
            let rows = broken(&line, room, "    | ");
            assert!(rows.iter().all(|row| columns(row) <= room), "{rows:?}");
            assert!(rows[1..].iter().all(|row| row.starts_with("    | ")), "{rows:?}");
            let joined: String =
                rows.iter().map(|row| row.strip_prefix("    | ").unwrap_or(row)).collect();
            assert_eq!(joined, line);
        }
    }
}
