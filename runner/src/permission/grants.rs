//! What the user allows, decided.

use std::path::{Path, PathBuf};

use super::capability::is_variable;
use super::paths::Located;
use super::{Access, Capability, PathKind, PathSpec, Paths, PermissionError, Request, Ruling};

/// What one invocation may reach. [`Grants::decide`] and [`Grants::none`] are the only ways to get one,
/// and nothing runs without one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    workspace: PathBuf,
    mounts: Vec<Mount>,
    environment: Vec<(String, String)>,
    refused: Vec<Request>,
}

/// A part of the host's file system that the guest finds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Absolute and free of links.
    pub(crate) host: PathBuf,
    /// Absolute, with `/` between its parts.
    pub(crate) guest: String,
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

/// A path that stood on the command line, which grants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) spec: PathSpec,
}

/// What decides. Without trust and lock there are three sources: the plugin's own place, the flags of
/// this run, and the paths that the command line named.
pub(crate) struct Policy<'a> {
    /// Whether the plugin is part of the runner: then it has what it requests inside the workspace.
    pub(crate) embedded: bool,
    pub(crate) requests: &'a [Request],
    pub(crate) allowed: &'a Allowed,
    pub(crate) named: &'a [NamedPath],
    pub(crate) paths: &'a Paths,
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
}

/// What the flags of this run allow. Directories are relative to the user's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    pub(crate) read: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
    pub(crate) environment: Vec<String>,
}

