//! What git tracks: the index of one repository.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use filetime::FileTime;
use gix_hash::{Kind as Hash, ObjectId};
use gix_index::State;
use gix_index::decode::Options;

/// An index larger than this is not read: it would not fit into a plugin's memory.
const LARGEST: u64 = 256 << 20;

/// The paths that git tracks, from the top of the working tree. Compared without regard to the case
/// of ASCII letters: where the file system has none, `Build` and `build` are the same directory.
#[derive(Debug, Default)]
pub(crate) struct Tracked(Vec<Vec<u8>>);

/// Why an index cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.reason)
    }
}

impl Tracked {
    /// Reads the index in `git_directory`. Where there is none yet, nothing is tracked yet.
    pub(crate) fn read(git_directory: &Path) -> Result<Self, Unreadable> {
        let path = git_directory.join("index");
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            _ => {}
        }
        let state = decode(&path, None)?;
        let mut paths = Vec::new();
        // A split index: most of its entries are in another file. An entry that replaces one of
        // those has no path of its own.
        if let Some(link) = state.link().filter(|link| !link.shared_index_checksum.is_null()) {
            let shared = format!("sharedindex.{}", link.shared_index_checksum);
            let shared = git_directory.join(shared);
            let shared = decode(&shared, Some(link.shared_index_checksum))?;
            paths.extend(paths_of(&shared));
        }
        paths.extend(paths_of(&state).filter(|path| !path.is_empty()));
        paths.sort_unstable();
        paths.dedup();
        Ok(Self(paths))
    }

    /// Whether git tracks `path`, or all of a directory that it is in: a submodule, or a directory
    /// that a sparse index does not list.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        path.ancestors()
            .take_while(|path| !path.as_os_str().is_empty())
            .any(|path| self.0.binary_search(&folded(path.as_os_str())).is_ok())
    }

    /// Whether git tracks anything below the directory `path`.
    pub(crate) fn reaches_into(&self, path: &Path) -> bool {
        let mut prefix = folded(path.as_os_str());
        prefix.push(b'/');
        let first = self.0.partition_point(|tracked| *tracked < prefix);
        self.0.get(first).is_some_and(|tracked| tracked.starts_with(&prefix))
    }
}

fn folded(path: &OsStr) -> Vec<u8> {
    path.as_encoded_bytes().to_ascii_lowercase()
}

/// The paths of the entries; those of whole directories end in `/`, which is taken off.
fn paths_of(state: &State) -> impl Iterator<Item = Vec<u8>> {
    state.entries().iter().map(|entry| {
        let path = entry.path(state).to_ascii_lowercase();
        path.strip_suffix(b"/").map(<[u8]>::to_vec).unwrap_or(path)
    })
}

/// Reads one index file, whole and unharmed or not at all.
fn decode(path: &Path, expected: Option<ObjectId>) -> Result<State, Unreadable> {
    let unreadable = |reason: String| Unreadable { path: path.to_owned(), reason };
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
