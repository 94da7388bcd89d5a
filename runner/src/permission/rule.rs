//! Rules: what was requested, granted or denied, and where that is written.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{self, FilePattern};
use super::variable::VariablePattern;
use super::{Access, Capability, Endpoint, Kind, Paths, PermissionError};

/// Who says so. The order is that in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The plugin is part of the runner.
    Embedded,
    /// The user's configuration file, at a line.
    User { path: PathBuf, line: usize },
    /// The workspace's configuration file, at a line: an attacker's file until it is trusted.
    Workspace { path: PathBuf, line: usize },
    /// The lock file of the workspace: the same.
    Lock { path: PathBuf },
    /// What the user answered, now or before.
    Answer,
    /// A flag of this run.
    Flag,
    /// A path that stood on the command line.
    Argument,
}

impl Source {
    /// Whether it came with the workspace.
    pub(crate) fn is_of_workspace(&self) -> bool {
        matches!(self, Self::Workspace { .. } | Self::Lock { .. })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("built in"),
            Self::User { path, line } | Self::Workspace { path, line } => {
                write!(f, "{}:{line}", path.display())
            }
            Self::Lock { path } => write!(f, "{}", path.display()),
            Self::Answer => f.write_str("your answer"),
            Self::Flag => f.write_str("command line"),
            Self::Argument => f.write_str("named on the command line"),
        }
    }
}

/// Whether a statement gives or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// What one line of a policy says, as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) capability: Capability,
    /// What a relative path is relative to.
    pub(crate) directory: PathBuf,
    pub(crate) source: Source,
}

impl Statement {
    /// Checks what can be checked of a target before anything is looked up.
    pub(crate) fn check(capability: &Capability) -> Result<(), PermissionError> {
        let target = &capability.target;
        match capability.kind {
            Kind::Read | Kind::Write => files::check(target),
            Kind::Env => match VariablePattern::parse(target) {
                Some(_) => Ok(()),
                None => Err(PermissionError::Variable(target.escape_debug().to_string())),
            },
            Kind::Connect | Kind::Udp | Kind::Resolve | Kind::Http => {
                let parse = |protocol| Endpoint::parse(protocol, target).map(drop);
                Ok(capability.kind.protocol().map_or(Ok(()), parse)?)
            }
        }
    }
}

/// A rule about files.
#[derive(Clone, Debug)]
pub(crate) struct FileRule {
    pub(crate) access: Access,
    pub(crate) pattern: FilePattern,
    /// As it was written: relative to what it was relative to.
    pub(crate) target: String,
    pub(crate) source: Source,
    /// The same for people, and for the records of decisions.
    pub(crate) label: Arc<str>,
}

impl FileRule {
    pub(super) fn new(
        access: Access,
        pattern: FilePattern,
        target: &str,
        effect: Effect,
        source: Source,
    ) -> Self {
        let label = label(effect, access.into(), target, &source);
        Self { access, pattern, target: target.to_owned(), source, label }
    }

    /// The rules that a statement comes to: one, or one for each file that its target stands for.
    pub(super) fn parse(
        access: Access,
        statement: &Statement,
        paths: &Paths,
    ) -> Result<Vec<Self>, PermissionError> {
        let target = &statement.capability.target;
        let patterns = FilePattern::all(target, &statement.directory, paths)?;
        let rule = |pattern| {
            Self::new(access, pattern, target, statement.effect, statement.source.clone())
        };
        Ok(patterns.into_iter().map(rule).collect())
    }
}

/// A rule about environment variables.
#[derive(Clone, Debug)]
pub(crate) struct VariableRule {
    pub(crate) pattern: VariablePattern,
    pub(crate) target: String,
    pub(crate) source: Source,
    pub(crate) label: Arc<str>,
}

impl VariableRule {
    pub(super) fn parse(statement: &Statement) -> Result<Self, PermissionError> {
        let target = &statement.capability.target;
        let pattern = VariablePattern::parse(target)
            .ok_or_else(|| PermissionError::Variable(target.escape_debug().to_string()))?;
        let label = label(statement.effect, Kind::Env, target, &statement.source);
        Ok(Self { pattern, target: target.clone(), source: statement.source.clone(), label })
    }
}

/// A rule in one line: `read src (taskrunner.yaml:3)`.
pub(super) fn label(effect: Effect, kind: Kind, target: &str, source: &Source) -> Arc<str> {
    let deny = if effect == Effect::Deny { "deny " } else { "" };
    format!("{deny}{} {target} ({source})", kind.key()).into()
}
