//! Lines of the workspace's files that have no effect because nobody trusts them: told once.

use std::path::{Path, PathBuf};

use super::App;
use crate::config::{Line, Location, RaisedLimit};
use crate::permission::{Source, Statement};
use crate::plugin::Name;

/// A line of the workspace's files that has an effect only in a trusted workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ignored {
    /// The file, with the line where that is known.
    pub(crate) location: String,
    pub(crate) what: String,
}

impl Ignored {
    fn new(location: Option<&Location>, what: impl Into<String>) -> Self {
        let location = location.map(ToString::to_string).unwrap_or_default();
        Self { location, what: what.into() }
    }

    /// A directory of plugins outside of the workspace.
    pub(super) fn directory(line: &Line<PathBuf>) -> Option<Self> {
        let what = format!("plugins.path: {}", line.value.display());
        line.needs_trust.as_ref().map(|location| Self::new(Some(location), what))
    }

    /// An embedded command that another plugin would take the place of.
    pub(super) fn replacement(line: &Line<Name>) -> Option<Self> {
        let what = format!("plugins.replace: {}", line.value);
        line.needs_trust.as_ref().map(|location| Self::new(Some(location), what))
    }

    /// A ceiling that would be higher.
    pub(super) fn limit(raised: &RaisedLimit) -> Self {
        Self::new(raised.location.as_ref(), raised.what.clone())
    }

    /// The sections of commands in a file that a link says to read. None of its content is named.
    pub(super) fn sections(path: &Path, target: &Path) -> Self {
        let what = format!("sections of commands, from `{}`", target.display());
        Self { location: path.display().to_string(), what }
    }

    /// A grant outside of the workspace, with links resolved.
    pub(super) fn grant(grant: &str) -> Self {
        Self::new(None, grant)
    }

    /// The same, as it is written.
    pub(super) fn of_statement(statement: &Statement) -> Self {
        let capability = &statement.capability;
        let what = format!("{} {}", capability.kind.key(), capability.target);
        let location = match &statement.source {
            source @ (Source::Workspace { .. } | Source::Lock { .. }) => source.to_string(),
            _ => String::new(),
        };
        Self { location, what }
    }
}

impl App {
    /// Remembers a line that has no effect.
    pub(super) fn ignore(&self, line: Ignored) {
        self.ignored.borrow_mut().push(line);
    }

    /// Whether a line has an effect: one that needs trust and has none is remembered as ignored.
    pub(super) fn counts(&self, needs_trust: Option<Ignored>) -> bool {
        match needs_trust {
            Some(line) if !self.is_trusted() => {
                self.ignore(line);
                false
            }
            _ => true,
        }
    }

    /// Tells of the lines that had no effect since this was told before.
    pub(super) fn report_ignored(&self) {
        let mut lines = std::mem::take(&mut *self.ignored.borrow_mut());
        if lines.is_empty() {
            return;
        }
        lines.sort();
        lines.dedup();
        self.report.warn_ignored(&lines, &self.trust().differences());
    }
}
