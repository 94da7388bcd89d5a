//! The git repositories that say what git tracks in the workspace, and the files of theirs that a command may
//! request to read: the index and nothing else.
//!
//! The repository is found as git finds it, from the workspace upwards and by git's variables in the user's
//! environment. The index itself is not parsed here: that is for the guest, in its sandbox. Where the
//! repository or its working tree cannot be told, that is told.

mod layout;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use layout::Shape;

/// What a manifest, a policy or a flag names to mean the indexes of these repositories. No path below the
/// workspace or from the root is written so: a manifest's has no colon in it.
pub(crate) const GIT_INDEX: &str = "git:index";

/// The variables of the user's environment, of which git's are looked up when they are needed.
#[derive(Clone, Default)]
pub(crate) struct Variables(Arc<HashMap<OsString, OsString>>);

impl Variables {
    pub(crate) fn new(all: Arc<HashMap<OsString, OsString>>) -> Self {
        Self(all)
    }

    /// A variable that is not empty.
    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Variables {
    /// Their values are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

/// A repository that says what git tracks in the workspace, or why that cannot be told.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// The top of the working tree; none where it cannot be told, so that it may be anywhere.
    top: Option<PathBuf>,
    /// How it was found.
    found: Found,
    /// What is to be read of it.
    indexes: Result<Indexes, String>,
}

/// How a repository was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Found {
    /// It is the one that git finds from the workspace upwards.
    Around,
    /// The environment names it, whatever else is there.
    Environment,
    /// It is a linked worktree or a submodule of the first one, in the workspace.
    Nested,
}

/// More linked worktrees and submodules than this are not offered.
const MOST_NESTED: usize = 64;

/// The files that say what git tracks.
#[derive(Clone, Debug)]
struct Indexes {
    /// The git directory, in which a shared index is looked for.
    directory: PathBuf,
    /// The indexes. One that is not there tracks nothing.
    files: Vec<PathBuf>,
    /// The shared ones beside them.
    shared: Vec<PathBuf>,
}

/// A git directory and the working tree that it was found for.
struct GitDirectory {
    path: PathBuf,
    top: PathBuf,
}

/// What is told a guest of one repository. Its paths are the guest's, but for `top`.
#[derive(Debug, Serialize)]
struct Told<'a> {
    found: Found,
    /// The top of the working tree as the user knows it.
    top: Option<String>,
    /// The workspace as a path from the top, where the top is the workspace or above it.
    prefix: Option<&'a str>,
    /// The top as a path from the workspace, where it is below it.
    below: Option<&'a str>,
    directory: Option<String>,
    indexes: Vec<String>,
    /// Why it cannot be told what git tracks.
    unknown: Option<String>,
}

/// The repositories that concern a workspace, absolute and free of links, for a user who is in
/// `working_directory`.
pub(super) fn find(
    workspace: &Path,
    working_directory: &Path,
    variables: &Variables,
) -> Vec<Repository> {
    let finder = Finder { workspace, working_directory, variables };
    let around = finder.around(workspace);
    let nested = match &around {
        Some(Ok(found)) => finder.nested(&found.path),
        _ => Vec::new(),
    };
    let around = around.map(|found| finder.repository(Found::Around, found));
    let all = around.into_iter().chain(nested).chain(finder.of_environment());
    all.filter(|one| one.concerns(workspace)).collect()
}

/// What is told a guest of the repositories, as JSON. `guest_name` gives the guest's name of a file.
/// `hidden`: something in the workspace may not be read, which listings do not show.
pub(super) fn told(
    repositories: &[Repository],
    workspace: &Path,
    hidden: bool,
    guest_name: &dyn Fn(&Path) -> Option<String>,
) -> String {
    let told: Vec<_> = repositories.iter().map(|one| one.told(workspace, guest_name)).collect();
    serde_json::json!({ "repositories": told, "hidden": hidden }).to_string()
}

impl Repository {
    /// The files that may be read of it.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let indexes = self.indexes.iter();
        indexes.flat_map(|indexes| indexes.files.iter().chain(&indexes.shared)).map(AsRef::as_ref)
    }

    /// Nothing is to be read of it if one of its indexes is something else than a file.
    fn checked(mut self) -> Self {
        if let Ok(indexes) = &self.indexes
            && let Err(reason) = indexes.files.iter().try_for_each(|file| layout::check_index(file))
        {
            self.indexes = Err(reason);
        }
        self
    }

    /// Whether its working tree and the workspace have anything in common.
    fn concerns(&self, workspace: &Path) -> bool {
        self.top.as_ref().is_none_or(|top| workspace.starts_with(top) || top.starts_with(workspace))
    }

    fn told<'a>(
        &'a self,
        workspace: &'a Path,
        guest_name: &dyn Fn(&Path) -> Option<String>,
    ) -> Told<'a> {
        let mut told = Told {
            found: self.found,
            top: self.top.as_ref().map(|top| top.display().to_string()),
            prefix: None,
            below: None,
            directory: None,
            indexes: Vec::new(),
            unknown: None,
        };
        let not_unicode =
            || "a path on the way to it is not Unicode, which plugins need".to_owned();
        let mut known = || -> Result<(), String> {
            if let Some(top) = &self.top {
                match (workspace.strip_prefix(top), top.strip_prefix(workspace)) {
                    (Ok(prefix), _) => told.prefix = Some(prefix.to_str().ok_or_else(not_unicode)?),
                    (_, Ok(below)) => told.below = Some(below.to_str().ok_or_else(not_unicode)?),
                    _ => {}
                }
            }
            let indexes = self.indexes.as_ref().map_err(Clone::clone)?;
            told.directory = Some(guest_name(&indexes.directory).ok_or_else(not_unicode)?);
            // What is told of is there: a guest that does not find it knows that it may not see it.
            for file in indexes.files.iter().filter(|file| file.symlink_metadata().is_ok()) {
                told.indexes.push(guest_name(file).ok_or_else(not_unicode)?);
            }
            Ok(())
        };
        told.unknown = known().err();
        told
    }
}

