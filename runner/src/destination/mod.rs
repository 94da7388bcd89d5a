//! Where the runner writes a file that a path names: opened without following a link that somebody else
//! could have made.
//!
//! A path is walked from the root, a directory at a time, each opened without following a link. A link on the
//! way counts only if it is the user's or the system's own, and does not stand where other people's files
//! are: in the workspace, or in the repository around it. What is written goes to the directory that the walk
//! has opened, by a bare name, so that nothing that is exchanged meanwhile leads elsewhere.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod walk;

use std::io;
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
pub(crate) use elsewhere::{Destination, make_directory};
#[cfg(unix)]
pub(crate) use unix::{Destination, make_directory};

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DestinationError {
    #[error("`{path}` leads through the symlink `{link}`, which can come with the project",
        path = path.display(), link = link.display())]
    Link { path: PathBuf, link: PathBuf },
    #[error("`{path}` is {what}, not a regular file", path = path.display())]
    Kind { path: PathBuf, what: &'static str },
    #[error("`{path}` has more than one hard link, and its other name can be any file of yours",
        path = path.display())]
    HardLink { path: PathBuf },
    #[error("`{path}` cannot hold two records", path = path.display())]
    Twice { path: PathBuf },
    #[error("`{path}` leads to a stream in which this CI system obeys commands", path = path.display())]
    Obeyed { path: PathBuf },
    #[error("cannot write `{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// The directories whose files come with a project and may be anybody's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Territory(Vec<PathBuf>);

impl Territory {
    /// Those of a workspace and of the working directory, each with the repository around it. A repository
    /// that has the whole home directory in it is the user's own.
    pub(crate) fn new(directories: [&Path; 2], home: Option<&Path>) -> Self {
        let is_own = |top: &Path| home.is_some_and(|home| home.starts_with(top));
        let whole = |directory: &Path| {
            let directory = dunce::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
            let mut above = directory.ancestors();
            let top = above.find(|above| above.join(".git").symlink_metadata().is_ok());
            top.filter(|top| !is_own(top)).map_or_else(|| directory.clone(), Path::to_owned)
        };
        Self(directories.map(whole).into())
    }

    fn holds(&self, directory: &Path) -> bool {
        self.0.iter().any(|territory| directory.starts_with(territory))
    }
}

#[cfg(all(test, unix))]
mod tests;
