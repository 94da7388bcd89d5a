//! The output directory: what an earlier build left there, and how new files take its place.
//!
//! A build first writes everything it makes to a staging directory inside of the output directory.
//! When all is there, the manifest says what is coming and what goes; only then do the new files take
//! their places, each by a rename. So a build that fails or is interrupted earlier changes nothing, and
//! one that is interrupted there is put right by the next. Files that build did not write are neither
//! removed nor overwritten.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use taskrunner_plugin::{Failure, log};

use crate::bundle_manifest::{BundleManifest, MANIFEST, Written};
use crate::content::Content;
use crate::during::During;
use crate::relative_path::RelativePath;

/// The name of the staging directory.
pub(crate) const STAGING: &str = ".taskrunner-build";

/// The output directory.
#[derive(Debug)]
pub(crate) struct Output {
    root: PathBuf,
    path: RelativePath,
    /// The directory as the user knows it.
    shown: String,
    previous: Option<BundleManifest>,
    /// What earlier builds wrote.
    known: BTreeMap<RelativePath, Content>,
}

impl Output {
    /// Looks at the output directory, which need not be there yet.
    pub(crate) fn open(root: &Path, path: &RelativePath) -> Result<Self, Failure> {
        check_directories(root, path)?;
        let shown = if is_outside(root, path) { format!("/{path}") } else { path.to_string() };
        let previous = BundleManifest::load(&path.below(root), path)?;
        let known = previous.as_ref().map(BundleManifest::written).unwrap_or_default();
        Ok(Self { root: root.to_owned(), path: path.clone(), shown, previous, known })
    }

    /// The manifest of the build before.
    pub(crate) fn previous(&self) -> Option<&BundleManifest> {
        self.previous.as_ref()
    }

    /// Whether an earlier build wrote this file, which is named as the workspace names it.
    pub(crate) fn wrote(&self, path: &RelativePath) -> bool {
        let own = self.path.strip(path).and_then(|path| RelativePath::parse(path).ok());
        own.is_some_and(|own| {
            self.known.contains_key(&own) || (own.as_str() == MANIFEST && self.previous.is_some())
        })
    }

    /// Whether the file is there and holds this.
    pub(crate) fn has(&self, path: &RelativePath, content: &Content) -> Result<bool, Failure> {
        check_directories(&self.root, &self.joined(path)?)
            .and_then(|()| content.is_in(&self.place(path)).during("read", self.shown(path)))
    }

    /// Where a file is or will be.
    pub(crate) fn place(&self, path: &RelativePath) -> PathBuf {
        path.below(&self.path.below(&self.root))
    }

    /// The directory as the user knows it.
    pub(crate) fn directory(&self) -> &str {
        &self.shown
    }

    /// A file as the user knows it.
    pub(crate) fn shown(&self, path: &RelativePath) -> String {
        format!("{}/{path}", self.shown)
    }

    /// What earlier builds wrote that is not in the new manifest.
    pub(crate) fn stale(&self, new: &BundleManifest) -> Vec<Written> {
        let new = new.written();
        let old = self.known.iter().filter(|(path, _)| !new.contains_key(path));
        old.map(|(path, content)| Written { path: path.clone(), content: content.clone() })
            .collect()
    }

    /// Fails where a file that build did not write stands in the place of one that it would write.
    pub(crate) fn check_free(&self, path: &RelativePath, new: &Content) -> Result<(), Failure> {
        let known = self.known.contains_key(path);
        let taken =
            !known && self.place(path).symlink_metadata().is_ok_and(|found| !found.is_dir());
        if taken && !self.has(path, new)? {
            let message = format!("`{}` is there, and build did not write it", self.shown(path));
            let hint = "build does not overwrite what it did not write: take the file away, or name \
                        another output directory";
            return Err(Failure::failed(message).hint(hint));
        }
        Ok(())
    }

    /// Puts a staged file into its place.
    pub(crate) fn publish(&self, staged: &Path, path: &RelativePath) -> Result<(), Failure> {
        if let Some(parent) = self.joined(path)?.parent() {
            check_directories(&self.root, &parent)?;
            fs::create_dir_all(parent.below(&self.root)).during("create", &parent)?;
        }
        fs::rename(staged, self.place(path)).during("write", self.shown(path))
    }

