//! One thing that a plugin can reach.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is done with a directory or file. Writing includes reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    Read,
    Write,
}

/// One thing that a plugin can reach. Displays as the flag that grants it for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Capability {
    /// A directory, to read.
    Read(String),
    /// A directory, to read and to write.
    Write(String),
    /// The value of an environment variable.
    Environment(String),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(directory) => write!(f, "--allow-read {directory}"),
            Self::Write(directory) => write!(f, "--allow-write {directory}"),
            Self::Environment(name) => write!(f, "--allow-env {name}"),
        }
    }
}

impl Capability {
    /// The directory that it reaches, and what is done there; none where it reaches something else.
    pub(super) fn directory(&self) -> Option<(&str, Access)> {
        match self {
            Self::Read(directory) => Some((directory, Access::Read)),
            Self::Write(directory) => Some((directory, Access::Write)),
            Self::Environment(_) => None,
        }
    }
}

/// One capability that a command asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Request {
    pub(crate) capability: Capability,
    /// Why, for the user who decides.
    pub(crate) reason: String,
}

/// What a path argument is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PathSpec {
    pub(crate) kind: PathKind,
    pub(crate) access: Access,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PathKind {
    File,
    Directory,
}

/// Whether this can be the name of an environment variable (POSIX: letters, digits and `_`).
pub(crate) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
