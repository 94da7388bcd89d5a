//! What a path means: which file of the host, and under which name the guest finds it.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::endpoint::EndpointError;
use super::repository::{self, Repository, Variables};
use super::{Access, PathKind, PathSpec};

/// Why something is not granted, or a path not usable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PermissionError {
    #[error("`{path}`: {error}", path = path.display())]
    Path { path: PathBuf, error: io::Error },
    #[error("`{path}` is {problem}", path = path.display())]
    Kind { path: PathBuf, problem: &'static str },
    #[error("`{path}` is never granted: it is {what}", path = path.display())]
    Forbidden { path: PathBuf, what: &'static str },
    #[error("`{directory}`, which the command requests, leads out of the workspace to `{path}`", path = path.display())]
    OutsideWorkspace { directory: String, path: PathBuf },
    #[error("`{name}` is a link out of the workspace, to `{path}`: name that, if it is meant", path = path.display())]
    Detour { name: String, path: PathBuf },
    #[error("`{path}` is outside of what was granted", path = path.display())]
    OutOfReach { path: PathBuf },
    #[error("the command could not tell `{first}` from `{second}`, which has the same name inside the sandbox", first = first.display(), second = second.display())]
    Ambiguous { first: PathBuf, second: PathBuf },
    #[error("`{path}` is never granted to be written: {what}", path = path.display())]
    Protected { path: PathBuf, what: &'static str },
    #[error("`{0}` is not the name of an environment variable")]
    Variable(String),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error("no index of git is known that says what is tracked in the workspace")]
    NoRepository,
    #[error("an empty path")]
    EmptyPath,
    #[error("`{glob}` is no glob: {problem}")]
    Glob { glob: String, problem: String },
    #[error(
        "the globs for this command are too long together, at `{at}`: name directories instead"
    )]
    TooManyGlobs { at: String },
    #[error(
        "more than {most} grants of files for this command, at `{at}`: grant a directory that holds them"
    )]
    TooManyGrants { most: usize, at: String },
}

impl PermissionError {
    /// Where a directory should be, and is none.
    pub(super) fn no_directory(path: &Path) -> Self {
        let problem = if path.exists() { "not a directory" } else { "not there" };
        Self::Kind { path: path.to_owned(), problem }
    }

    /// Where something should be, and is not.
    pub(super) fn not_there(path: &Path) -> Self {
        Self::Kind { path: path.to_owned(), problem: "not there" }
    }

    /// Whether this is a refusal, rather than a mistake in what was typed.
    pub(crate) fn is_denial(&self) -> bool {
        matches!(
            self,
            Self::Forbidden { .. }
                | Self::Protected { .. }
                | Self::OutsideWorkspace { .. }
                | Self::Detour { .. }
                | Self::OutOfReach { .. }
                | Self::Ambiguous { .. }
        )
    }
}

/// The directories that decide what a path means. All are absolute and free of links.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    workspace: PathBuf,
    working_directory: PathBuf,
    /// What the guest finds as its `/`.
    root: PathBuf,
    home: Option<PathBuf>,
    variables: Variables,
    /// The repositories that say what git tracks in the workspace, once somebody asks.
    repositories: OnceCell<Vec<Repository>>,
    /// The directory that no grant leads out of, where there is one.
    confines: Option<PathBuf>,
}

/// A path that stood on the command line, which grants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) spec: PathSpec,
}

/// A path of the host with links resolved, and the guest's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

impl Paths {
    /// # Errors
    ///
    /// Where a directory is not there.
    pub(crate) fn new(
        workspace: &Path,
        working_directory: &Path,
        home: Option<&Path>,
    ) -> Result<Self, PermissionError> {
        let workspace = canonical(workspace)?;
        Ok(Self {
            root: workspace.clone(),
            workspace,
            working_directory: canonical(working_directory)?,
            home: home.and_then(|home| dunce::canonicalize(home).ok()),
            variables: Variables::default(),
            repositories: OnceCell::new(),
            confines: None,
        })
    }

    /// The same for a user with these variables, of which git's say where a repository is.
    pub(crate) fn with_variables(self, variables: Variables) -> Self {
        Self { variables, ..self }
    }

    /// The same, where nothing outside of a directory is ever granted, whoever grants it.
    pub(crate) fn confined_to(self, directory: Option<&Path>) -> Self {
        Self { confines: directory.map(Path::to_owned), ..self }
    }

    /// The same, for a guest that is passed what was typed as it is: it finds the user's directory as its
    /// `/`, so that a relative path means the same inside.
    pub(crate) fn at_working_directory(self) -> Self {
        Self { root: self.working_directory.clone(), ..self }
    }