impl Grants {
    /// Nothing: for `describe`.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn decide(policy: &Policy<'_>) -> Result<Self, PermissionError> {
        let mut grants = Self { workspace: policy.paths.workspace().to_owned(), ..Self::none() };
        if policy.embedded {
            for request in policy.requests {
                grants.grant_request(request, policy.paths)?;
            }
        }
        for (directories, access) in
            [(&policy.allowed.read, Access::Read), (&policy.allowed.write, Access::Write)]
        {
            for directory in directories {
                grants.grant_directory(directory, access, policy.paths)?;
            }
        }
        for path in policy.named {
            grants.grant_named(path, policy.paths)?;
        }
        grants.refuse_ambiguity(policy.named)?;
        for name in &policy.allowed.environment {
            if !is_variable(name) {
                return Err(PermissionError::Variable(name.escape_debug().to_string()));
            }
            if let Some(value) = (policy.environment)(name) {
                grants.environment.push((name.clone(), value));
            }
        }
        grants.refused =
            policy.requests.iter().filter(|r| !grants.covers(r, policy)).cloned().collect();
        Ok(grants)
    }

    /// Where relative paths lead.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The mounts, none inside another with the same access.
    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Names and values of the variables.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// What the plugin requested and did not get.
    pub(crate) fn refused(&self) -> &[Request] {
        &self.refused
    }

    /// Whether a file of the host's may be read or written.
    pub(crate) fn check_path(&self, path: &Path, access: Access) -> Ruling {
        let rule = self.mounts.iter().find(|mount| {
            mount.access >= access
                && match mount.scope {
                    Scope::Tree => path.starts_with(&mount.host),
                    Scope::File => path == mount.host,
                }
        });
        match rule {
            Some(mount) => Ruling { allowed: true, rule: mount.host.display().to_string().into() },
            None => Ruling { allowed: false, rule: "no grant".into() },
        }
    }

    /// Whether everything below a directory may be read, whatever its name: then nobody needs to ask for
    /// each. It must say no where a denial or a pattern reaches below the directory.
    pub(crate) fn reads_all_below(&self, directory: &Path) -> bool {
        self.mounts
            .iter()
            .any(|mount| mount.scope == Scope::Tree && directory.starts_with(&mount.host))
    }

    /// Whether a directory may be opened, listed and walked.
    pub(crate) fn check_directory(&self, path: &Path) -> Ruling {
        self.check_path(path, Access::Read)
    }

    /// Whether a directory may be moved away.
    pub(crate) fn check_move(&self, path: &Path) -> Ruling {
        self.check_path(path, Access::Write)
    }

    fn grant_request(&mut self, request: &Request, paths: &Paths) -> Result<(), PermissionError> {
        let Some((directory, access)) = request.capability.directory() else { return Ok(()) };
        let located = paths.locate(paths.workspace(), directory)?;
        if !located.host.starts_with(paths.workspace()) {
            return Err(PermissionError::OutsideWorkspace {
                directory: directory.to_owned(),
                path: located.host,
            });
        }
        paths.refuse_forbidden(&located.host)?;
        if located.host.is_dir() {
            self.mount(located, access, Scope::Tree);
        }
        Ok(())
    }

    fn grant_directory(
        &mut self,
        directory: &Path,
        access: Access,
        paths: &Paths,
    ) -> Result<(), PermissionError> {
        let located = paths.locate(paths.working_directory(), directory)?;
        paths.refuse_forbidden(&located.host)?;
        if !located.host.is_dir() {
            return Err(PermissionError::no_directory(&located.host));
        }
        self.mount(located, access, Scope::Tree);
        Ok(())
    }

    fn grant_named(&mut self, path: &NamedPath, paths: &Paths) -> Result<(), PermissionError> {
        let located = Located { host: path.host.clone(), guest: path.guest.clone() };
        paths.refuse_forbidden(&located.host)?;
        let scope = match path.spec.kind {
            PathKind::File => Scope::File,
            PathKind::Directory => Scope::Tree,
        };
        self.mount(located, path.spec.access, scope);
        Ok(())
    }

    /// Adds a mount, unless one that is there already gives the same.
    fn mount(&mut self, located: Located, access: Access, scope: Scope) {
        let mount = Mount { host: located.host, guest: located.guest, access, scope };
        if self.mounts.iter().any(|there| there.gives(&mount)) {
            return;
        }
        self.mounts.retain(|there| !mount.gives(there));
        self.mounts.push(mount);
    }

    /// What is inside the workspace and what is outside of it can have the same name for the guest:
    /// `/tmp/x`, and `tmp/x` of the workspace. Then the guest would reach another file than was meant.
    fn refuse_ambiguity(&self, named: &[NamedPath]) -> Result<(), PermissionError> {
        let ambiguous = |first: &Path, second| {
            Err(PermissionError::Ambiguous { first: first.to_owned(), second })
        };
        for path in named {
            let reached = self
                .mounts
                .iter()
                .filter_map(|mount| Some((&mount.guest, mount.host_of(&path.guest)?)));
            match reached.max_by_key(|(guest, _)| guest.len()) {
                Some((_, reached)) if reached != path.host => {
                    return ambiguous(&path.host, reached);
                }
                _ => {}
            }
        }
        for mount in &self.mounts {
            for other in &self.mounts {
                let Some(hidden) = other.host_of(&mount.guest) else { continue };
                let is_there = other.guest == mount.guest || hidden.symlink_metadata().is_ok();
                if hidden != mount.host && is_there {
                    return ambiguous(&mount.host, hidden);
                }
            }
        }
        Ok(())
    }

    fn covers(&self, request: &Request, policy: &Policy<'_>) -> bool {
        if let Capability::Environment(name) = &request.capability {
            return policy.allowed.environment.contains(name);
        }
        let Some((directory, access)) = request.capability.directory() else { return false };
        policy.paths.locate(policy.paths.workspace(), directory).is_ok_and(|located| {
            let wanted =
                Mount { host: located.host, guest: located.guest, access, scope: Scope::Tree };
            self.mounts.iter().any(|mount| mount.gives(&wanted))
        })
    }
}

impl Mount {
    /// What the host has under a guest's name, if this mount reaches there.
    fn host_of(&self, guest: &str) -> Option<PathBuf> {
        let rest = Path::new(guest).strip_prefix(&self.guest).ok()?;
        match self.scope {
            _ if rest.as_os_str().is_empty() => Some(self.host.clone()),
            Scope::Tree => Some(self.host.join(rest)),
            Scope::File => None,
        }
    }

    /// Whether whoever has this mount needs not the other.
    fn gives(&self, other: &Self) -> bool {
        let reaches = match self.scope {
            Scope::Tree => other.host.starts_with(&self.host),
            Scope::File => other.scope == Scope::File && other.host == self.host,
        };
        reaches
            && self.access >= other.access
            // A directory that holds the workspace has another name for what is inside.
            && Path::new(&other.guest).starts_with(&self.guest)
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