    /// Removes a stale file, and the directories that are empty then. One that holds something else
    /// than what build wrote is somebody's work, and stays. Tells whether it is gone.
    pub(crate) fn remove(&self, stale: &Written) -> Result<bool, Failure> {
        let shown = self.shown(&stale.path);
        if !self.has(&stale.path, &stale.content)? {
            if self.place(&stale.path).symlink_metadata().is_ok() {
                log::warn!("`{shown}` is stale, but stays: it was changed since build wrote it");
            }
            return Ok(false);
        }
        fs::remove_file(self.place(&stale.path)).during("remove", &shown)?;
        log::debug!("`{shown}` is removed: it is stale");
        let mut directory = stale.path.parent();
        while let Some(empty) = directory {
            if fs::remove_dir(self.place(&empty)).is_err() {
                break;
            }
            directory = empty.parent();
        }
        Ok(true)
    }

    fn joined(&self, path: &RelativePath) -> Result<RelativePath, Failure> {
        Ok(self.path.join(path.as_str())?)
    }
}

/// Whether the output directory is outside of the workspace. It has its absolute path as its name then, and
/// is there, while the directories on the way to it are not.
fn is_outside(root: &Path, path: &RelativePath) -> bool {
    let is_there = |path: &RelativePath| path.below(root).symlink_metadata().is_ok();
    is_there(path) && path.parent().is_some_and(|parent| !is_there(&parent))
}

/// Fails where a directory on the way is a symbolic link or no directory, so that nothing is read or
/// written elsewhere; also for the last part, if it is a link.
fn check_directories(root: &Path, path: &RelativePath) -> Result<(), Failure> {
    let mut directory = Some(path.clone());
    while let Some(path) = directory {
        match path.below(root).symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                return Err(Failure::failed(format!("`{path}` is a symbolic link"))
                    .hint("build writes only to real directories inside of the workspace"));
            }
            Ok(_) => {}
            Err(error) if is_absent(error.kind()) => {}
            Err(error) => return Err(error).during("look at", &path),
        }
        directory = path.parent();
    }
    Ok(())
}

/// Nothing is there, or a file is where a directory on the way would be.
fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        RelativePath::parse(text).expect("a path")
    }

    fn workspace() -> (tempfile::TempDir, Output) {
        let root = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(root.path().join("dist/a/b")).expect("a directory");
        let output = Output::open(root.path(), &path("dist")).expect("it is fine");
        (root, output)
    }

    #[test]
    fn a_stale_file_goes_with_its_empty_directories() {
        let (root, output) = workspace();
        fs::write(root.path().join("dist/a/b/c"), "x").expect("a file");
        let stale = Written { path: path("a/b/c"), content: Content::of(b"x") };
        assert!(output.remove(&stale).expect("it works"));
        assert!(!root.path().join("dist/a").exists());
        assert!(root.path().join("dist").exists());
        assert!(!output.remove(&stale).expect("what is gone is gone"));
    }

    #[test]
    fn a_stale_file_that_was_changed_stays() {
        let (root, output) = workspace();
        fs::write(root.path().join("dist/a/b/c"), "y").expect("a file");
        let stale = Written { path: path("a/b/c"), content: Content::of(b"x") };
        assert!(!output.remove(&stale).expect("it works"));
        assert!(root.path().join("dist/a/b/c").exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_reached_through_a_link() {
        let (root, output) = workspace();
        let elsewhere = tempfile::tempdir().expect("a directory");
        fs::write(elsewhere.path().join("c"), "x").expect("a file");
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("dist/link"))
            .expect("a link");
        let written = Written { path: path("link/c"), content: Content::of(b"x") };
        assert!(output.remove(&written).is_err());
        assert!(elsewhere.path().join("c").exists());
        fs::write(root.path().join("staged"), "y").expect("a file");
        assert!(output.publish(&root.path().join("staged"), &path("link/d")).is_err());
        assert!(Output::open(root.path(), &path("dist/link")).is_err());
        assert!(Output::open(root.path(), &path("dist/link/x")).is_err());
    }

    #[test]
    fn a_foreign_file_is_not_overwritten() {
        let (root, output) = workspace();
        fs::write(root.path().join("dist/a/mine"), "x").expect("a file");
        assert!(output.check_free(&path("a/mine"), &Content::of(b"y")).is_err());
        assert!(output.check_free(&path("a/mine"), &Content::of(b"x")).is_ok());
        assert!(output.check_free(&path("a/free"), &Content::of(b"x")).is_ok());
    }
}
