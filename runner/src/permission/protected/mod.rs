//! What no plugin may write, whatever was granted: what git, the runner and a CI system act on later. This is the one
//! place that knows it, by every name that a path has: through links, `gitdir:` files and bind mounts.

#[cfg(target_os = "linux")]
mod binds;
mod git;
mod own;
mod resolve;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use own::Own;

pub(crate) use resolve::Resolver;

/// Whose files those are that no plugin writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Git,
    Runner,
    /// A CI system, or a shell that it starts.
    Ci,
}

impl Owner {
    fn reason(self) -> &'static str {
        match self {
            Self::Git => "no plugin writes to a git directory",
            Self::Runner => "no plugin writes to the runner's own files",
            Self::Ci => "no plugin writes to what a CI system or a shell reads its settings from",
        }
    }
}

/// The files and directories that belong to the runner, to git and to CI systems, as they are named: by the command
/// line, the environment and the configuration. Nothing of it need be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnPaths {
    pub(crate) workspace: PathBuf,
    /// The runner's.
    pub(crate) files: Vec<PathBuf>,
    /// The same, where what the links in a directory lead to is the runner's, too: its plugins, for one.
    pub(crate) directories: Vec<PathBuf>,
    /// Git's: what its variables name.
    pub(crate) git: Vec<PathBuf>,
    /// What a CI system, or the shell of its next step, reads.
    pub(crate) ci: Vec<PathBuf>,
}

/// Those files, looked up when the first decision on writing asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Protected(Arc<Lazy>);

#[derive(Debug, Default)]
struct Lazy {
    paths: OwnPaths,
    own: OnceLock<Own>,
    free: git::Free,
}

impl Protected {
    pub(crate) fn new(paths: OwnPaths) -> Self {
        Self(Arc::new(Lazy { paths, ..Lazy::default() }))
    }

    /// What is known of a workspace alone.
    pub(crate) fn in_workspace(workspace: &Path) -> Self {
        Self::new(OwnPaths { workspace: workspace.to_owned(), ..OwnPaths::default() })
    }

    /// Looks the files up. A worker cannot do it: what it would have to read is out of its reach.
    pub(crate) fn look_up(&self) {
        self.own();
    }

    fn own(&self) -> &Own {
        self.0.own.get_or_init(|| Own::look_up(&self.0.paths))
    }

    /// Why a path may not be written, if that is so. It is absolute, with all links resolved.
    pub(crate) fn reason(&self, path: &Path) -> Option<&'static str> {
        if git::has_its_name(path) {
            return Some("no plugin writes to `.git`");
        }
        let own = self.own();
        let is_git =
            || git::is_in_directory(path, own.settled(), &self.0.free).then_some(Owner::Git);
        own.owner(path).or_else(is_git).map(Owner::reason)
    }

    /// Whether something of theirs lies below a directory, so that moving it, or putting a link in its place, would
    /// move that, too.
    pub(crate) fn is_below(&self, directory: &Path) -> bool {
        self.own().is_below(directory)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
