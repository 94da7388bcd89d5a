//! The escaper: nothing that it lets through acts, and how its input is cut changes nothing.

use std::io::Write as _;

use super::assert_plain;
use crate::report::{Stream, VisibleWriter, Written};
use crate::text::{self, visible, visible_line, visible_styled};

/// The first byte says where the rest is cut.
pub fn escaper(bytes: &[u8]) {
    let Some((&at, bytes)) = bytes.split_first() else { return };
    let cut = bytes.split_at(usize::from(at).min(bytes.len()));
    let text = String::from_utf8_lossy(bytes);
    texts(&text);
    json(&text);
    terminal(bytes, cut);
    obeyed(bytes, cut);
}

fn texts(text: &str) {
    for escape in [visible, visible_line] {
        let shown = escape(text);
        assert_plain("a text", &shown);
        assert_eq!(escape(&shown), shown, "again");
    }
    assert!(!visible_line(text).contains('\n'));
    let mut styled = visible_styled(text);
    for style in ["0m", "1m", "4m", "31m", "32m", "33m"] {
        styled = styled.replace(&format!("\u{1b}[{style}"), "");
    }
    assert_plain("a styled text", &styled);
}

fn json(text: &str) {
    let value = serde_json::json!({ text: [text] });
    for pretty in [false, true] {
        let shown = text::json(&value, pretty);
        assert_plain("JSON", &shown);
        let same = serde_json::from_str::<serde_json::Value>(&shown);
        assert_eq!(same.ok().as_ref(), Some(&value), "{shown}");
        let harmless = Written::default().harmless(Stream::Stderr, shown.as_bytes()).into_owned();
        assert_eq!(harmless, shown.as_bytes(), "JSON is what it is under a CI system, too");
    }
}

fn terminal(bytes: &[u8], (before, after): (&[u8], &[u8])) {
    let whole = shown(&[bytes]);
    assert_eq!(shown(&[before, after]), whole, "cut");
    let text = String::from_utf8(whole.clone()).expect("what is shown is text");
    assert_plain("a stream", &text);
    assert_eq!(shown(&[&whole]), whole, "again");
    if let Ok(valid) = std::str::from_utf8(bytes) {
        assert_eq!(text, visible(valid));
    }
}

fn shown(writes: &[&[u8]]) -> Vec<u8> {
    let mut shown = Vec::new();
    let mut writer = VisibleWriter::new(&mut shown);
    for bytes in writes {
        writer.write_all(bytes).expect("memory can be written");
    }
    drop(writer);
    shown
}

fn obeyed(bytes: &[u8], (before, after): (&[u8], &[u8])) {
    let whole = harmless(&[(Stream::Stdout, bytes)]);
    assert_harmless(&whole);
    assert_eq!(harmless(&[(Stream::Stdout, &whole)]), whole, "again");
    assert_eq!(harmless(&[(Stream::Stdout, before), (Stream::Stdout, after)]), whole, "cut");
    let plain =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|byte| *byte != b'\\').collect() };
    assert_eq!(plain(&whole), plain(bytes), "nothing but backslashes is added");
    // Both streams into one pipe, or only the second looked at.
    let both = harmless(&[(Stream::Stdout, before), (Stream::Stderr, after)]);
    assert_harmless(&both);
    let mut written = Written::default();
    let _ = written.harmless(Stream::Stdout, before);
    assert_harmless(&written.harmless(Stream::Stderr, after));
}

fn harmless(writes: &[(Stream, &[u8])]) -> Vec<u8> {
    let mut written = Written::default();
    writes
        .iter()
        .flat_map(|(stream, bytes)| written.harmless(*stream, bytes).into_owned())
        .collect()
}

/// What the runners of CI systems look for is not there.
fn assert_harmless(bytes: &[u8]) {
    assert!(!bytes.windows(2).any(|pair| matches!(pair, [0xfe, 0xff] | [0xff, 0xfe])));
    let text = String::from_utf8_lossy(bytes);
    for line in text.split(['\n', '\r']) {
        let begin = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        assert!(!begin.starts_with("::"), "{line:?}");
        for prefix in ["##[", "##vso[", "##teamcity["] {
            assert!(!line.contains(prefix), "{line:?}");
        }
    }
}
