//! A path below the workspace, or below the output directory.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A relative path with `/` between its parts, which cannot lead outside: no `..`, no root, nothing
/// that another system reads as a separator. Whatever arrives from outside, a manifest of an earlier
/// build above all, becomes one of these before it names a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RelativePath(String);

/// Why a text is no [`RelativePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadPath {
    /// There is nothing, or nothing between two separators.
    Empty,
    /// It begins at the root.
    Absolute,
    /// A part is `.` or `..`.
    Dots,
    /// It holds a backslash or a control character, which not every archive carries unharmed.
    Character,
}

impl std::error::Error for BadPath {}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a part of the path is empty",
            Self::Absolute => "the path is absolute",
            Self::Dots => "the path has a part `.` or `..`",
            Self::Character => "the path holds a backslash or a control character",
        })
    }
}

impl RelativePath {
    /// Checks a text.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPath> {
        if text.starts_with('/') {
            return Err(BadPath::Absolute);
        }
        if text.contains(|character: char| character == '\\' || character.is_control()) {
            return Err(BadPath::Character);
        }
        for part in text.split('/') {
            match part {
                "" => return Err(BadPath::Empty),
                "." | ".." => return Err(BadPath::Dots),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path of an entry of this directory.
    pub(crate) fn join(&self, name: &str) -> Result<Self, BadPath> {
        Self::parse(&format!("{}/{name}", self.0))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts, from the outermost.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The last part.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The directory that holds it, if that is not the base itself.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// Whether this directory holds that path, at whatever depth.
    pub(crate) fn holds(&self, path: &Self) -> bool {
        self.strip(path).is_some()
    }

    /// That path as it is named below this directory.
    pub(crate) fn strip<'a>(&self, path: &'a Self) -> Option<&'a str> {
        path.0.strip_prefix(&self.0)?.strip_prefix('/')
    }

    /// Where it is, below a base.
    pub(crate) fn below(&self, base: &Path) -> PathBuf {
        base.join(&self.0)
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RelativePath {
    type Error = BadPath;

    fn try_from(text: String) -> Result<Self, BadPath> {
        Self::parse(&text)
    }
}

impl From<RelativePath> for String {
    fn from(path: RelativePath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_below_is_a_relative_path() {
        for (text, reason) in [
            ("", BadPath::Empty),
            ("a//b", BadPath::Empty),
            ("a/", BadPath::Empty),
            ("/a", BadPath::Absolute),
            ("..", BadPath::Dots),
            ("a/../b", BadPath::Dots),
            ("./a", BadPath::Dots),
            ("a\\b", BadPath::Character),
            ("a\nb", BadPath::Character),
            ("a\0b", BadPath::Character),
        ] {
            assert_eq!(RelativePath::parse(text), Err(reason), "{text:?}");
        }
        for text in ["a", "a/b", ".hidden/..x", "ä/ö ü"] {
            assert_eq!(RelativePath::parse(text).expect("it is fine").as_str(), text);
        }
    }

    #[test]
    fn a_path_has_parts() {
        let path = RelativePath::parse("a/b/c.js").expect("it is fine");
        assert_eq!(path.name(), "c.js");
        assert_eq!(path.parent().map(String::from), Some("a/b".to_owned()));
        assert!(RelativePath::parse("a/b").expect("it is fine").holds(&path));
        assert!(!RelativePath::parse("a/bb").expect("it is fine").holds(&path));
        assert!(!path.holds(&path));
        assert_eq!(path.parts().collect::<Vec<_>>(), ["a", "b", "c.js"]);
    }

    #[test]
    fn json_is_checked_too() {
        assert!(serde_json::from_str::<RelativePath>("\"a/b\"").is_ok());
        assert!(serde_json::from_str::<RelativePath>("\"../b\"").is_err());
    }
}
