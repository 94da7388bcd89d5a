//! What plugins said of themselves, remembered by digest.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Declared, Digest};
use crate::{kept, private};

/// The largest entry that is read back: a manifest has at most 1 MiB, and JSON escapes may double it.
const MAX_ENTRY: u64 = 2 * 1024 * 1024;

/// How long a plugin that could not say what it is is not asked again: the machine may have been busy.
const RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// What asking a plugin gave: what it declared, or why it could not say, on one line.
pub(crate) type Answer = Result<Declared, String>;

/// A directory with one file per digest. Invariants: an entry is written whole or not at all; a
/// missing, unreadable or broken entry only costs asking again; an entry is checked like a guest's own
/// word, so a hostile one can lie about a plugin but not break the rules.
pub(crate) struct Remembered {
    directory: Option<PathBuf>,
    /// Whether this process has thrown away what is old.
    pruned: Cell<bool>,
}

impl Remembered {
    /// Without a directory, nothing is remembered.
    pub(crate) fn new(cache: Option<&Path>) -> Self {
        // The runner's version stands in the path, since it decides what a manifest holds.
        let directory = cache.map(|cache| cache.join("manifests").join(env!("CARGO_PKG_VERSION")));
        Self { directory, pruned: Cell::new(false) }
    }

    /// What was remembered of a plugin: what it declared, or why it could not say.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Answer> {
        let path = self.path(digest)?;
        let (bytes, metadata) = private::read(&path, MAX_ENTRY).ok()?;
        let answer: Answer = serde_json::from_slice(&bytes).ok()?;
        let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
        (answer.is_ok() || age < RETRY_AFTER).then_some(answer)
    }

    /// Remembers. A failure is no reason to stop: it is logged.
    pub(crate) fn put(&self, digest: &Digest, answer: &Answer) {
        let Some(path) = self.path(digest) else { return };
        if let Err(error) = write(&path, answer) {
            tracing::debug!("cannot remember a manifest in {}: {error}", path.display());
        }
        if !self.pruned.replace(true) {
            prune(&path);
        }
    }

    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        Some(self.directory.as_ref()?.join(format!("{digest}.json")))
    }
}

fn write(path: &Path, answer: &Answer) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    kept::write(path, &serde_json::to_vec(answer)?)
}

/// Forgets what was asked long ago, by other versions of the runner as well.
fn prune(path: &Path) {
    let versions = path.ancestors().nth(2).and_then(|directory| fs::read_dir(directory).ok());
    for version in versions.into_iter().flatten().flatten() {
        let files = kept::files(&version.path());
        files.filter(|file| file.age > kept::AGE).for_each(|file| file.remove());
        // Not if there is something left.
        let _ = fs::remove_dir(version.path());
    }
}
