//! One glob, as steps that a byte of a path is held against.

use std::sync::Arc;

use globset::GlobBuilder;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::PermissionError;

/// One glob, as it is written and as what it comes to.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    text: Box<str>,
    /// What it stands for, one of them without alternatives each.
    pub(super) sequences: Arc<[Sequence]>,
}

/// Bytes that follow one another. Between them, and at both ends, there may be any number of some others.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    pub(super) steps: Vec<Bytes>,
    /// What may be repeated before each step, and after the last.
    pub(super) gaps: Vec<Bytes>,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes([u64; 4]);

/// The longest glob.
const MAX_TEXT: usize = 1024;

/// As many characters of it are shown where it is wrong.
const MAX_SHOWN: usize = 80;

/// The most steps of one glob, with its alternatives written out.
const MAX_STEPS: usize = 2048;

const TOO_COMPLEX: &str = "it has too many alternatives";

impl Glob {
    pub(super) fn parse(text: &str) -> Result<Self, PermissionError> {
        // What is wrong is told behind it.
        let shown = || match text.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        let fail = |problem: String| PermissionError::Glob { glob: shown(), problem };
        if text.split('/').any(|part| part == "..") {
            return Err(fail("`..` behind the first `*`".into()));
        }
        if text.len() > MAX_TEXT {
            return Err(fail("longer than 1,024 bytes".into()));
        }
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| fail(error.kind().to_string()))?;
        // What a glob means is globset's word alone: it is asked for the regular expression.
        let sequences = ParserBuilder::new()
            .utf8(false)
            .dot_matches_new_line(true)
            .build()
            .parse(glob.regex())
            .ok()
            .and_then(|hir| extended(vec![Sequence::empty()], &hir))
            .ok_or_else(|| fail(TOO_COMPLEX.into()))?;
        Ok(Self { text: text.into(), sequences: sequences.into() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// What it costs to look for it.
    pub(super) fn size(&self) -> usize {
        self.sequences.iter().map(Sequence::states).sum()
    }

    /// Whether it covers a directory with everything in it, if it covers it at all.
    pub(super) fn is_whole(&self) -> bool {
        self.text.rsplit('/').next() == Some("**")
    }
}

/// Adds to each of the sequences what an expression stands for; nothing where that is too much.
fn extended(sequences: Vec<Sequence>, hir: &Hir) -> Option<Vec<Sequence>> {
    let extended = match hir.kind() {
        // `^` and `$` stand at both ends, and nowhere else.
        HirKind::Empty | HirKind::Look(_) => sequences,
        HirKind::Literal(literal) => {
            let bytes = literal.0.iter().map(|byte| Bytes::one(*byte));
            bytes.fold(sequences, followed_by)
        }
        HirKind::Class(class) => followed_by(sequences, Bytes::of(class)?),
        HirKind::Repetition(Repetition { min: 0, max: None, sub, .. }) => {
            repeating(sequences, Bytes::of_one(sub)?)?
        }
        HirKind::Repetition(Repetition { min: 0, max: Some(1), sub, .. }) => {
            let with = extended(sequences.clone(), sub)?;
            [sequences, with].concat()
        }
        HirKind::Capture(capture) => extended(sequences, &capture.sub)?,
        HirKind::Concat(parts) => parts.iter().try_fold(sequences, extended)?,
        HirKind::Alternation(alternatives) => {
            let mut all = Vec::new();
            for alternative in alternatives {
                all.extend(extended(sequences.clone(), alternative)?);
                is_bounded(&all).then_some(())?;
            }
            all
        }
        HirKind::Repetition(_) => return None,
    };
    is_bounded(&extended).then_some(extended)
}

fn is_bounded(sequences: &[Sequence]) -> bool {
    sequences.iter().map(Sequence::states).sum::<usize>() <= MAX_STEPS
}

fn followed_by(mut sequences: Vec<Sequence>, bytes: Bytes) -> Vec<Sequence> {
    for sequence in &mut sequences {
        sequence.steps.push(bytes);
        sequence.gaps.push(Bytes::default());
    }
    sequences
}

/// Nothing where that is another repetition after one, which this cannot say. Of the two that a glob has, one
/// holds the other.
fn repeating(mut sequences: Vec<Sequence>, bytes: Bytes) -> Option<Vec<Sequence>> {
    for sequence in &mut sequences {
        let gap = sequence.gaps.last_mut()?;
        let both = gap.with(bytes);
        (both == *gap || both == bytes).then_some(())?;
        *gap = both;
    }
    Some(sequences)
}

impl Sequence {
    fn empty() -> Self {
        Self { steps: Vec::new(), gaps: vec![Bytes::default()] }
    }

    fn states(&self) -> usize {
        self.gaps.len()
    }
}

impl Bytes {
    fn one(byte: u8) -> Self {
        let mut bytes = Self::default();
        bytes.insert(byte, byte);
        bytes
    }

    fn of(class: &Class) -> Option<Self> {
        let mut bytes = Self::default();
        match class {
            Class::Bytes(class) => {
                class.ranges().iter().for_each(|range| bytes.insert(range.start(), range.end()));
            }
            Class::Unicode(class) => {
                for range in class.ranges() {
                    let end = u8::try_from(range.end()).ok().filter(u8::is_ascii)?;
                    bytes.insert(u8::try_from(range.start()).ok()?, end);
                }
            }
        }
        Some(bytes)
    }

    /// Of an expression that stands for one byte.
    fn of_one(hir: &Hir) -> Option<Self> {
        match hir.kind() {
            HirKind::Class(class) => Self::of(class),
            HirKind::Literal(literal) if literal.0.len() == 1 => Some(Self::one(literal.0[0])),
            HirKind::Capture(capture) => Self::of_one(&capture.sub),
            _ => None,
        }
    }

    /// Adds all bytes from one to another.
    fn insert(&mut self, start: u8, end: u8) {
        for (word, base) in self.0.iter_mut().zip([0, 64, 128, 192]) {
            let (first, last) = (start.max(base), end.min(base + 63));
            if first <= last {
                *word |= u64::MAX >> (63 - (last - first)) << (first - base);
            }
        }
    }

    fn with(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |byte| self.0[usize::from(byte / 64)] >> (byte % 64) & 1 == 1)
    }
}
