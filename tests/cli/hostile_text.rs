//! Whatever a plugin says, and in whichever way, a terminal is not steered by it; whole, and cut in two at
//! every place.
#![cfg(unix)]

use crate::harness::{Ended, Project, guests};

/// Each class of hostile bytes, and how a terminal shows it.
const HOSTILE: [(&[u8], &str); 18] = [
    (b"\x1b[2J\x1b[31mred", r"\u{1b}[2J\u{1b}[31mred"),
    (b"\x1b]0;title\x07", r"\u{1b}]0;title\u{7}"),
    (b"\x1b]8;;https://evil.example\x1b\\safe", r"\u{1b}]8;;https://evil.example\u{1b}\safe"),
    (b"\x1b]52;c;cm0gLXJm\x1b\\", r"\u{1b}]52;c;cm0gLXJm\u{1b}\"),
    (b"\x1bP+q544e\x1b\\\x1b_x\x1b^y\x1bc", r"\u{1b}P+q544e\u{1b}\\u{1b}_x\u{1b}^y\u{1b}c"),
    // C1, as UTF-8 and as it was before.
    ("\u{9b}2J\u{9d}0;x\u{9c}\u{90}".as_bytes(), r"\u{9b}2J\u{9d}0;x\u{9c}\u{90}"),
    (b"\x9b2J\x9d0;x\x9c\x90", r"\x9b2J\x9d0;x\x9c\x90"),
    (b"safe\rfake\x08\x08\x7f\x0e\x0b\x0c\0", r"safe\rfake\u{8}\u{8}\u{7f}\u{e}\u{b}\u{c}\u{0}"),
    (
        "a\u{202e}b\u{202a}\u{2066}\u{2069}\u{200f}\u{61c}".as_bytes(),
        r"a\u{202e}b\u{202a}\u{2066}\u{2069}\u{200f}\u{61c}",
    ),
    (
        "a\u{200b}\u{ad}\u{2060}\u{feff}\u{3164}".as_bytes(),
        r"a\u{200b}\u{ad}\u{2060}\u{feff}\u{3164}",
    ),
    ("\u{e0041}\u{e0100}\u{1d173}".as_bytes(), r"\u{e0041}\u{e0100}\u{1d173}"),
    ("\u{2028}\u{2029}\u{85}".as_bytes(), r"\u{2028}\u{2029}\u{85}"),
    // No UTF-8: overlong, a surrogate, beyond the last character, cut off.
    (b"\xc0\x9b\xe0\x80\x9b", r"\xc0\x9b\xe0\x80\x9b"),
    (b"\xed\xa0\x80", r"\xed\xa0\x80"),
    (b"\xf4\x90\x80\x80\xff", r"\xf4\x90\x80\x80\xff"),
    (b"x\xe2\x80\x1b[2J", r"x\xe2\x80\u{1b}[2J"),
    (b"end\xf0\x9f\x8e", r"end\xf0\x9f\x8e"),
    ("żółć 漢字 🎉\u{fe0f} é\t".as_bytes(), "żółć 漢字 🎉\u{fe0f} é\t"),
];

/// The ways of which each brings any bytes to the terminal as they are.
const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// The ways that take text, and how the program ends.
const TEXTS: [(&str, i32); 3] = [("log", 0), ("fail", 1), ("retry", 75)];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a terminal acts on it, or lets it act on what it shows.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || "\u{202e}\u{2066}\u{200b}\u{ad}".contains(c)
}

#[track_caller]
fn steers_nothing(ended: &Ended<'_>) {
    let shown = String::from_utf8(ended.bytes().to_vec()).expect("what is shown is text");
    assert!(!shown.contains(acts), "{shown:?}");
}