struct Finder<'a> {
    workspace: &'a Path,
    working_directory: &'a Path,
    variables: &'a Variables,
}

/// What cannot be told: of which working tree, where that is known, and why.
struct Unknown {
    top: Option<PathBuf>,
    reason: String,
}

impl Unknown {
    fn anywhere(reason: String) -> Self {
        Self { top: None, reason }
    }
}

impl Finder<'_> {
    /// The git directory that git finds from a directory upwards.
    fn around(&self, start: &Path) -> Option<Result<GitDirectory, Unknown>> {
        let ceiling = self.ceiling(start);
        let mut tops = start.ancestors().take_while(|top| Some(*top) != ceiling.as_deref());
        tops.find_map(|top| {
            let unknown = |reason| Unknown { top: Some(top.to_owned()), reason };
            self.at(top).map_err(unknown).transpose()
        })
    }

    /// The git directory of the working tree whose top this is.
    fn at(&self, top: &Path) -> Result<Option<GitDirectory>, String> {
        let marker = top.join(".git");
        let directory = match layout::look(&marker)? {
            Some(found) if found.is_file() => self.linked(&marker)?,
            Some(found) if found.is_dir() => match self.shape(&marker)? {
                Shape::Whole => marker,
                Shape::Damaged => return Err(format!("`{}` is damaged", marker.display())),
                Shape::Other => return Ok(None),
            },
            _ => return self.bare(top),
        };
        let path = dunce::canonicalize(&directory)
            .map_err(|error| format!("`{}`: {error}", directory.display()))?;
        self.check_owner(&path)?;
        self.check_owner(&top.join(".git"))?;
        let working_tree = layout::working_tree(&path)?;
        Ok(Some(GitDirectory { path, top: working_tree.unwrap_or_else(|| top.to_owned()) }))
    }

    /// A bare repository has no working tree; one with an index has one somewhere.
    fn bare(&self, directory: &Path) -> Result<Option<GitDirectory>, String> {
        let is_bare = self.shape(directory)? == Shape::Whole;
        match layout::look(&directory.join("index"))? {
            Some(_) if is_bare => {
                Err("it is a bare repository with an index, so its working tree is elsewhere"
                    .into())
            }
            _ => Ok(None),
        }
    }

    fn shape(&self, directory: &Path) -> Result<Shape, String> {
        layout::shape(directory, self.variables.get("GIT_OBJECT_DIRECTORY").is_some())
    }

    /// The git directory that a file `.git` names.
    fn linked(&self, file: &Path) -> Result<PathBuf, String> {
        let directory = layout::link(file)?;
        match self.shape(&directory)? {
            Shape::Whole => Ok(directory),
            Shape::Damaged | Shape::Other => Err(format!(
                "`{}` names `{}`, which is no git directory",
                file.display(),
                directory.display()
            )),
        }
    }

    /// What git's variables name.
    fn of_environment(&self) -> Option<Repository> {
        let variable =
            |name| self.variables.get(name).map(|value| self.working_directory.join(value));
        let (tree, index) = (variable("GIT_WORK_TREE"), variable("GIT_INDEX_FILE"));
        let found = match variable("GIT_DIR") {
            Some(directory) => self.named(&directory),
            None if tree.is_none() && index.is_none() => return None,
            None => self.around(self.working_directory)?,
        };
        let found = found.and_then(|found| match tree {
            None => Ok(found),
            Some(tree) => match dunce::canonicalize(&tree) {
                Ok(top) => Ok(GitDirectory { top, ..found }),
                Err(error) => Err(Unknown::anywhere(format!(
                    "GIT_WORK_TREE is `{}`: {error}",
                    tree.display()
                ))),
            },
        });
        let mut repository = self.repository(Found::Environment, found);
        if let (Some(index), Ok(indexes)) =
            (self.variables.get("GIT_INDEX_FILE"), &mut repository.indexes)
        {
            // git goes to the top of the working tree before it looks.
            let from_top = repository.top.iter().map(|top| top.join(index));
            for file in from_top.chain([self.working_directory.join(index)]) {
                // Where it really is: the rules judge a file by that.
                let directory =
                    file.parent().and_then(|directory| dunce::canonicalize(directory).ok());
                let (Some(directory), Some(name)) = (directory, file.file_name()) else { continue };
                indexes.files.push(directory.join(name));
            }
            indexes.files.dedup();
        }
        Some(repository.checked())
    }

    /// The git directory that GIT_DIR names. Without another word its working tree is where the user is.
    fn named(&self, directory: &Path) -> Result<GitDirectory, Unknown> {
        let fail = |reason: String| {
            Unknown::anywhere(format!("GIT_DIR is `{}`: {reason}", directory.display()))
        };
        let found = layout::look(directory).map_err(fail)?;
        let directory = match found {
            Some(found) if found.is_file() => self.linked(directory).map_err(fail)?,
            _ => directory.to_owned(),
        };
        if self.shape(&directory).map_err(fail)? != Shape::Whole {
            return Err(fail("that is no git directory".to_owned()));
        }
        let path = dunce::canonicalize(&directory).map_err(|error| fail(error.to_string()))?;
        let top = layout::working_tree(&path).map_err(fail)?;
        Ok(GitDirectory { path, top: top.unwrap_or_else(|| self.working_directory.to_owned()) })
    }

    fn repository(&self, found: Found, directory: Result<GitDirectory, Unknown>) -> Repository {
        match directory {
            Err(Unknown { top, reason }) => Repository { top, found, indexes: Err(reason) },
            Ok(GitDirectory { path, top }) => {
                let shared = layout::shared_indexes(&path);
                let indexes = shared.map(|shared| Indexes {
                    files: vec![path.join("index")],
                    shared,
                    directory: path,
                });
                Repository { top: Some(top), found, indexes }.checked()
            }
        }
    }

    /// The linked worktrees and submodules of a repository whose tops are in the workspace.
    fn nested(&self, directory: &Path) -> Vec<Repository> {
        let common = layout::common(directory).unwrap_or_else(|_| directory.to_owned());
        let mut found = Vec::new();
        for path in layout::directories(&common.join("worktrees")) {
            found.extend(layout::linked_tree(&path).map(|top| GitDirectory { path, top }));
        }
        // The name of a submodule can have several parts, and it can have submodules.
        let mut pending = layout::directories(&directory.join("modules"));
        for _ in 0..MOST_NESTED * 4 {
            let Some(path) = pending.pop() else { break };
            if self.shape(&path) == Ok(Shape::Whole) {
                pending.extend(layout::directories(&path.join("modules")));
                let top = layout::working_tree(&path).ok().flatten();
                found.extend(top.map(|top| GitDirectory { path, top }));
            } else {
                pending.extend(layout::directories(&path));
            }
        }
        // What does not lead back is another's by now.
        let leads_back = |found: &GitDirectory| {
            let real = dunce::canonicalize(&found.path).ok();
            let link = layout::link(&found.top.join(".git")).ok();
            real.is_some() && link.and_then(|link| dunce::canonicalize(link).ok()) == real
        };
        let is_inside = |top: &Path| top != self.workspace && top.starts_with(self.workspace);
        found.retain(|found| is_inside(&found.top) && leads_back(found));
        found.truncate(MOST_NESTED);
        found.into_iter().map(|found| self.repository(Found::Nested, Ok(found))).collect()
    }

    /// The directory at which the walk upwards ends: the nearest of GIT_CEILING_DIRECTORIES above its start.
    fn ceiling(&self, start: &Path) -> Option<PathBuf> {
        let ceilings = self.variables.get("GIT_CEILING_DIRECTORIES")?;
        let ceilings = std::env::split_paths(ceilings).filter(|ceiling| ceiling.is_absolute());
        let real = ceilings.map(|ceiling| dunce::canonicalize(&ceiling).unwrap_or(ceiling));
        real.filter(|ceiling| start != ceiling && start.starts_with(ceiling))
            .max_by_key(|ceiling| ceiling.components().count())
    }

    /// Refuses what somebody else owns than the user, the system or the workspace's owner: git does not use
    /// it either.
    #[cfg(unix)]
    fn check_owner(&self, path: &Path) -> Result<(), String> {
        use std::os::unix::fs::MetadataExt;
        let owner = |path: &Path| std::fs::symlink_metadata(path).map(|found| found.uid());
        let fail = |error: std::io::Error| format!("cannot look at `{}`: {error}", path.display());
        let uid = owner(path).map_err(fail)?;
        let known = [0, rustix::process::geteuid().as_raw()];
        if known.contains(&uid) || owner(self.workspace).is_ok_and(|owner| owner == uid) {
            return Ok(());
        }
        Err(format!("`{}` belongs to another user, so it is not believed", path.display()))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "Unix has owners")]
    fn check_owner(&self, _: &Path) -> Result<(), String> {
        Ok(())
    }
}
