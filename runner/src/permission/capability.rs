//! One thing that a plugin can reach.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{GIT_INDEX, Protocol};

/// What is done with a directory or file. Writing includes reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    Read,
    Write,
}

/// The kinds of things that a plugin can reach.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Files and directories, to read.
    Read,
    /// Files and directories, to read and to write.
    Write,
    /// The values of environment variables.
    Env,
    /// TCP connections.
    Connect,
    Udp,
    /// The look-up of names.
    Resolve,
    Http,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Read, Self::Write, Self::Env, Self::Connect, Self::Udp, Self::Resolve, Self::Http];

    /// The key in a configuration file, and the end of the flags `--allow-…` and `--deny-…`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Env => "env",
            Self::Connect => "connect",
            Self::Udp => "udp",
            Self::Resolve => "resolve",
            Self::Http => "http",
        }
    }

    /// What is done with files of this kind; none where it is not about files.
    pub(crate) fn access(self) -> Option<Access> {
        match self {
            Self::Read => Some(Access::Read),
            Self::Write => Some(Access::Write),
            Self::Env | Self::Connect | Self::Udp | Self::Resolve | Self::Http => None,
        }
    }
}

impl Kind {
    /// How the network is used by this kind; none where it is about something else.
    pub(crate) fn protocol(self) -> Option<Protocol> {
        match self {
            Self::Connect => Some(Protocol::Tcp),
            Self::Udp => Some(Protocol::Udp),
            Self::Resolve => Some(Protocol::Resolve),
            Self::Http => Some(Protocol::Http),
            Self::Read | Self::Write | Self::Env => None,
        }
    }
}

impl From<Access> for Kind {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
        }
    }
}

/// Things of one kind, as somebody wrote them: a path or glob, the name of a variable, a host and port.
/// Displays as the flag that grants it for one run, fit to be pasted into a shell: what stands there is
/// often a plugin's own word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Capability {
    pub(crate) kind: Kind,
    pub(crate) target: String,
}

impl Capability {
    pub(crate) fn new(kind: Kind, target: impl Into<String>) -> Self {
        Self { kind, target: target.into() }
    }

    /// All that there is: what bounds a command of which nobody says what it needs. A request, not a
    /// grant.
    pub(crate) fn anything() -> [Self; 6] {
        [
            Self::new(Kind::Write, "/"),
            Self::new(Kind::Env, "*"),
            Self::new(Kind::Connect, "*:*"),
            Self::new(Kind::Udp, "*:*"),
            Self::new(Kind::Resolve, "*"),
            Self::new(Kind::Http, "*:*"),
        ]
    }
}

impl Capability {
    /// Whether a capability on files is certain to be part of this one, by their paths. A path with a
    /// character of globs is taken for a glob, which is certain of nothing.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let (Some(access), Some(needed)) = (self.kind.access(), other.kind.access()) else {
            return self == other;
        };
        access >= needed
            && !self.target.contains(['*', '?', '[', '{'])
            && Path::new(&other.target).starts_with(&self.target)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What no shell can be given (NUL) is nothing that anybody can type.
        let target = shlex::try_quote(&self.target).unwrap_or_default();
        write!(f, "--allow-{} {target}", self.kind.key())
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

impl Request {
    /// Whether it asks what git tracks in the workspace.
    pub(crate) fn is_of_git_index(&self) -> bool {
        self.capability.kind == Kind::Read && self.capability.target == GIT_INDEX
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_part_of_another() {
        let includes = |(a, x): (Kind, &str), (b, y): (Kind, &str)| {
            Capability::new(a, x).includes(&Capability::new(b, y))
        };
        assert!(includes((Kind::Write, "/a"), (Kind::Read, "/a/b")));
        assert!(includes((Kind::Read, "/a"), (Kind::Read, "/a/*.rs")));
        assert!(includes((Kind::Env, "A"), (Kind::Env, "A")));
        assert!(!includes((Kind::Read, "/a"), (Kind::Write, "/a/b")));
        assert!(!includes((Kind::Read, "/a"), (Kind::Read, "/ab")));
        assert!(!includes((Kind::Read, "/a/*"), (Kind::Read, "/a/*/b")));
        assert!(!includes((Kind::Env, "A*"), (Kind::Env, "AB")));
    }
}
