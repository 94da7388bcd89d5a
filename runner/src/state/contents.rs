//! What trust in a workspace is bound to: the names and bytes of the files that act on the runner.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plugin::Digest;
use crate::plugin::lock::name_in;

/// The files of a workspace that the runner acts on: the name of each, with the digest of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Contents(BTreeMap<String, Digest>);

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
        self.0.insert(name, Digest::of(bytes));
        Ok(())
    }

    /// The names, with the digests.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.0.iter().map(|(name, digest)| (name.as_str(), digest))
    }

    /// What differs from others, the earlier: `changed`, `added` or `removed` with each name.
    pub(crate) fn differences(&self, earlier: &Self) -> Vec<(&'static str, String)> {
        let mut differences = Vec::new();
        for (name, digest) in &self.0 {
            match earlier.0.get(name) {
                None => differences.push(("added", name.clone())),
                Some(before) if before != digest => differences.push(("changed", name.clone())),
                Some(_) => {}
            }
        }
        let removed = earlier.0.keys().filter(|name| !self.0.contains_key(*name));
        differences.extend(removed.map(|name| ("removed", name.clone())));
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
        let after = contents(&[("/ws/taskrunner.yaml", "b"), ("/else/x.wasm", "x")]);
        assert_eq!(
            after.differences(&before),
            [
                ("added", "/else/x.wasm".to_owned()),
                ("changed", "taskrunner.yaml".to_owned()),
                ("removed", "p/x.wasm".to_owned()),
            ]
        );
    }
}
