use proptest::prelude::*;

use super::*;

fn shown(bytes: &[u8]) -> Vec<u8> {
    Written::default().harmless(Stream::Stdout, bytes).into_owned()
}

/// What the runners look for, as GitHub's `ActionCommand.cs`, Azure's `Command.cs` and TeamCity's manual
/// say it: in each line, and in whatever encoding a byte order mark makes of it.
fn is_obeyed(bytes: &[u8]) -> bool {
    let marks = bytes.windows(2).any(|pair| pair == [0xfe, 0xff] || pair == [0xff, 0xfe]);
    let text = String::from_utf8_lossy(bytes);
    marks
        || text.split(['\n', '\r']).any(|line| {
            let line = line.strip_prefix('\u{feff}').unwrap_or(line);
            line.trim_start().starts_with("::")
                || ["##[", "##vso[", "##teamcity["].iter().any(|begin| line.contains(begin))
        })
}

#[test]
fn each_beginning_of_a_command_is_broken() {
    for (bytes, expected) in [
        (&b"::add-mask::x"[..], &b":\\:add-mask::x"[..]),
        (b"a\n \t::error::x\r::x", b"a\n \t:\\:error::x\r:\\:x"),
        ("\u{a0}\u{2003}::x".as_bytes(), "\u{a0}\u{2003}:\\:x".as_bytes()),
        (b"a ##[add-mask]x", b"a ##\\[add-mask]x"),
        (b"###[group]", b"###\\[group]"),
        (b"##vso[task.x]##teamcity[x]", b"##vso\\[task.x]##teamcity\\[x]"),
        (b"\xff\xfe:\0:\0", b"\xff\\\xfe:\0:\0"),
        (b"x\xfe\xff", b"x\xfe\\\xff"),
    ] {
        let shown = shown(bytes);
        assert_eq!(shown, expected, "{}", String::from_utf8_lossy(&shown));
    }
}

#[test]
fn wherever_it_stands_behind_text_of_no_interest() {
    for length in 0..70 {
        let text = "x".repeat(length);
        for (bytes, expected) in [
            (&b"##[x]"[..], &b"##\\[x]"[..]),
            (b"\n::x", b"\n:\\:x"),
            (b"\r::x", b"\r:\\:x"),
            (b"\xff\xfe", b"\xff\\\xfe"),
            (b"\xfe\xff", b"\xfe\\\xff"),
        ] {
            let around = |bytes: &[u8]| [text.as_bytes(), bytes, text.as_bytes()].concat();
            assert_eq!(shown(&around(bytes)), around(expected), "behind {length}");
        }
    }
}

#[test]
fn everything_else_is_as_it_was() {
    for text in
        ["std::mem", "a: b:: c", "# one\n## two [x]\n#[test]\n", "##a-b[", ": :", "\u{1b}[1m", "[]"]
    {
        assert!(matches!(
            Written::default().harmless(Stream::Stdout, text.as_bytes()),
            Cow::Borrowed(same) if same == text.as_bytes()
        ));
    }
}

#[test]
fn the_two_streams_are_looked_at_apart_and_as_one() {
    let mut written = Written::default();
    let mut say = |stream, text: &str| {
        String::from_utf8(written.harmless(stream, text.as_bytes()).into_owned()).expect("text")
    };
    assert_eq!(say(Stream::Stdout, ":"), ":");
    assert_eq!(say(Stream::Stderr, ":x::\n"), "\\:x::\n", "as one");
    assert_eq!(say(Stream::Stderr, "mid "), "mid ");
    assert_eq!(say(Stream::Stdout, "\n"), "\n");
    assert_eq!(say(Stream::Stderr, "line\n##"), "line\n##");
    assert_eq!(say(Stream::Stdout, "mid"), "mid");
    assert_eq!(say(Stream::Stderr, "[x]"), "\\[x]", "apart");
}

/// Bytes of which commands are made, in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b":"[..],
        b"#",
        b"[",
        b"vso",
        b"\n",
        b"\r",
        b" ",
        b"x",
        b"\\",
        b"\xff",
        b"\xfe",
        b"\xc2\xa0",
        b"\0",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_is_obeyed_and_nothing_is_lost(bytes in pieces(), at: prop::sample::Index) {
        let whole = shown(&bytes);
        prop_assert!(!is_obeyed(&whole), "{:?}", String::from_utf8_lossy(&whole));
        // It is stable, however it is cut, and but for backslashes it is what it was.
        prop_assert_eq!(&shown(&whole), &whole);
        let (before, after) = bytes.split_at(at.index(bytes.len() + 1));
        let mut written = Written::default();
        let mut cut = written.harmless(Stream::Stdout, before).into_owned();
        cut.extend_from_slice(&written.harmless(Stream::Stdout, after));
        prop_assert_eq!(&cut, &whole);
        let plain = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().copied().filter(|byte| *byte != b'\\').collect()
        };
        prop_assert_eq!(plain(&whole), plain(&bytes));
    }
}
