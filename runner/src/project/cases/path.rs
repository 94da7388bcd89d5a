//! Paths in a case, which stay inside its workspace.

use std::fmt;
use std::path::{Component, Path};

use serde::Deserialize;

/// A path relative to the workspace of a case, which cannot leave it: with one `/` between its parts, and
/// without `.` and `..`, whichever way it is written. Empty for the workspace itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CasePath {
    path: String,
    written: String,
}

/// Why a text is no such path.
#[derive(Debug, thiserror::Error)]
#[error(
    "a path in a case is relative to its workspace, with `/` between its parts and without `..`"
)]
pub(crate) struct CasePathError;

impl CasePath {
    pub(crate) fn as_str(&self) -> &str {
        &self.path
    }

    /// The same, as it stands in the file of cases.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// The path below a directory.
    pub(crate) fn below(&self, directory: &Path) -> std::path::PathBuf {
        match self.path.as_str() {
            "" => directory.to_owned(),
            path => directory.join(path),
        }
    }
}

impl TryFrom<String> for CasePath {
    type Error = CasePathError;

    fn try_from(text: String) -> Result<Self, CasePathError> {
        if text.contains(['\\', '\0']) || text.starts_with('~') {
            return Err(CasePathError);
        }
        let mut parts = Vec::new();
        for part in Path::new(&text).components() {
            match part {
                Component::Normal(part) => parts.push(part.to_str().ok_or(CasePathError)?),
                Component::CurDir => {}
                _ => return Err(CasePathError),
            }
        }
        // Behind `./`, too, it would be the home directory where a configuration names it.
        match parts.first().is_some_and(|part| part.starts_with('~')) {
            true => Err(CasePathError),
            false => Ok(Self { path: parts.join("/"), written: text }),
        }
    }
}

impl fmt::Display for CasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
