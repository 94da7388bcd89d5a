//! What is never removed, although it is in an artifact.

use std::ffi::OsStr;
use std::path::Path;

use crate::directory::{self, Entry};
use crate::globs::Globs;
use crate::index::Tracked;
use crate::kinds::project_file;
use crate::repository::{GIT, Repository};

/// The names that are left alone at any depth: git's own, and the runner's.
const OWN: [&str; 6] =
    [GIT, "taskrunner.yaml", "taskrunner.yml", "taskrunner.json", "taskrunner.lock", ".taskrunner"];

/// Why something is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// git tracks it.
    Tracked,
    /// `--keep` names it.
    Kept,
    /// It is git's or the runner's own.
    Own,
    /// People write it, although it lies among what builds write.
    Written,
    /// It is a repository of its own.
    Repository,
    /// It is a project, which a pattern does not remove.
    Project,
}

impl Reason {
    /// The words for so many.
    pub(crate) fn words(self, count: u64) -> String {
        let plural = if count == 1 { "" } else { "s" };
        match self {
            Self::Tracked => format!("{count} tracked by git"),
            Self::Kept => format!("{count} by --keep"),
            Self::Own => format!("{count} of git's or taskrunner's own"),
            Self::Written if count == 1 => "1 setting".to_owned(),
            Self::Written => format!("{count} settings"),
            Self::Repository if count == 1 => "1 repository".to_owned(),
            Self::Repository => format!("{count} repositories"),
            Self::Project => format!("{count} project{plural}"),
        }
    }
}

/// What the submodules of a repository mean for what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submodules {
    /// They stay whole.
    Stay,
    /// Another repository is nearer, which says itself what it tracks.
    AreElsewhere,
}

/// Says of each entry of one artifact whether it stays.
pub(crate) struct Guard<'a> {
    /// The user's own exceptions.
    keep: &'a Globs,
    /// What git tracks in there.
    tracked: Vec<(&'a Repository, &'a Tracked, Submodules)>,
    /// Whether listings may not show that there is a repository: then it is looked for.
    hidden: bool,
    /// The artifact, and what people write into it.
    written: (&'a Path, &'static [&'static str]),
    /// Whether projects stay.
    projects: bool,
}

impl<'a> Guard<'a> {
    /// The guard of an artifact of a project, in which people write some names.
    pub(crate) fn of_artifact(
        path: &'a Path,
        keep: &'a Globs,
        written: &'static [&'static str],
    ) -> Self {
        Self { keep, tracked: Vec::new(), hidden: false, written: (path, written), projects: false }
    }

    /// The guard of something that a pattern matches.
    pub(crate) fn of_match(path: &'a Path, keep: &'a Globs) -> Self {
        Self { projects: true, ..Self::of_artifact(path, keep, &[]) }
    }

    /// Guards what git tracks, too.
    pub(crate) fn and_tracked(
        mut self,
        repository: &'a Repository,
        tracked: &'a Tracked,
        submodules: Submodules,
    ) -> Self {
        self.tracked.push((repository, tracked, submodules));
        self
    }

    /// Guards repositories that listings may not show, too.
    pub(crate) fn and_hidden(self, hidden: bool) -> Self {
        Self { hidden, ..self }
    }

    /// Why the entry at `path` stays, with all that is in it.
    pub(crate) fn entry(&self, path: &Path, is_directory: bool) -> Option<Reason> {
        if path.file_name().is_some_and(is_own) {
            return Some(Reason::Own);
        }
        let (artifact, written) = self.written;
        let is_written = |rest: &Path| written.iter().any(|name| rest.as_os_str() == *name);
        if !written.is_empty() && path.strip_prefix(artifact).is_ok_and(is_written) {
            return Some(Reason::Written);
        }
        if self.keep.matches(path, is_directory) {
            return Some(Reason::Kept);
        }
        let is_tracked =
            |(repository, tracked, submodules): &(&Repository, &Tracked, Submodules)| {
                repository.within(path).is_some_and(|path| match submodules {
                    Submodules::Stay => tracked.covers(&path),
                    Submodules::AreElsewhere => tracked.lists(&path),
                })
            };
        self.tracked.iter().any(is_tracked).then_some(Reason::Tracked)
    }

    /// Why the directory `full` with these entries stays, with all of them.
    pub(crate) fn directory(&self, full: &Path, entries: &[Entry]) -> Option<Reason> {
        let is_hidden = || self.hidden && directory::is_hidden(&full.join(GIT));
        if entries.iter().any(|entry| entry.name == *GIT) || is_hidden() {
            return Some(Reason::Repository);
        }
        (self.projects && project_file(entries).is_some()).then_some(Reason::Project)
    }
}

/// Whether something of this name is git's or the runner's own, in any case of letters: there are
/// file systems to which that is the same.
pub(crate) fn is_own(name: &OsStr) -> bool {
    OWN.iter().any(|own| name.eq_ignore_ascii_case(own))
}
