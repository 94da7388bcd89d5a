//! Rules about files, so arranged that a path costs the same whether there are ten of them or ten thousand.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::globs::{Globs, Reach};
use super::rule::FileRule;
use super::{Access, PermissionError};

/// The rules, in their order: where several are about a path, the first of them decides.
///
/// Each is found by its base, of which a path has no more than it has names; the globs below one base are looked
/// for together, and their sizes have a bound.
#[derive(Clone, Debug, Default)]
pub(super) struct FileRules {
    rules: Vec<FileRule>,
    places: HashMap<Vec<u8>, Place>,
    /// The lengths that the bases have, so that few of a path's names are asked about.
    lengths: BTreeSet<usize>,
    /// The bases of each access, sorted: what is below a directory stands together.
    bases: [BTreeSet<(PathBuf, usize)>; 2],
    /// The sizes of all globs.
    size: usize,
}

/// The rules of one base.
#[derive(Clone, Debug, Default)]
struct Place {
    /// About the base and everything below it, by access.
    whole: [Option<usize>; 2],
    /// About what a glob covers, by access.
    globs: Globs<GlobRule>,
    /// The first of these.
    first_glob: [Option<usize>; 2],
}

#[derive(Clone, Copy, Debug)]
struct GlobRule {
    rule: usize,
    access: Access,
    is_whole: bool,
}

/// The most that the globs may cost together: a path of a hundred bytes then costs a few microseconds.
const MAX_SIZE: usize = 4096;

impl FileRules {
    pub(super) fn push(&mut self, rule: FileRule) -> Result<(), PermissionError> {
        let (index, access) = (self.rules.len(), rule.access);
        let base = rule.pattern.base();
        let key = base.as_os_str().as_encoded_bytes().to_vec();
        self.size += rule.pattern.glob().map_or(0, |glob| glob.size());
        if self.size > MAX_SIZE {
            return Err(PermissionError::TooManyGlobs { at: rule.target });
        }
        self.lengths.insert(key.len());
        self.bases[access as usize].insert((base.to_owned(), index));
        let place = self.places.entry(key).or_default();
        match rule.pattern.glob() {
            None => drop(place.whole[access as usize].get_or_insert(index)),
            Some(glob) => {
                place.first_glob[access as usize].get_or_insert(index);
                place.globs.push(glob, GlobRule { rule: index, access, is_whole: glob.is_whole() });
            }
        }
        self.rules.push(rule);
        Ok(())
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, FileRule> {
        self.rules.iter()
    }

    /// The rule that gives an access to a path.
    pub(super) fn granting(&self, path: &Path, access: Access) -> Option<&FileRule> {
        self.first(path, |place, below| {
            let whole = first_of(place.whole, |own| own >= access);
            let glob = place.globs.find(below, Reach::Exactly, |rule| rule.access >= access);
            whole.into_iter().chain(glob.map(|glob| glob.rule)).min()
        })
    }

    /// The rule that takes an access to a path, or to something above it. A denial of reading is one of writing,
    /// too.
    pub(super) fn denying(&self, path: &Path, access: Access) -> Option<&FileRule> {
        self.first(path, |place, below| {
            let whole = first_of(place.whole, |own| own <= access);
            let glob = place.globs.find(below, Reach::OrAbove, |rule| rule.access <= access);
            whole.into_iter().chain(glob.map(|glob| glob.rule)).min()
        })
    }

    /// The rule by which a directory may be walked: it covers it, or a glob looks into it.
    pub(super) fn leading(&self, path: &Path) -> Option<&FileRule> {
        self.first(path, |place, _| place.whole.into_iter().chain(place.first_glob).flatten().min())
    }

    /// Whether a path is covered by a rule without a glob.
    pub(super) fn hold_plainly(&self, path: &Path) -> bool {
        self.first(path, |place, _| first_of(place.whole, |_| true)).is_some()
    }

    /// Whether a directory may be written with everything that is below it.
    pub(super) fn give_all_below(&self, path: &Path) -> bool {
        let looks_for = |rule: &GlobRule| rule.is_whole && rule.access == Access::Write;
        let found = self.first(path, |place, below| {
            let whole = place.whole[Access::Write as usize];
            let glob = place.globs.find(below, Reach::Exactly, looks_for);
            whole.into_iter().chain(glob.map(|glob| glob.rule)).min()
        });
        found.is_some()
    }

    /// A rule of one of the accesses that may cover a directory, or something below it.
    pub(super) fn reaching_into(&self, path: &Path, accesses: &[Access]) -> Option<&FileRule> {
        let around = self.first(path, |place, _| {
            let firsts = accesses.iter().map(|access| *access as usize);
            firsts.flat_map(|at| [place.whole[at], place.first_glob[at]]).flatten().min()
        });
        around.or_else(|| {
            accesses.iter().find_map(|access| {
                let from = Bound::Included((path.to_owned(), 0));
                let mut bases = self.bases[*access as usize].range((from, Bound::Unbounded));
                let (base, index) = bases.next()?;
                base.starts_with(path).then(|| &self.rules[*index])
            })
        })
    }

    /// The first of the rules that `of` finds at the bases that a path is below.
    fn first(&self, path: &Path, of: impl Fn(&Place, &[u8]) -> Option<usize>) -> Option<&FileRule> {
        let path = tidy(path);
        let text = path.as_os_str().as_encoded_bytes();
        let found = self.lengths.range(..=text.len()).filter_map(|&length| {
            let (base, rest) = text.split_at(length);
            let below = match rest {
                [] => rest,
                [byte, below @ ..] if is_separator(*byte) => below,
                _ if base.last().is_some_and(|byte| is_separator(*byte)) => rest,
                _ => return None,
            };
            of(self.places.get(base)?, below)
        });
        found.min().map(|index| &self.rules[index])
    }
}

/// The first rule of those with some of the accesses.
fn first_of(by_access: [Option<usize>; 2], holds: impl Fn(Access) -> bool) -> Option<usize> {
    let accesses = [Access::Read, Access::Write];
    accesses
        .into_iter()
        .filter(|access| holds(*access))
        .filter_map(|it| by_access[it as usize])
        .min()
}

fn is_separator(byte: u8) -> bool {
    std::path::is_separator(char::from(byte))
}

/// Bases are compared as texts, so a path has to be in the form that they have. Mostly it is.
fn tidy(path: &Path) -> Cow<'_, Path> {
    let text = path.as_os_str().as_encoded_bytes();
    let mut names = text.split(|byte| is_separator(*byte)).skip(1);
    let is_tidy = text.len() == 1 || names.all(|name| !name.is_empty() && name != b".");
    if is_tidy && !cfg!(windows) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(path.components().collect())
    }
}

#[cfg(test)]
#[path = "file_rules_tests.rs"]
mod tests;
