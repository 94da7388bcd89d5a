//! What git tracks: the index of one repository.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use filetime::FileTime;
use gix_hash::{Kind as Hash, ObjectId};
use gix_index::State;
use gix_index::decode::Options;
use gix_index::entry::Mode;

/// An index larger than this is not read: it would not fit into a plugin's memory.
const LARGEST: u64 = 256 << 20;

/// The paths that git tracks, from the top of the working tree, sorted. Compared without regard to case:
/// where the file system has none, `Build` and `build` are the same directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracked {
    /// Files, and directories that a sparse index does not list.
    paths: Vec<Vec<u8>>,
    /// Submodules.
    submodules: Vec<Vec<u8>>,
}

/// Why it cannot be told what git tracks.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The file that is to blame, if it is one.
    pub(crate) path: Option<PathBuf>,
    /// What is wrong.
    pub(crate) reason: String,
    /// Whether the repository is somewhere else.
    pub(crate) is_elsewhere: bool,
}

impl Unreadable {
    /// A file is to blame.
    pub(crate) fn of(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: Some(path.to_owned()), ..Self::because(reason) }
    }

    /// No single file is.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self { path: None, reason: reason.into(), is_elsewhere: false }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "`{}`: {}", path.display(), self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl Tracked {
    /// Reads indexes, with what is split off in `directory`. Where there is none yet, nothing is tracked yet.
    pub(crate) fn read(directory: &Path, indexes: &[PathBuf]) -> Result<Self, Unreadable> {
        let mut tracked = Self::default();
        for index in indexes {
            tracked.add(directory, index)?;
        }
        for paths in [&mut tracked.paths, &mut tracked.submodules] {
            paths.sort_unstable();
            paths.dedup();
        }
        Ok(tracked)
    }

    fn add(&mut self, directory: &Path, index: &Path) -> Result<(), Unreadable> {
        match fs::symlink_metadata(index) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            _ => {}
        }
        let state = decode(index, None)?;
        // A split index: most of its entries are in another file.
        if let Some(link) = state.link().filter(|link| !link.shared_index_checksum.is_null()) {
            let shared = format!("sharedindex.{}", link.shared_index_checksum);
            let shared = directory.join(shared);
            let shared = decode(&shared, Some(link.shared_index_checksum))?;
            self.add_entries(&shared);
        }
        self.add_entries(&state);
        Ok(())
    }

    /// Takes over the paths of the entries; those of whole directories end in `/`, which is taken off.
    fn add_entries(&mut self, state: &State) {
        for entry in state.entries() {
            let path = entry.path(state);
            let path = folded(path.strip_suffix(b"/").unwrap_or(path));
            if path.is_empty() {
                // It replaces an entry of the shared index, which has its path.
            } else if entry.mode == Mode::COMMIT {
                self.submodules.push(path);
            } else {
                self.paths.push(path);
            }
        }
    }

    /// Whether git tracks `path`, or all of a directory that it is in: a submodule, or a directory that a
    /// sparse index does not list.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.lists(path) || covers(&self.submodules, path)
    }

    /// The same, but for submodules: what is tracked in one, its own index says.
    pub(crate) fn lists(&self, path: &Path) -> bool {
        covers(&self.paths, path)
    }

    /// Whether git tracks anything below the directory `path`.
    pub(crate) fn reaches_into(&self, path: &Path) -> bool {
        let mut prefix = folded(path.as_os_str().as_encoded_bytes());
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        [&self.paths, &self.submodules].into_iter().any(|paths| {
            let first = paths.partition_point(|tracked| *tracked < prefix);
            paths.get(first).is_some_and(|tracked| tracked.starts_with(&prefix))
        })
    }
}

fn covers(paths: &[Vec<u8>], path: &Path) -> bool {
    path.ancestors()
        .take_while(|path| !path.as_os_str().is_empty())
        .any(|path| paths.binary_search(&folded(path.as_os_str().as_encoded_bytes())).is_ok())
}

/// A path without regard to case: of all letters where it is Unicode, else of those of ASCII.
fn folded(path: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(path) {
        Ok(text) if !text.is_ascii() => {
            text.chars().flat_map(char::to_lowercase).collect::<String>().into_bytes()
        }
        _ => path.to_ascii_lowercase(),
    }
}

/// Reads one index file, whole and unharmed or not at all.
fn decode(path: &Path, expected: Option<ObjectId>) -> Result<State, Unreadable> {
    let unreadable = |reason: String| Unreadable::of(path, reason);
    let metadata = fs::symlink_metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !metadata.is_file() {
        return Err(unreadable("it is no regular file".to_owned()));
    }
    if metadata.len() > LARGEST {
        return Err(unreadable("it is too large".to_owned()));
    }
    let data = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let hash = hash_of(&data).ok_or_else(|| unreadable("its checksum is wrong".to_owned()))?;
    let options = Options {
        // One thread: a plugin has no more.
        thread_limit: Some(1),
        expected_checksum: expected,
        ..Options::default()
    };
    let (state, _) = State::from_bytes(&data, FileTime::zero(), hash, options)
        .map_err(|error| unreadable(error.to_string()))?;
    Ok(state)
}

/// The hash that the repository uses, told by the checksum at the file's end. With `index.skipHash`
/// the checksum is all zeros, and its length tells.
fn hash_of(data: &[u8]) -> Option<Hash> {
    let hashes = [Hash::Sha1, Hash::Sha256];
    let split = |hash: &Hash| data.split_at_checked(data.len().checked_sub(hash.len_in_bytes())?);
    let fits = |hash: &Hash| {
        split(hash).is_some_and(|(body, checksum)| {
            let mut hasher = gix_hash::hasher(*hash);
            hasher.update(body);
            hasher.try_finalize().is_ok_and(|actual| actual.as_bytes() == checksum)
        })
    };
    let blank = |hash: &Hash| split(hash).is_some_and(|(_, end)| end.iter().all(|byte| *byte == 0));
    hashes.into_iter().find(fits).or_else(|| hashes.into_iter().rev().find(blank))
}
