//! Globs, many at once: what a path costs is bounded by how long they are together, whatever is in them.
//!
//! A regular expression's automaton would be faster on most globs, but one of `*a????????b` has a state for
//! each subset of the places at which an `a` stood. Here all states are kept as bits (Baeza-Yates and Gonnet,
//! *A new approach to text searching*, 1992), and a byte costs one step for each 64 of them.

use std::sync::OnceLock;

use super::glob::{Bytes, Glob};

/// Whether a rule about a directory is one about what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Exactly,
    OrAbove,
}

impl Glob {
    /// Whether it covers a path.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        self.alone().find(path, Reach::Exactly, |_| true).is_some()
    }

    /// Whether it covers a path or something above it.
    pub(super) fn matches_above(&self, path: &[u8]) -> bool {
        self.alone().find(path, Reach::OrAbove, |_| true).is_some()
    }

    fn alone(&self) -> Globs<()> {
        let mut globs = Globs::default();
        globs.push(self, ());
        globs
    }
}

/// Globs that are looked for together, each with something that it stands for.
#[derive(Clone, Debug)]
pub(super) struct Globs<T> {
    globs: Vec<(Glob, T)>,
    /// Made for the first path.
    tables: OnceLock<Tables>,
}

/// What each byte does to the states. There is one for each place between the steps of each sequence.
#[derive(Clone, Debug, Default)]
struct Tables {
    words: usize,
    /// The states at the beginning.
    first: Vec<u64>,
    /// The states at the end.
    last: Vec<u64>,
    /// Which glob the state at the end is of, in the order of the states.
    ends: Vec<(usize, usize)>,
    /// For each byte, and each word: which states it leads to from the one before.
    steps: Vec<u64>,
    /// Likewise: in which states it changes nothing.
    stays: Vec<u64>,
}

impl<T> Default for Globs<T> {
    fn default() -> Self {
        Self { globs: Vec::new(), tables: OnceLock::new() }
    }
}

impl<T> Globs<T> {
    pub(super) fn push(&mut self, glob: &Glob, what: T) {
        self.globs.push((glob.clone(), what));
        self.tables = OnceLock::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    /// The first glob that covers a path, of those that are looked for.
    pub(super) fn find(
        &self,
        path: &[u8],
        reach: Reach,
        looks_for: impl Fn(&T) -> bool,
    ) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        let tables =
            self.tables.get_or_init(|| Tables::new(self.globs.iter().map(|(glob, _)| glob)));
        let found = tables.find(path, reach, |glob| looks_for(&self.globs[glob].1));
        found.map(|glob| &self.globs[glob].1)
    }
}

impl Tables {
    fn new<'a>(globs: impl Iterator<Item = &'a Glob> + Clone) -> Self {
        let states: usize = globs.clone().map(Glob::size).sum();
        let words = states.div_ceil(64);
        let none = vec![0; words];
        let mut tables = Self {
            words,
            first: none.clone(),
            last: none,
            ends: Vec::new(),
            steps: vec![0; 256 * words],
            stays: vec![0; 256 * words],
        };
        let mut next = 0;
        for (index, glob) in globs.enumerate() {
            for sequence in &*glob.sequences {
                set(&mut tables.first, next);
                for (at, gap) in sequence.gaps.iter().enumerate() {
                    let before = at.checked_sub(1).map(|before| sequence.steps[before]);
                    for byte in before.into_iter().flat_map(Bytes::iter) {
                        set(&mut tables.steps[usize::from(byte) * words..], next);
                    }
                    gap.iter().for_each(|byte| {
                        set(&mut tables.stays[usize::from(byte) * words..], next);
                    });
                    next += 1;
                }
                set(&mut tables.last, next - 1);
                tables.ends.push((next - 1, index));
            }
        }
        tables
    }

    fn find(&self, path: &[u8], reach: Reach, looks_for: impl Fn(usize) -> bool) -> Option<usize> {
        let mut states = self.first.clone();
        let mut found = None;
        for &byte in path {
            if reach == Reach::OrAbove && is_separator(byte) {
                found = self.earlier(found, &states, &looks_for);
            }
            if !self.advance(&mut states, if is_separator(byte) { b'/' } else { byte }) {
                return found;
            }
        }
        self.earlier(found, &states, &looks_for)
    }

    /// Follows a byte; whether anything can still come of it.
    fn advance(&self, states: &mut [u64], byte: u8) -> bool {
        let row = usize::from(byte) * self.words..(usize::from(byte) + 1) * self.words;
        let (steps, stays) = (&self.steps[row.clone()], &self.stays[row]);
        let (mut carried, mut any) = (0, 0);
        for ((state, step), stay) in states.iter_mut().zip(steps).zip(stays) {
            let before = *state;
            if before | carried != 0 {
                *state = (before << 1 | carried) & step | before & stay;
                carried = before >> 63;
                any |= *state;
            }
        }
        any != 0
    }

    /// The first glob that is at its end now, or one that was before.
    fn earlier(
        &self,
        found: Option<usize>,
        states: &[u64],
        looks_for: &impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if states.iter().zip(&self.last).all(|(state, last)| state & last == 0) {
            return found;
        }
        let is_at_end =
            |&&(state, _): &&(usize, usize)| states[state / 64] >> (state % 64) & 1 == 1;
        let mut globs = self.ends.iter().filter(is_at_end).map(|&(_, glob)| glob);
        let now = globs.find(|&glob| looks_for(glob));
        match (found, now) {
            (Some(before), Some(now)) => Some(before.min(now)),
            (before, now) => before.or(now),
        }
    }
}

fn set(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

fn is_separator(byte: u8) -> bool {
    std::path::is_separator(char::from(byte))
}

#[cfg(test)]
#[path = "globs_tests.rs"]
mod tests;
