//! The checks of files that a guest's every access comes to.

use std::path::Path;

use super::{Access, Grants, Ruling};

impl Grants {
    /// Whether a file of the host's may be read or written. The path is absolute and free of links.
    pub(crate) fn check_path(&self, path: &Path, access: Access) -> Ruling {
        if access == Access::Write
            && let Some(reason) = self.protected.reason(path)
        {
            return Ruling::denied(reason);
        }
        if let Some(denial) = self.denied.denying(path, access) {
            return Ruling::by(&denial.label, false);
        }
        match self.granted.granting(path, access) {
            None => Ruling::not_granted(),
            Some(_) if self.requested.granting(path, access).is_none() => {
                Ruling::denied("not requested")
            }
            Some(rule) => Ruling::by(&rule.label, true),
        }
    }

    /// Whether everything below a directory may be read, whatever its name: then nobody needs to ask for
    /// each.
    pub(crate) fn reads_all_below(&self, directory: &Path) -> bool {
        self.granted.hold_plainly(directory)
            && self.requested.hold_plainly(directory)
            && self.denied.reaching_into(directory, &[Access::Read]).is_none()
    }

    /// Whether a directory may be opened, listed and walked: it is granted, or a glob looks into it.
    pub(crate) fn check_directory(&self, path: &Path) -> Ruling {
        if let Some(denial) = self.denied.denying(path, Access::Read) {
            return Ruling::by(&denial.label, false);
        }
        match self.granted.leading(path) {
            None => Ruling::not_granted(),
            Some(_) if self.requested.leading(path).is_none() => Ruling::denied("not requested"),
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
        if let Some(rule) = self.denied.reaching_into(path, &[Access::Read, Access::Write]) {
            return Ruling::by(&rule.label, false);
        }
        match self.granted.give_all_below(path) && self.requested.give_all_below(path) {
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
}
