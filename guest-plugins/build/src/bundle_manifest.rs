//! The manifest of a bundle: `manifest.json` in the output directory, and in each archive.
//!
//! ```json
//! {
//!   "version": 1,
//!   "builder": "taskrunner-build 0.1.0",
//!   "optimize": true,
//!   "files": [
//!     {
//!       "path": "src/app.js",
//!       "source": { "size": 812, "sha256": "…" },
//!       "output": { "size": 301, "sha256": "…" }
//!     }
//!   ],
//!   "archives": [{ "path": "bundle.zip", "size": 402, "sha256": "…" }]
//! }
//! ```
//!
//! `files` and `archives` are sorted by path. The copy in the archives has no `archives`: no file can
//! hold its own digest. `stale` names files of the build before that are still to be removed; it is
//! there only while a build is at work, or after one that was interrupted.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use taskrunner_plugin::Failure;

use crate::content::Content;
use crate::during::During;
use crate::relative_path::RelativePath;

/// Its name.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The shape that this version writes and reads.
const VERSION: u32 = 1;

/// What makes it: what another version built is built again.
pub(crate) const BUILDER: &str = concat!("taskrunner-build ", env!("CARGO_PKG_VERSION"));

/// How long a manifest may be.
const LIMIT: u64 = 256 * 1024 * 1024;

/// The manifest of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleManifest {
    version: u32,
    /// The name and the version of what made the bundle.
    pub(crate) builder: String,
    /// Whether it was made with `--optimize`.
    pub(crate) optimize: bool,
    /// The files.
    pub(crate) files: Vec<FileEntry>,
    /// The archives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) archives: Vec<Written>,
    /// What is still to be removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stale: Vec<Written>,
}

/// A file of the bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    /// Where it is: below the workspace, and below the output directory alike.
    pub(crate) path: RelativePath,
    /// What the workspace holds.
    pub(crate) source: Content,
    /// What the output directory holds.
    pub(crate) output: Content,
}

/// A file that was written to the output directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Where it is, below the output directory.
    pub(crate) path: RelativePath,
    /// What it holds.
    #[serde(flatten)]
    pub(crate) content: Content,
}

impl BundleManifest {
    /// Of files that are sorted by path.
    pub(crate) fn new(optimize: bool, files: Vec<FileEntry>) -> Self {
        let (archives, stale) = (Vec::new(), Vec::new());
        Self { version: VERSION, builder: BUILDER.to_owned(), optimize, files, archives, stale }
    }

    /// Reads the manifest that an earlier build left in this directory, if there is one. It may have
    /// come with the repository: its paths are checked as they are read.
    pub(crate) fn load(directory: &Path, shown: &RelativePath) -> Result<Option<Self>, Failure> {
        let (path, shown) = (directory.join(MANIFEST), format!("{shown}/{MANIFEST}"));
        let foreign = |reason: String| {
            Failure::failed(format!("`{shown}` is no manifest of an earlier build: {reason}")).hint(
                "build does not overwrite what it did not write: remove the file, or name another \
                 output directory",
            )
        };
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).during("look at", &shown),
        };
        if !metadata.is_file() || metadata.len() > LIMIT {
            return Err(foreign("it is no regular file of a manifest's size".to_owned()));
        }
        let text = std::fs::read(&path).during("read", &shown)?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| foreign(error.to_string()))?;
        if manifest.version != VERSION {
            return Err(foreign(format!("its version is {}, not {VERSION}", manifest.version)));
        }
        Ok(Some(manifest))
    }

    /// Its text.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Failure> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// All that it says was written, by path.
    pub(crate) fn written(&self) -> BTreeMap<RelativePath, Content> {
        let files = self.files.iter().map(|file| (file.path.clone(), file.output.clone()));
        let others = self.archives.iter().chain(&self.stale);
        others.map(|written| (written.path.clone(), written.content.clone())).chain(files).collect()
    }

    /// The entry of a file.
    pub(crate) fn file(&self, path: &RelativePath) -> Option<&FileEntry> {
        let index = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> BundleManifest {
        let path = |text| RelativePath::parse(text).expect("a path");
        let content = Content::of(b"x");
        let entry =
            FileEntry { path: path("src/a"), source: content.clone(), output: content.clone() };
        let mut manifest = BundleManifest::new(true, vec![entry]);
        manifest.archives.push(Written { path: path("bundle.zip"), content });
        manifest
    }

    fn load(text: &[u8]) -> Result<Option<BundleManifest>, Failure> {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join(MANIFEST), text).expect("a file");
        BundleManifest::load(directory.path(), &RelativePath::parse("dist").expect("a path"))
    }

    #[test]
    fn what_is_written_is_read() {
        let text = manifest().to_json().expect("it can be written");
        assert_eq!(load(&text).expect("it can be read"), Some(manifest()));
    }

    #[test]
    fn a_path_that_leads_outside_is_refused() {
        let text = String::from_utf8(manifest().to_json().expect("JSON")).expect("text");
        for (path, evil) in
            [("src/a", "../a"), ("bundle.zip", "/etc/passwd"), ("src/a", "a/../../b")]
        {
            let failure = load(text.replace(path, evil).as_bytes()).expect_err(evil);
            assert!(
                failure.message().starts_with("`dist/manifest.json` is no manifest"),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn what_another_program_wrote_is_refused() {
        for text in ["", "{}", "{\"name\": \"my web app\"}", "[]"] {
            assert!(load(text.as_bytes()).is_err(), "{text}");
        }
        let text = String::from_utf8(manifest().to_json().expect("JSON")).expect("text");
        assert!(load(text.replace("\"version\": 1", "\"version\": 2").as_bytes()).is_err());
    }
}