    /// What the guest finds as its `/`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    pub(crate) fn working_directory(&self) -> &Path {
        &self.working_directory
    }

    /// The repositories that say what git tracks in the workspace.
    pub(super) fn repositories(&self) -> &[Repository] {
        self.repositories.get_or_init(|| {
            repository::find(&self.workspace, &self.working_directory, &self.variables)
        })
    }

    /// What a guest is told of these repositories. `hidden`: something in the workspace may not be read.
    pub(super) fn told_of_repositories(&self, hidden: bool) -> String {
        let guest_name = |file: &Path| self.guest_name(file);
        repository::told(self.repositories(), &self.workspace, hidden, &guest_name)
    }

    /// Resolves a path that need not exist: links in the part that does are followed, and what is left
    /// may only go down.
    pub(crate) fn locate(
        &self,
        base: &Path,
        path: impl AsRef<Path>,
    ) -> Result<Located, PermissionError> {
        let asked = base.join(path);
        let fail = |error| PermissionError::Path { path: asked.clone(), error };
        let mut existing = asked.as_path();
        let mut below: Vec<OsString> = Vec::new();
        let mut host = loop {
            match dunce::canonicalize(existing) {
                Ok(found) => break found,
                // A link that leads nowhere would be followed by whoever creates the file.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !existing.is_symlink() => {
                    let Some(Component::Normal(last)) = existing.components().next_back() else {
                        return Err(fail(error));
                    };
                    below.push(last.to_owned());
                    existing = existing.parent().ok_or_else(|| fail(error))?;
                }
                Err(error) => return Err(fail(error)),
            }
        };
        host.extend(below.into_iter().rev());
        let guest = self.guest_name(&host).ok_or_else(|| {
            fail(io::Error::new(
                io::ErrorKind::InvalidInput,
                "its name is not Unicode, which plugins need",
            ))
        })?;
        Ok(Located { host, guest })
    }

    /// Refuses a path that is written as one inside the workspace and leads out of it by a link: the
    /// links of a workspace can be anybody's, and who names `src` means no file of another place.
    pub(crate) fn refuse_detour(
        &self,
        base: &Path,
        path: &Path,
        located: &Path,
    ) -> Result<(), PermissionError> {
        let mut written = PathBuf::new();
        for component in base.join(path).components() {
            match component {
                Component::ParentDir => drop(written.pop()),
                Component::CurDir => {}
                component => written.push(component),
            }
        }
        if written.starts_with(&self.workspace) && !located.starts_with(&self.workspace) {
            let name = path.display().to_string();
            return Err(PermissionError::Detour { name, path: located.to_owned() });
        }
        Ok(())
    }

    /// The file of the host that the user means: none that a link of the workspace leads out to.
    pub(crate) fn file(&self, path: &Path) -> Result<PathBuf, PermissionError> {
        let located = self.locate(&self.working_directory, path)?;
        self.refuse_detour(&self.working_directory, path, &located.host)?;
        Ok(located.host)
    }

    /// What is below the root has its name from there; anything else keeps its absolute name.
    fn guest_name(&self, host: &Path) -> Option<String> {
        let relative = host.strip_prefix(&self.root).unwrap_or(host);
        let mut name = String::new();
        for component in relative.components() {
            match component {
                Component::Normal(part) => {
                    name.push('/');
                    name.push_str(part.to_str()?);
                }
                Component::Prefix(prefix) => {
                    name.push('/');
                    name.push_str(&prefix.as_os_str().to_str()?.replace(['\\', ':'], ""));
                }
                _ => {}
            }
        }
        if name.is_empty() {
            name.push('/');
        }
        Some(name)
    }

    /// A path as people write it: `~/` is the home directory, where there is one.
    pub(super) fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => path.to_owned(),
        }
    }

    /// Refuses what nobody can be granted as a whole, and what lies out of bounds.
    pub(super) fn refuse_forbidden(&self, path: &Path) -> Result<(), PermissionError> {
        let forbidden = |what| PermissionError::Forbidden { path: path.to_owned(), what };
        if path.parent().is_none() {
            return Err(forbidden("the root of the file system"));
        }
        if ["/proc", "/sys", "/dev"].iter().any(|system| path.starts_with(system)) {
            return Err(forbidden("part of the system's own file systems"));
        }
        if self.home.as_ref().is_some_and(|home| home.starts_with(path)) {
            return Err(forbidden("the home directory as a whole"));
        }
        if self.confines.as_ref().is_some_and(|directory| !path.starts_with(directory)) {
            return Err(forbidden("outside the directory of the test case"));
        }
        Ok(())
    }
}

