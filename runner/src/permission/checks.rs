//! The checks of files that a guest's every access comes to.

use std::path::Path;

use super::rule::FileRule;
use super::{Access, Grants, Ruling};

impl Grants {
    /// Whether a file of the host's may be read or written. The path is absolute and free of links.
    pub(crate) fn check_path(&self, path: &Path, access: Access) -> Ruling {
        if access == Access::Write
            && let Some(reason) = self.protected.reason(path)
        {
            return Ruling::denied(reason);
        }
        if let Some(denial) = self.denial(path, access) {
            return Ruling::by(&denial.label, false);
        }
        let covers = |rule: &&FileRule| rule.access >= access && rule.pattern.covers(path);
        match self.granted.iter().find(covers) {
            None => Ruling::not_granted(),
            Some(_) if !self.requested.iter().any(|rule| covers(&rule)) => {
                Ruling::denied("not requested")
            }
            Some(rule) => Ruling::by(&rule.label, true),
        }
    }

    /// Whether everything below a directory may be read, whatever its name: then nobody needs to ask for
    /// each.
    pub(crate) fn reads_all_below(&self, directory: &Path) -> bool {
        let covers = |rule: &FileRule| !rule.pattern.is_glob() && rule.pattern.covers(directory);
        let denies =
            |rule: &FileRule| rule.access == Access::Read && rule.pattern.reaches_into(directory);
        self.granted.iter().any(covers)
            && self.requested.iter().any(covers)
            && !self.denied.iter().any(denies)
    }

    /// Whether a directory may be opened, listed and walked: it is granted, or a glob looks into it.
    pub(crate) fn check_directory(&self, path: &Path) -> Ruling {
        if let Some(denial) = self.denial(path, Access::Read) {
            return Ruling::by(&denial.label, false);
        }
        let leads = |rule: &&FileRule| {
            let pattern = &rule.pattern;
            pattern.covers(path) || (pattern.is_glob() && pattern.reaches_around(path))
        };
        match self.granted.iter().find(leads) {
            None => Ruling::not_granted(),
            Some(_) if !self.requested.iter().any(|rule| leads(&rule)) => {
                Ruling::denied("not requested")
            }
            Some(rule) => Ruling::by(&rule.label, true),
        }
    }

    /// Whether a directory may be moved away, or another one to here: what is below it has other paths
    /// then, and would escape a denial, or a glob that granted the directory and not what is in it.
    pub(crate) fn check_move(&self, path: &Path) -> Ruling {
        let ruling = self.check_path(path, Access::Write);
        if !ruling.allowed {
            return ruling;
        }
        if let Some(ruling) = self.check_shelter(path) {
            return ruling;
        }
        if let Some(rule) = self.denied.iter().find(|rule| rule.pattern.reaches_into(path)) {
            return Ruling::by(&rule.label, false);
        }
        let is_whole =
            |rule: &FileRule| rule.access == Access::Write && rule.pattern.covers_all_below(path);
        match [&self.granted, &self.requested].iter().all(|rules| rules.iter().any(is_whole)) {
            true => ruling,
            false => Ruling::denied("a glob grants it, but not what is in it"),
        }
    }

    /// Why a directory may not be moved, nor a link be put in its place, where something protected is or would be below
    /// it: what is found there then would be another thing.
    pub(crate) fn check_shelter(&self, path: &Path) -> Option<Ruling> {
        let holds = self.protected.is_below(path);
        holds
            .then(|| Ruling::denied("it holds files of the runner's own, of git or of a CI system"))
    }

    /// Looks up what nobody may write, where anything may be written at all.
    pub(crate) fn look_up_protected(&self) {
        if self.mounts().iter().any(|mount| mount.access == Access::Write) {
            self.protected.look_up();
        }
    }

    /// A denial of reading is one of writing, too.
    pub(super) fn denial(&self, path: &Path, access: Access) -> Option<&FileRule> {
        let denies =
            |rule: &&FileRule| rule.access <= access && rule.pattern.covers_or_is_above(path);
        self.denied.iter().find(denies)
    }
}
