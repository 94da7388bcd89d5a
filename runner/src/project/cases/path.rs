//! Paths in a case, which stay inside its workspace.

use std::fmt;
use std::path::{Component, Path};

use serde::Deserialize;

/// A path relative to the workspace of a case, which cannot leave it: with `/` between its parts, and
/// without `..`. Empty, or `.`, for the workspace itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CasePath(String);

/// Why a text is no such path.
#[derive(Debug, thiserror::Error)]
#[error(
    "a path in a case is relative to its workspace, with `/` between its parts and without `..`"
)]
pub(crate) struct CasePathError;

impl CasePath {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below a directory.
    pub(crate) fn below(&self, directory: &Path) -> std::path::PathBuf {
        match self.0.as_str() {
            "" | "." => directory.to_owned(),
            path => directory.join(path),
        }
    }
}

impl TryFrom<String> for CasePath {
    type Error = CasePathError;

    fn try_from(text: String) -> Result<Self, CasePathError> {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        let plain = !text.contains(['\\', '\0']) && !text.starts_with('~');
        match plain && Path::new(&text).components().all(inside) {
            true => Ok(Self(text)),
            false => Err(CasePathError),
        }
    }
}

impl fmt::Display for CasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
