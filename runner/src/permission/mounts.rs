//! Which parts of the host's file system the guest finds, and under which names. What it may do there,
//! the rules decide.

use std::path::{Path, PathBuf};

use super::file_rules::FileRules;
use super::paths::Located;
use super::{Access, NamedPath, Paths, PermissionError};

/// A part of the host's file system that the guest finds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Absolute and free of links.
    pub(crate) host: PathBuf,
    /// Absolute, with `/` between its parts.
    pub(crate) guest: String,
    /// The most that any rule gives there.
    pub(crate) access: Access,
    pub(crate) scope: Scope,
}

/// How much of the file system a mount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The directory and everything below it.
    Tree,
    /// One file, which need not be there yet.
    File,
}

/// Where requests and grants meet. What is not there is left out, but for a file that may be made in a
/// directory that is.
pub(super) fn of_rules(requested: &FileRules, granted: &FileRules, paths: &Paths) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for granted in granted.iter() {
        for requested in requested.iter() {
            let Some(base) = granted.pattern.common_base(&requested.pattern) else { continue };
            let access = granted.access.min(requested.access);
            let has_parent = base.parent().is_some_and(Path::is_dir);
            let scope = if base.is_dir() {
                Scope::Tree
            } else if granted.pattern.is_glob() || requested.pattern.is_glob() || !has_parent {
                continue;
            } else {
                Scope::File
            };
            mounts.extend(paths.locate(base, base).map(|at| Mount::new(at, access, scope)));
        }
    }
    mounts
}

/// Leaves out what another mount holds, which then gives as much as both.
pub(super) fn join(mounts: &mut Vec<Mount>) {
    let all = std::mem::take(mounts);
    for mut mount in all {
        if let Some(outer) = mounts.iter_mut().find(|outer| outer.holds(&mount)) {
            outer.access = outer.access.max(mount.access);
            continue;
        }
        let inner: Vec<Mount> = mounts.extract_if(.., |inner| mount.holds(inner)).collect();
        mount.access = inner.iter().map(|inner| inner.access).fold(mount.access, Access::max);
        mounts.push(mount);
    }
}

/// What is inside the workspace and what is outside of it can have the same name for the guest: `/tmp/x`,
/// and `tmp/x` of the workspace. Then the guest would reach another file than was meant.
pub(super) fn refuse_ambiguity(
    mounts: &[Mount],
    named: &[NamedPath],
) -> Result<(), PermissionError> {
    let ambiguous =
        |first: &Path, second| Err(PermissionError::Ambiguous { first: first.to_owned(), second });
    for path in named {
        match reached(mounts, &path.guest) {
            Some(reached) if reached != path.host => return ambiguous(&path.host, reached),
            _ => {}
        }
    }
    for mount in mounts {
        for other in mounts {
            let Some(hidden) = other.host_of(&mount.guest) else { continue };
            let is_there = other.guest == mount.guest || hidden.symlink_metadata().is_ok();
            if hidden != mount.host && is_there {
                return ambiguous(&mount.host, hidden);
            }
        }
    }
    Ok(())
}

/// What the guest finds under a name: what the innermost of the mounts has there.
pub(super) fn reached(mounts: &[Mount], guest: &str) -> Option<PathBuf> {
    let reached = mounts.iter().filter_map(|mount| Some((&mount.guest, mount.host_of(guest)?)));
    reached.max_by_key(|(guest, _)| guest.len()).map(|(_, reached)| reached)
}

impl Mount {
    pub(super) fn new(located: Located, access: Access, scope: Scope) -> Self {
        Self { host: located.host, guest: located.guest, access, scope }
    }

    /// What the host has under a guest's name, if this mount reaches there.
    fn host_of(&self, guest: &str) -> Option<PathBuf> {
        let rest = Path::new(guest).strip_prefix(&self.guest).ok()?;
        match self.scope {
            _ if rest.as_os_str().is_empty() => Some(self.host.clone()),
            Scope::Tree => Some(self.host.join(rest)),
            Scope::File => None,
        }
    }

    /// Whether everything of the other is in this one, under the same name.
    fn holds(&self, other: &Self) -> bool {
        let reaches = match self.scope {
            Scope::Tree => other.host.starts_with(&self.host),
            Scope::File => other.scope == Scope::File && other.host == self.host,
        };
        // A directory that holds the workspace has another name for what is inside.
        reaches && Path::new(&other.guest).starts_with(&self.guest)
    }
}
