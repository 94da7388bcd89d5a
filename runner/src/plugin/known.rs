//! What is known of the files in a directory of plugins, without reading them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::Digest;
use super::declaration::Told;
use crate::stamp::Stamp;
use crate::{kept, private};

/// The longest list that is read: room for some ten thousand plugins with long manifests.
const MAX_LIST: u64 = 32 * 1024 * 1024;

/// How long ago a file must have changed last to be known by its stamp: a file system may note times in
/// steps, and a change in the step of the look itself would not be seen.
const SETTLED: Duration = Duration::from_millis(100);

/// Where the lists are kept: a file for each directory of plugins.
///
/// What is known of a file holds as long as its [`Stamp`] does. It saves reading and hashing it, and no more:
/// what runs is code that was compiled of bytes with that very digest, and nothing is compiled before its bytes
/// were hashed. So a list that lies (somebody else's, from an archive of a cache) can make an older plugin run
/// instead of a newer one, but none with another one's grants.
pub(crate) struct Known {
    directory: Option<PathBuf>,
}

/// What is known of the files in one directory: a line for each, sorted by name. A list that is missing,
/// broken or not sorted costs looking at the files.
pub(super) struct Shelf {
    /// Where the list is kept.
    path: Option<PathBuf>,
    list: String,
    /// Where the lines begin.
    lines: Vec<usize>,
    /// What has come since, and goes.
    news: BTreeMap<String, Option<String>>,
}

/// What is known of one file.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    stamp: Stamp,
    pub(super) digest: Digest,
    pub(super) told: Told,
}

impl Entry {
    /// None of a file that has just changed, or may be another one tomorrow.
    pub(super) fn new(metadata: &Metadata, digest: Digest, told: Told) -> Option<Self> {
        let since = SystemTime::now().duration_since(changed(metadata)?).ok()?;
        let stamp = Stamp::of(metadata).filter(|_| since > SETTLED)?;
        Some(Self { stamp, digest, told })
    }
}

/// When anything of a file changed last.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;

    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<SystemTime> {
    None
}

impl Known {
    /// `cache` is the directory that [`prepare`](private::prepare) has passed. Without one nothing is known.
    pub(crate) fn new(cache: Option<&Path>) -> Self {
        // The runner's version stands in the path, since it decides what a list holds.
        let directory = cache.map(|cache| cache.join("plugins").join(env!("CARGO_PKG_VERSION")));
        Self { directory }
    }

    /// Forgets what is known of the files beside a plugin's, since something of it is not so.
    pub(crate) fn forget(&self, plugin: &Path) {
        let list = plugin.parent().and_then(|directory| self.list(directory));
        // Where that fails, it is told again.
        let _ = list.map(fs::remove_file);
    }

    fn list(&self, plugins: &Path) -> Option<PathBuf> {
        let name = Digest::of(plugins.as_os_str().as_encoded_bytes());
        Some(self.directory.as_ref()?.join(name.to_string()))
    }

    /// What is known of the files in a directory.
    pub(super) fn of(&self, plugins: &Path) -> Shelf {
        let path = self.list(plugins);
        let read = path.as_ref().and_then(|path| private::read(path, MAX_LIST).ok());
        let list = read.and_then(|(bytes, _)| String::from_utf8(bytes).ok()).unwrap_or_default();
        let starts = list.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).filter(|&at| at < list.len()).collect();
        Shelf { path, list, lines, news: BTreeMap::new() }
    }
}

impl Shelf {
    /// What is known of a file that is like this now.
    pub(super) fn get(&self, file: &str, metadata: &Metadata) -> Option<Entry> {
        let key = key(file);
        let at = self.lines.binary_search_by(|&at| self.line(at).0.cmp(&key)).ok()?;
        let entry: Entry = serde_json::from_str(self.line(self.lines[at]).1).ok()?;
        (Stamp::of(metadata) == Some(entry.stamp)).then_some(entry)
    }

    pub(super) fn put(&mut self, file: &str, entry: &Entry) {
        // What cannot be written down is looked at again.
        self.news.insert(key(file), serde_json::to_string(entry).ok());
    }

    /// Forgets all files but these.
    pub(super) fn keep<'a>(&mut self, files: impl Iterator<Item = &'a str>) {
        let files: BTreeSet<String> = files.map(key).collect();
        let gone: Vec<String> = self
            .lines
            .iter()
            .map(|&at| self.line(at).0)
            .filter(|file| !files.contains(*file))
            .map(ToOwned::to_owned)
            .collect();
        self.news.extend(gone.into_iter().map(|file| (file, None)));
    }

    /// Writes down what is new. If that fails, or somebody else does it at the same time, files are looked at
    /// again.
    pub(super) fn save(self) {
        let Some(path) = self.path.as_ref().filter(|_| !self.news.is_empty()) else { return };
        if let Err(error) = self.write(path) {
            tracing::debug!("cannot keep what is known in {}: {error}", path.display());
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let old = self.lines.iter().map(|&at| self.line(at));
        let mut all: BTreeMap<&str, Option<&str>> =
            old.map(|(file, entry)| (file, Some(entry))).collect();
        all.extend(self.news.iter().map(|(file, entry)| (file.as_str(), entry.as_deref())));
        let mut list = String::new();
        for (file, entry) in all {
            let Some(entry) = entry else { continue };
            list.extend([file, "\t", entry, "\n"]);
        }
        if list.len() as u64 > MAX_LIST {
            return Err(io::Error::other("there is too much to keep"));
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        kept::write(path, list.as_bytes())
    }

    /// The file and the entry of the line that begins here.
    fn line(&self, at: usize) -> (&str, &str) {
        let line = &self.list[at..];
        let line = line.split_once('\n').map_or(line, |(line, _)| line);
        line.split_once('\t').unwrap_or((line, ""))
    }
}

/// The name of a file in its list: quoted, so that it has neither tabs nor ends of lines.
fn key(file: &str) -> String {
    serde_json::Value::from(file).to_string()
}