#[test]
fn in_its_output() {
    let project = Project::new().guest(guests::RECITE);
    for (bytes, shown) in HOSTILE {
        for way in STREAMS {
            let call = project.call(["recite", way, &hex(bytes), "--cut"]);
            let ended = call.on_terminal().succeeds();
            steers_nothing(&ended);
            assert_eq!(ended.stdout(), format!("{shown}\n").repeat(bytes.len() + 1), "{way}");
            // And through a pipe each byte is what it was.
            let ended = project.call(["recite", way, &hex(bytes)]).succeeds();
            assert_eq!([ended.bytes(), ended.error_bytes()].concat(), bytes, "{way}");
        }
    }
}

#[test]
fn in_what_it_logs_and_why_it_fails() {
    let project = Project::new().guest(guests::RECITE);
    for (bytes, _) in HOSTILE {
        for (way, code) in TEXTS {
            for format in ["human", "json"] {
                let ended = project
                    .call(["recite", way, &hex(bytes), "--color=never", "--attempts=2"])
                    .with(["--backoff-delay=1ms", "--format", format, "--log-format", format])
                    .on_terminal()
                    .exits(code);
                steers_nothing(&ended);
            }
        }
    }
}

/// The name of a field has no more power than its value.
#[test]
fn in_the_name_of_a_field() {
    let project = Project::new().guest(guests::RECITE);
    project
        .call(["recite", "log", &hex(b"a=1 b"), "--color=never"])
        .succeeds()
        .reporting(r#" ERROR recite a=1 b "a=1 b"="a=1 b""#);
}

#[test]
fn in_its_progress() {
    let project = Project::new().guest(guests::RECITE);
    let texts = HOSTILE
        .iter()
        .filter(|(bytes, shown)| std::str::from_utf8(bytes).is_ok() && shown.contains('\\'));
    for (bytes, shown) in texts {
        let call = project.call(["recite", "progress", &hex(bytes)]);
        let ended = call.on_terminal().succeeds().printing(shown);
        // The bar's own are the ways to the beginning of its line, and to an empty one.
        let shown = ended.stdout().replace("\u{1b}[2K", "").replace('\r', "");
        assert!(!shown.contains(acts), "{shown:?}");
    }
}

/// Clap quotes what was typed, in colors of its own.
#[test]
fn in_what_was_typed() {
    let project = Project::new().guest(guests::RECITE);
    for (bytes, _) in HOSTILE {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        // The system lets no argument hold it.
        let text = &text.replace('\0', "");
        for arguments in [
            vec!["recite", text, "00"],
            vec!["recite", "log", "00", text],
            vec![text],
            vec!["help", text],
        ] {
            let call = project.call(&arguments).with(["--color=always"]).on_terminal();
            let code = if arguments[0] == "recite" { 2 } else { 127 };
            let mut shown = call.exits(code).stdout();
            for style in ["0", "1", "4", "31", "32", "33", "36"] {
                shown = shown.replace(&format!("\u{1b}[{style}m"), "");
            }
            assert!(!shown.contains(acts), "{shown:?}");
        }
    }
    // Nothing that was typed is hidden.
    project
        .call(["recite", "\u{1b}[8mhidden", "--color=always"])
        .exits(2)
        .reporting(r"\u{1b}[8mhidden");
}

#[test]
fn in_its_help_and_its_manual_page() {
    let project = Project::new().guest(guests::RECITE);
    for arguments in
        [vec!["list"], vec![], vec!["help", "recite"], vec!["recite", "-h"], vec!["man", "recite"]]
    {
        let call = project.call(&arguments).with(["--color=never"]).on_terminal();
        steers_nothing(&call.exits(i32::from(arguments.is_empty())));
    }
    // A request of roff's stands first in its line, an escape sequence behind a backslash.
    let page = project.call(["man", "recite"]).succeeds().printing("sy described").stdout();
    let is_request = |line: &&str| line.starts_with(['.', '\'']) && line.contains("described");
    assert_eq!(page.lines().find(is_request), None, "{page}");
    assert!(!page.contains(r"\X") || page.contains(r"\\X"), "{page}");
    assert!(!page.replace(r"\\", "").contains(r"\X"), "{page}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        project.call(["completions", shell]).succeeds().without("[add-mask]").without("::add-mask");
    }
}
