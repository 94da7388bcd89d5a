//! Untrusted text where a person decides by it: one line, in which nothing can be taken for a gap, for the
//! end of a row, or for something that is not there.
//!
//! Terminals differ in how wide they draw what is not ASCII. So [`columns`] says how many columns a text takes
//! at most, and what could take more, or could move what stands beside it, is shown as an escape.

use unicode_width::UnicodeWidthChar as _;

use super::is_deceptive;

/// How many combining marks one letter may carry: Vietnamese and Hangul need two, Devanagari three.
const MAX_MARKS: usize = 3;

/// Punctuation that sentences and names of files have, and that looks like nothing in ASCII that means something.
const PUNCTUATION: &str = "–—‘’“”„…«»¿¡§°·€£";

/// The text on one line. Letters, digits, ASCII and usual punctuation stay; everything else is shown as its
/// escape, such as `\u{2236}`, and so is white space but for single spaces between words. A run of one such
/// character is shown once with its number: `\u{20}{40}`.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    // Nothing is there that could carry one.
    let mut marks = MAX_MARKS;
    while let Some(c) = chars.next() {
        let kind = Kind::of(c);
        let is_space_within =
            c == ' ' && !shown.is_empty() && chars.peek().is_some_and(|next| *next != ' ');
        if is_space_within || kind == Kind::Letter || kind == Kind::Sign {
            marks = if kind == Kind::Letter { 0 } else { MAX_MARKS };
            shown.push(c);
        } else if kind == Kind::Mark && marks < MAX_MARKS {
            marks += 1;
            shown.push(c);
        } else {
            marks = MAX_MARKS;
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            match c {
                '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
                _ => shown.extend(c.escape_unicode()),
            }
            if count > 1 {
                shown.push_str(&format!("{{{count}}}"));
            }
        }
    }
    shown
}

/// The same within so many columns: what is longer ends with a note that says how long it is.
pub(crate) fn plain_within(text: &str, limit: usize) -> String {
    let shown = plain(text);
    if columns(&shown) <= limit {
        return shown;
    }
    let cut = &shown[..fitting(&shown, limit)];
    format!("{cut}… ({} characters)", text.chars().count())
}

/// How many columns a text takes at most on any terminal. Sequences that set a style take none.
pub(crate) fn columns(text: &str) -> usize {
    widths(text).map(|(_, width)| width).sum()
}

/// How many bytes of a text fit into so many columns, but at least the first character.
pub(crate) fn fitting(text: &str, limit: usize) -> usize {
    let mut taken = 0;
    let first = text.chars().next().map_or(0, char::len_utf8);
    let fits = widths(text).map_while(|(end, width)| {
        taken += width;
        (taken <= limit).then_some(end)
    });
    fits.last().unwrap_or(first)
}

/// Where each character ends, and how many columns it takes.
fn widths(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut is_style = false;
    text.char_indices().map(move |(at, c)| {
        let is_shown = !is_style && c != '\u{1b}';
        is_style = (is_style && c != 'm') || c == '\u{1b}';
        (at + c.len_utf8(), if is_shown { width(c) } else { 0 })
    })
}

fn width(c: char) -> usize {
    match c {
        '\t' => 8,
        _ if c.is_ascii() => 1,
        // A terminal that does not put marks above letters takes a column for each.
        _ if c.width() == Some(0) => 1,
        _ => 2,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A letter or digit, which may carry marks.
    Letter,
    Mark,
    /// ASCII that is seen, or usual punctuation.
    Sign,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        if c.is_ascii_graphic() {
            return if c.is_ascii_alphanumeric() { Self::Letter } else { Self::Sign };
        }
        if is_deceptive(c) || c > '\u{ffff}' || is_right_to_left(c) || is_compatibility_form(c) {
            return Self::Other;
        }
        match c.width() {
            Some(0) => Self::Mark,
            _ if c.is_alphanumeric() => Self::Letter,
            _ if PUNCTUATION.contains(c) => Self::Sign,
            _ => Self::Other,
        }
    }
}

/// The blocks of Hebrew, Arabic and other scripts that terminals may draw in the opposite direction, and with
/// them the signs and spaces beside them.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

/// Forms of other characters: ASCII in full width looks like ASCII.
fn is_compatibility_form(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe6f}' | '\u{ff00}'..='\u{ffef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_in_any_script_stay() {
        for text in [
            "a b/c.txt",
            "żółć 漢字 Ελλάδα",
            "e\u{301}t\u{e9}",
            "हिन्दी",
            "“so” – it’s…",
            "x|y: [z]",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn gaps_and_look_alikes_are_escaped_and_counted() {
        for (text, expected) in [
            ("a  b", r"a\u{20}{2}b"),
            (" a ", r"\u{20}a\u{20}"),
            ("a\n\n\tb", r"a\n{2}\tb"),
            ("a\u{a0}b\u{3000}\u{3164}\u{3164}\u{2800}", r"a\u{a0}b\u{3000}\u{3164}{2}\u{2800}"),
            ("\u{2236}\u{2502}\u{ff41}\u{1d41a}🎉", r"\u{2236}\u{2502}\u{ff41}\u{1d41a}\u{1f389}"),
            ("a\u{5d0}\u{202e}", r"a\u{5d0}\u{202e}"),
            ("a\u{301}\u{302}\u{303}\u{304}\u{301}", "a\u{301}\u{302}\u{303}\\u{304}\\u{301}"),
            ("\u{301}/\u{301}", r"\u{301}/\u{301}"),
        ] {
            assert_eq!(plain(text), expected);
        }
        let padded = format!("x{}", " ".repeat(4000));
        assert_eq!(plain(&padded), r"x\u{20}{4000}");
    }

    #[test]
    fn what_is_cut_says_its_length() {
        assert_eq!(plain_within("abcdef", 6), "abcdef");
        assert_eq!(plain_within("abcdefg", 6), "abcdef… (7 characters)");
        assert_eq!(plain_within("漢字漢字", 5), "漢字… (4 characters)");
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_it_is_said_to_be(text in any::<String>()) {
            let shown = plain(&text);
            prop_assert!(!shown.contains("  ") && shown.trim() == shown, "{shown:?}");
            prop_assert!(shown.chars().all(|c| !c.is_control() && !is_deceptive(c)), "{shown:?}");
            prop_assert!(unicode_width::UnicodeWidthStr::width_cjk(shown.as_str()) <= columns(&shown));
        }
    }
}
