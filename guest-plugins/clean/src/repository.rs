//! Finding the git repository that a directory belongs to, and what it tracks.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use taskrunner_plugin::log;

use crate::directory::{self, Entry};
use crate::index::{Tracked, Unreadable};

/// The name that makes a directory the top of a working tree.
pub(crate) const GIT: &str = ".git";

/// A file `.git` larger than this says something else than where the repository is.
const LARGEST_LINK: u64 = 64 << 10;

/// A git repository in the workspace. Its index is read when it is first asked for.
#[derive(Debug)]
pub(crate) struct Repository {
    top: PathBuf,
    tracked: OnceCell<Option<Tracked>>,
}

impl Repository {
    /// The repository whose working tree begins at `top`, a directory with these entries. A directory
    /// `.git` without a `HEAD` is none: git passes it over, too.
    pub(crate) fn at(root: &Path, top: &Path, entries: &[Entry]) -> Option<Self> {
        let git = entries.iter().find(|entry| entry.name == *GIT)?;
        let head = root.join(top).join(GIT).join("HEAD");
        if git.is_directory() && !directory::entry(&head).is_ok_and(|head| head.is_file()) {
            return None;
        }
        Some(Self { top: top.to_owned(), tracked: OnceCell::new() })
    }

    /// The path that git knows `path` by.
    pub(crate) fn within<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.top).unwrap_or(path)
    }

    /// What git tracks here; nothing where that cannot be told, which the first call warns of.
    pub(crate) fn tracked(&self, root: &Path) -> Option<&Tracked> {
        self.tracked
            .get_or_init(|| {
                let tracked =
                    git_directory(root, &self.top).and_then(|directory| Tracked::read(&directory));
                tracked.map_err(|error| self.warn(root, error)).ok()
            })
            .as_ref()
    }

    fn warn(&self, root: &Path, mut error: Unreadable) {
        if let Ok(path) = error.path.strip_prefix(root) {
            error.path = path.to_owned();
        }
        let top = if self.top.as_os_str().is_empty() { Path::new(".") } else { &self.top };
        log::warn!(
            hint = "run the command at the top of the main repository, or mend the index with `git status`";
            "cannot tell what git tracks in `{}`, so nothing is removed there: {error}", top.display()
        );
    }
}

/// Where git keeps the index of the working tree at `top`.
fn git_directory(root: &Path, top: &Path) -> Result<PathBuf, Unreadable> {
    let path = root.join(top).join(GIT);
    let unreadable = |reason: String| Unreadable { path: path.clone(), reason };
    let metadata = fs::symlink_metadata(&path).map_err(|error| unreadable(error.to_string()))?;
    if metadata.is_dir() {
        return Ok(path);
    }
    if !metadata.is_file() || metadata.len() > LARGEST_LINK {
        return Err(unreadable("it is neither a directory nor a file that names one".to_owned()));
    }
    let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
    let Some(target) =
        text.strip_prefix("gitdir: ").map(|rest| rest.trim_end_matches(['\n', '\r']))
    else {
        return Err(unreadable("it does not say where the repository is".to_owned()));
    };
    let directory = if target.starts_with('/') || Path::new(target).has_root() {
        worktree(root, top, target)
    } else {
        resolved(top, Path::new(target))
    };
    match directory.map(|directory| root.join(directory)) {
        Some(directory) if directory.is_dir() => Ok(directory),
        _ => Err(unreadable(format!("the repository is outside of the workspace, at `{target}`"))),
    }
}

/// `target` as seen from `top`, as a path from the workspace; none where it leads out of it.
fn resolved(top: &Path, target: &Path) -> Option<PathBuf> {
    let mut path = top.to_owned();
    for component in target.components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Where the repository of a worktree is, which names it by an absolute path. In the sandbox the
/// workspace has another name than outside, so the place is found by its end, and believed only if
/// the file `gitdir` there leads back here under the same beginning.
fn worktree(root: &Path, top: &Path, target: &str) -> Option<PathBuf> {
    let components: Vec<_> = Path::new(target).components().collect();
    (1..components.len()).find_map(|n| {
        let (outside, inside) = components.split_at(n);
        let inside: PathBuf = inside.iter().collect();
        let back = fs::read_to_string(root.join(&inside).join("gitdir")).ok()?;
        let here: PathBuf = outside.iter().collect::<PathBuf>().join(top).join(GIT);
        let back = OsString::from(back.trim_end_matches(['\n', '\r']));
        (Path::new(&back) == here).then_some(inside)
    })
}
