//! Text from outside is hostile: what could steer a terminal is shown, not sent.

mod plain;

use std::fmt::Write as _;

pub(crate) use plain::{columns, fitting, plain, plain_within};

/// Whether a character acts on a terminal, or on the order or presence of what it shows, instead of
/// being shown: control characters, and those that change the direction of text or have no shape
/// (Unicode TR 36 and its `Default_Ignorable_Code_Point`). Selectors of variants stay, for emoji have them.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every deceptive character replaced by its escape, such as `\u{1b}`. Line feeds and
/// tabs stay.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    shown
}

/// The same on one line.
pub(crate) fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// The styles of clap's messages: bold, underlined, red, green, yellow, and the end of them. None hides
/// anything.
const STYLES: [&str; 6] = ["0m", "1m", "4m", "31m", "32m", "33m"];

/// The same, but for the sequences that set one of the [`STYLES`].
pub(crate) fn visible_styled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        shown.push_str(&visible(before));
        if let Some(style) = STYLES.iter().find(|style| after.starts_with(**style)) {
            shown.push_str("\u{1b}[");
            shown.push_str(style);
            rest = &after[style.len()..];
        } else {
            shown.push_str(&visible("\u{1b}["));
            rest = after;
        }
    }
    shown + &visible(rest)
}

/// Adds a character, or its escape.
pub(crate) fn push_visible(shown: &mut String, c: char) {
    if is_deceptive(c) && !matches!(c, '\n' | '\t') {
        shown.extend(c.escape_default());
    } else {
        shown.push(c);
    }
}

/// JSON with deceptive characters inside its strings escaped as JSON has it, and with them the beginnings
/// of commands that CI systems look for anywhere in a line (`##[`): the same value, and fit for a terminal
/// and for a CI system.
pub(crate) fn json(value: &serde_json::Value, pretty: bool) -> String {
    escaped_json(if pretty { format!("{value:#}") } else { value.to_string() })
}

/// The same of JSON that is a text already.
pub(crate) fn escaped_json(text: String) -> String {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    if !text.contains("##") && text.as_bytes().iter().all(is_plain) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (is_deceptive(c) && c != '\n') || (c == '[' && ends_in_hashes(&shown)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether the text ends in `##`, or in `##` and letters; outside of strings JSON never does.
fn ends_in_hashes(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).ends_with("##")
}

#[cfg(test)]
mod tests {
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
            visible_styled("\u{1b}[1m\u{1b}[31mred\u{1b}[0m"),
            "\u{1b}[1m\u{1b}[31mred\u{1b}[0m"
        );
        // Hidden, black on black, blinking: a message has none of it but from what was typed.
        assert_eq!(visible_styled("\u{1b}[8m\u{1b}[30;40m"), "\\u{1b}[8m\\u{1b}[30;40m");
        assert_eq!(
            visible_styled("\u{1b}[2J\u{1b}[1\u{1b}]0;x\u{7}"),
            "\\u{1b}[2J\\u{1b}[1\\u{1b}]0;x\\u{7}"
        );
    }

    #[test]
    fn json_stays_the_same_value() {
        let value =
            serde_json::json!({ "a": "\u{9b}2J\u{202e}\n\u{e0041}", "##": [1], "b##[": "##vso[x" });
        for pretty in [false, true] {
            let text = json(&value, pretty);
            assert!(text.chars().all(|c| c == '\n' || !is_deceptive(c)), "{text}");
            assert!(!text.contains("##[") && !text.contains("##vso["), "{text}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON"),
                value
            );
        }
    }
}
