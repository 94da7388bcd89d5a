//! Makes values of the fuzzer's bytes, with those that a check would accept more often than chance.

use crate::permission::{Access, Capability, Kind, PathKind, PathSpec, Request};
use crate::plugin::{ArgumentSpec, Declared, Shape, ValueSpec, ValueType};

/// What is left of the bytes. At their end all values are the least.
pub(super) struct Source<'b>(pub(super) &'b [u8]);

impl Source<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn number(&mut self, below: u8) -> usize {
        usize::from(self.byte() % below.max(1))
    }

    fn coin(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    pub(super) fn list<T>(&mut self, most: u8, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.number(most)).map(|_| make(self)).collect()
    }

    /// A text of at most 63 bytes, whatever they are.
    pub(super) fn text(&mut self) -> String {
        let length = self.number(64);
        let (text, rest) = self.0.split_at(length.min(self.0.len()));
        let text = String::from_utf8_lossy(text).into_owned();
        self.0 = rest;
        text
    }

    /// One of the words, or any text.
    fn word(&mut self, words: &[&str]) -> String {
        match words.get(self.number(16)) {
            Some(word) => (*word).to_owned(),
            None => self.text(),
        }
    }

    fn integer(&mut self) -> i64 {
        match self.byte() {
            0 => i64::MIN,
            255 => i64::MAX,
            byte => i64::from(byte.cast_signed()),
        }
    }

    pub(super) fn declared(&mut self) -> Declared {
        Declared {
            name: self.word(&["demo", "demo", "demo", "demo", "a-b", "list"]),
            version: self.word(&["1.0.0", "1.0.0", "1.0.0", "1.2.3-rc.1+b", "1"]),
            summary: self.word(&["For tests", ".sy x"]),
            description: self.some(Self::text),
            arguments: self.list(6, Self::argument),
            configuration_schema: self.some(|source| {
                source.word(&[
                    "{}",
                    r#"{"type":"object"}"#,
                    r#"{"properties":{"a":{"type":"integer"}}}"#,
                ])
            }),
            requests: self.list(3, Self::request),
        }
    }

    fn argument(&mut self) -> ArgumentSpec {
        ArgumentSpec {
            name: self.word(&["a", "b", "c", "long-name", "no-a", "help", "input", "x1"]),
            short: self.some(|source| char::from(source.byte())),
            help: self.text(),
            shape: match self.number(3) {
                0 => Shape::Flag,
                1 => Shape::Option(self.value()),
                _ => Shape::Positional(self.value()),
            },
            configuration_key: self.some(|source| source.word(&["a", "b", "key", "other_key"])),
        }
    }

    fn value(&mut self) -> ValueSpec {
        ValueSpec {
            kind: match self.number(5) {
                0 => ValueType::Text,
                1 => ValueType::Integer {
                    min: self.some(Self::integer),
                    max: self.some(Self::integer),
                },
                2 => ValueType::Number,
                3 => {
                    ValueType::Choice(self.list(4, |source| source.word(&["red", "green", "x:y"])))
                }
                _ => ValueType::Path(PathSpec {
                    kind: if self.coin() { PathKind::File } else { PathKind::Directory },
                    access: if self.coin() { Access::Read } else { Access::Write },
                }),
            },
            required: self.coin(),
            repeated: self.coin(),
            default: self.some(|source| source.word(&["1", "red", "dir/file", "-1"])),
            placeholder: self.some(|source| source.word(&["FILE", "file"])),
        }
    }

    fn request(&mut self) -> Request {
        Request {
            capability: match self.number(7) {
                0 => Capability::new(Kind::Read, self.word(&[".", "src/**/*.rs", "..", "/"])),
                1 => Capability::new(Kind::Write, self.word(&[".", "out", "a\\b", "["])),
                2 => Capability::new(Kind::Connect, self.word(&["a.example:1", "*:*", "[::1]:1"])),
                3 => Capability::new(Kind::Udp, self.word(&["10.0.0.0/8:*", "a:0"])),
                4 => Capability::new(Kind::Resolve, self.word(&["*", "*.example", "127.1"])),
                5 => Capability::new(Kind::Http, self.word(&["https://a.example", "a", "a/b"])),
                _ => Capability::new(Kind::Env, self.word(&["HOME", "CI_*", "A=B"])),
            },
            reason: self.text(),
        }
    }

    /// What somebody may type for a command with these arguments.
    pub(super) fn typed(&mut self, arguments: &[ArgumentSpec]) -> Vec<String> {
        self.list(10, |source| {
            let spec = arguments.get(source.number(8));
            match (source.number(6), spec) {
                (0 | 1, Some(spec)) => format!("--{}", spec.name),
                (2, Some(spec)) => format!("--{}={}", spec.name, source.word(&["1", "red", "-5"])),
                (3, Some(spec)) => format!("--no-{}", spec.name),
                (4, Some(ArgumentSpec { short: Some(short), .. })) => format!("-{short}"),
                _ => source.word(&["1", "-1", "red", "--", "-", "x", "1.5", "9223372036854775808"]),
            }
        })
    }
}
