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

/// Two threads write the halves of commands to both streams, of which each byte goes out alone.
#[test]
fn what_is_known_is_in_the_order_of_the_writes() {
    struct Slow(Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            for byte in bytes {
                std::thread::yield_now();
                self.0.lock().expect("a log").push(*byte);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    for _ in 0..20 {
        let (pipe, written) = (Arc::default(), Arc::default());
        std::thread::scope(|scope| {
            for (stream, pieces) in [
                (Stream::Stdout, ["\n", ":", "##", "x"]),
                (Stream::Stderr, [":add-mask::x", "vso", "[x]", "\n:"]),
            ] {
                let inner = Slow(Arc::clone(&pipe));
                let mut writer = HarmlessWriter { inner, stream, written: Arc::clone(&written) };
                scope.spawn(move || {
                    for piece in pieces.iter().cycle().take(400) {
                        writer.write_all(piece.as_bytes()).expect("memory");
                    }
                });
            }
        });
        let log = pipe.lock().expect("a log");
        assert!(!is_obeyed(&log), "{}", String::from_utf8_lossy(&log));
    }
}

/// A pipe that takes nothing more in the middle of a write.
#[test]
fn after_a_write_that_failed_everything_may_have_been_written() {
    struct Full(usize, Vec<u8>);

    impl Write for &mut Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.0.min(bytes.len());
            self.0 -= room;
            self.1.extend_from_slice(&bytes[..room]);
            if room == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(room) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    for (before, after) in
        [("a\n:x", ":add-mask::x"), ("a\nxx", "::x"), ("a##bc", "[x]"), ("##xy", "vso[x]")]
    {
        for room in 1..before.len() {
            let mut full = Full(room, Vec::new());
            let written = Arc::default();
            let mut write = |bytes: &str, room| {
                full.0 = room;
                let written = Arc::clone(&written);
                let mut writer =
                    HarmlessWriter { inner: &mut full, stream: Stream::Stdout, written };
                writer.write_all(bytes.as_bytes())
            };
            assert!(write(before, room).is_err());
            assert!(write(after, 99).is_ok());
            assert!(!is_obeyed(&full.1), "{}", String::from_utf8_lossy(&full.1));
        }
    }
}

#[test]
fn an_open_end_is_closed_by_a_line_break() {
    for (bytes, is_open) in [
        (&b":"[..], true),
        (b"a\n \x1b:", true),
        (b"x #", true),
        (b"##vso", true),
        (b"\xff", true),
        (b"a:", false),
        (b":\\:", false),
        (b"##-", false),
        (b"\n", false),
        (b"", false),
        (b"\xe2\x80", false),
    ] {
        let mut written = Written::default();
        let _ = written.harmless(Stream::Stdout, bytes);
        assert_eq!(!written.open().is_empty(), is_open, "{}", String::from_utf8_lossy(bytes));
        for stream in written.open() {
            let _ = written.harmless(stream, b"\n");
        }
        assert!(written.open().is_empty());
    }
    // A half that is there only where the two are one.
    let mut written = Written::default();
    let _ = written.harmless(Stream::Stderr, b"mid");
    let _ = written.harmless(Stream::Stdout, b"x\n");
    let _ = written.harmless(Stream::Stderr, b":");
    assert_eq!(written.open(), [Stream::Stderr]);
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
