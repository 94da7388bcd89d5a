//! What trust in a workspace is bound to: the names and bytes of the files that the runner acts on, and
//! what they grant outside.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plugin::Digest;
use crate::plugin::lock::name_in;

/// What of a workspace the runner acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    /// The name of each file, with the digest of its bytes.
    files: BTreeMap<String, Digest>,
    /// What the files grant outside of the workspace, with links resolved: a link is no part of the files,
    /// and must not lead elsewhere later.
    grants: BTreeSet<String>,
}

/// Why a workspace cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentsError {
    #[error("`{path}` cannot be read: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("the name of `{path}` is not Unicode", path = path.display())]
    Name { path: PathBuf },
}

impl Contents {
    /// Adds a file, under its name in the workspace; one that is outside keeps its whole name.
    pub(crate) fn add(
        &mut self,
        workspace: &Path,
        path: &Path,
        bytes: &[u8],
    ) -> Result<(), ContentsError> {
        let name = name_in(workspace, path)
            .ok_or_else(|| ContentsError::Name { path: path.to_owned() })?;
        self.files.insert(name, Digest::of(bytes));
        Ok(())
    }

    /// Whether a plugin, and the manifest beside it, are as they were looked at. A plugin that is not among the files must be
    /// one that `may_be_new`; the manifest of one that is must be there as well, under the very name by which it was found:
    /// a file system that knows no case finds it by several.
    pub(crate) fn vouches_for(
        &self,
        workspace: &Path,
        (plugin, digest): (&Path, &Digest),
        beside: Option<(&Path, &Digest)>,
        may_be_new: bool,
    ) -> bool {
        let beside = beside.map(|(path, digest)| self.holds(workspace, path, digest));
        match self.holds(workspace, plugin, digest) {
            Some(is_same) => is_same && beside.is_none_or(|known| known == Some(true)),
            None => may_be_new && beside.flatten().is_none(),
        }
    }

    /// Whether a file is among them with these bytes; none where it is not among them at all.
    pub(crate) fn holds(&self, workspace: &Path, path: &Path, digest: &Digest) -> Option<bool> {
        let found = self.files.get(&name_in(workspace, path)?)?;
        Some(found == digest)
    }

    /// Whether the files are the same.
    pub(crate) fn has_files_of(&self, other: &Self) -> bool {
        self.files == other.files
    }

    /// Adds what the files grant outside of the workspace.
    pub(crate) fn add_grant(&mut self, grant: String) {
        self.grants.insert(grant);
    }

    /// What the files grant outside of the workspace.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &str> {
        self.grants.iter().map(String::as_str)
    }

    /// The names, with the digests.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.files.iter().map(|(name, digest)| (name.as_str(), digest))
    }

    /// What differs from others, the earlier: `changed`, `added` or `removed` with each name.
    pub(crate) fn differences(&self, earlier: &Self) -> Vec<(&'static str, String)> {
        let mut differences = Vec::new();
        for (name, digest) in &self.files {
            match earlier.files.get(name) {
                None => differences.push(("added", name.clone())),
                Some(before) if before != digest => differences.push(("changed", name.clone())),
                Some(_) => {}
            }
        }
        let removed = earlier.files.keys().filter(|name| !self.files.contains_key(*name));
        differences.extend(removed.map(|name| ("removed", name.clone())));
        let more = self.grants.difference(&earlier.grants);
        differences.extend(more.map(|grant| ("leads outside", grant.clone())));
        let less = earlier.grants.difference(&self.grants);
        differences.extend(less.map(|grant| ("leads elsewhere", grant.clone())));
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bytes_are_what_counts() {
        let contents = |files: &[(&str, &str)]| {
            let mut contents = Contents::default();
            for (path, bytes) in files {
                contents.add(Path::new("/ws"), Path::new(path), bytes.as_bytes()).expect("a name");
            }
            contents
        };
        let before = contents(&[("/ws/taskrunner.yaml", "a"), ("/ws/p/x.wasm", "x")]);
        assert!(before.differences(&before).is_empty());
        let holds = |path: &str, bytes: &str| {
            before.holds(Path::new("/ws"), Path::new(path), &Digest::of(bytes.as_bytes()))
        };
        assert_eq!(holds("/ws/p/x.wasm", "x"), Some(true));
        assert_eq!(holds("/ws/p/x.wasm", "y"), Some(false), "it was put there meanwhile");
        assert_eq!(holds("/ws/p/y.wasm", "x"), None);
        let vouches = |path: &str, bytes: &str, beside: Option<(&str, &str)>, may_be_new| {
            let digest = |bytes: &str| Digest::of(bytes.as_bytes());
            let beside = beside.map(|(path, bytes)| (Path::new(path), digest(bytes)));
            let beside = beside.as_ref().map(|(path, digest)| (*path, digest));
            let plugin = (Path::new(path), &digest(bytes));
            before.vouches_for(Path::new("/ws"), plugin, beside, may_be_new)
        };
        assert!(vouches("/ws/p/x.wasm", "x", None, false));
        assert!(!vouches("/ws/p/x.wasm", "y", None, true), "it was put there meanwhile");
        let known = Some(("/ws/taskrunner.yaml", "a"));
        assert!(vouches("/ws/p/x.wasm", "x", known, false));
        for beside in [("/ws/taskrunner.yaml", "b"), ("/ws/p/x.YAML", "a"), ("/else/x.yml", "")] {
            assert!(!vouches("/ws/p/x.wasm", "x", Some(beside), true), "{beside:?}");
        }
        assert!(vouches("/else/y.wasm", "y", Some(("/else/y.yaml", "z")), true));
        assert!(!vouches("/else/y.wasm", "y", None, false));
        assert!(!vouches("/else/y.wasm", "y", known, true), "one of the workspace's");
        let mut after = contents(&[("/ws/taskrunner.yaml", "b"), ("/else/x.wasm", "x")]);
        after.add_grant("x: read /etc".to_owned());
        assert_eq!(
            after.differences(&before),
            [
                ("added", "/else/x.wasm".to_owned()),
                ("changed", "taskrunner.yaml".to_owned()),
                ("removed", "p/x.wasm".to_owned()),
                ("leads outside", "x: read /etc".to_owned()),
            ]
        );
    }
}