impl Located {
    /// Checks that there is what the argument's specification says.
    pub(crate) fn check(&self, spec: PathSpec) -> Result<(), PermissionError> {
        match (std::fs::metadata(&self.host), spec.kind) {
            (Err(error), kind)
                if error.kind() == io::ErrorKind::NotFound && spec.access == Access::Write =>
            {
                match self.host.parent() {
                    // A directory is made with those above it, a file is not.
                    Some(parent) if kind == PathKind::File && !parent.is_dir() => {
                        Err(PermissionError::no_directory(parent))
                    }
                    _ => Ok(()),
                }
            }
            (Err(error), _) => Err(PermissionError::Path { path: self.host.clone(), error }),
            (Ok(found), PathKind::File) if found.is_dir() => Err(PermissionError::Kind {
                path: self.host.clone(),
                problem: "a directory, not a file",
            }),
            (Ok(found), PathKind::File) if !found.is_file() => Err(PermissionError::Kind {
                path: self.host.clone(),
                problem: "not a regular file",
            }),
            (Ok(found), PathKind::Directory) if !found.is_dir() => {
                Err(PermissionError::Kind { path: self.host.clone(), problem: "not a directory" })
            }
            (Ok(_), _) => Ok(()),
        }
    }
}

fn canonical(path: &Path) -> Result<PathBuf, PermissionError> {
    dunce::canonicalize(path)
        .map_err(|error| PermissionError::Path { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(root: &Path) -> Paths {
        let workspace = root.join("workspace");
        std::fs::create_dir_all(workspace.join("sub")).expect("a directory");
        Paths::new(&workspace, &workspace.join("sub"), Some(root)).expect("both are there")
    }

    #[test]
    fn a_path_reaches_the_file_that_the_user_meant() {
        let root = tempfile::tempdir().expect("a directory");
        let paths = paths(root.path());
        let guest =
            |path: &str| paths.locate(paths.working_directory(), path).expect("it resolves").guest;
        assert_eq!(guest("a.txt"), "/sub/a.txt");
        assert_eq!(guest("../a/b.txt"), "/a/b.txt");
        assert_eq!(guest(".."), "/");
        let outside =
            paths.locate(paths.working_directory(), "../../other/x").expect("it resolves");
        assert_eq!(outside.host, dunce::canonicalize(root.path()).expect("there").join("other/x"));
        assert_ne!(outside.guest, "/other/x", "what is outside keeps its absolute name");
        assert!(outside.guest.ends_with("/other/x"));
        assert!(paths.locate(paths.working_directory(), "none/../../x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_as_inside_the_workspace_leads_not_out_of_it() {
        let root = tempfile::tempdir().expect("a directory");
        let paths = paths(root.path());
        let workspace = paths.workspace();
        std::os::unix::fs::symlink(root.path(), workspace.join("out")).expect("a link");
        std::os::unix::fs::symlink("sub", workspace.join("within")).expect("a link");
        let goes = |path: &str| {
            let located = paths.locate(workspace, path).expect("it resolves");
            paths.refuse_detour(workspace, Path::new(path), &located.host).is_ok()
        };
        assert!(!goes("out") && !goes("out/x") && !goes("sub/../out"));
        assert!(goes("within/x") && goes("sub") && goes("../x"));
        let named = workspace.join("out");
        assert!(!goes(named.to_str().expect("Unicode")), "also by its whole name");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_resolved_before_anything_is_decided() {
        let root = tempfile::tempdir().expect("a directory");
        let paths = paths(root.path());
        std::os::unix::fs::symlink(root.path(), paths.workspace().join("out")).expect("a link");
        let located = paths.locate(paths.workspace(), "out/x").expect("it resolves");
        assert!(!located.host.starts_with(paths.workspace()));
        std::os::unix::fs::symlink("nowhere", paths.workspace().join("dangling")).expect("a link");
        assert!(paths.locate(paths.workspace(), "dangling").is_err());
    }

    #[test]
    fn some_directories_are_never_granted() {
        let root = tempfile::tempdir().expect("a directory");
        let paths = paths(root.path());
        let home = dunce::canonicalize(root.path()).expect("there");
        for path in
            ["/", "/proc/self", "/sys", "/dev"].map(Path::new).into_iter().chain([home.as_path()])
        {
            assert!(paths.refuse_forbidden(path).is_err(), "{}", path.display());
        }
        assert!(paths.refuse_forbidden(home.parent().expect("it has one")).is_err());
        assert!(paths.refuse_forbidden(paths.workspace()).is_ok());
    }
}
