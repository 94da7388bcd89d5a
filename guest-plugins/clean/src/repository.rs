//! The git repository that a directory belongs to, and what it tracks.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use taskrunner_plugin::log;

use crate::directory::{self, Entry};
use crate::index::{Tracked, Unreadable};
use crate::show::printable;

/// The name that makes a directory the top of a working tree.
pub(crate) const GIT: &str = ".git";

/// A file `.git` larger than this says something else than where the repository is.
const LARGEST_LINK: u64 = 64 << 10;

/// A configuration larger than this is not read.
const LARGEST_CONFIGURATION: u64 = 1 << 20;

/// Where the top of a working tree is, seen from the workspace.
#[derive(Clone, Debug)]
pub(crate) enum Top {
    /// At the workspace or above it: the workspace as a path from there.
    Above(PathBuf),
    /// Below the workspace, as a path from it.
    Below(PathBuf),
}

/// Where it is told what the repository tracks.
#[derive(Clone, Debug)]
enum Evidence {
    /// By what is at the top, in the workspace.
    Sight,
    /// By these indexes; a shared index is in the directory.
    Files { directory: PathBuf, indexes: Vec<PathBuf> },
    /// Nowhere, for this reason.
    Unknown(String),
}

/// A git repository. Its index is read when it is first asked for.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    top: Top,
    /// The top, for people.
    shown: String,
    evidence: Evidence,
    /// The repository in whose working tree this one's lies.
    outer: Option<Rc<Repository>>,
    tracked: OnceCell<Option<Tracked>>,
}

impl Repository {
    fn new(top: Top, shown: &str, evidence: Evidence) -> Self {
        let shown = if shown.is_empty() { ".".to_owned() } else { shown.to_owned() };
        Self { top, shown, evidence, outer: None, tracked: OnceCell::new() }
    }

    /// One that the runner tells of.
    pub(crate) fn told(top: Top, shown: &str, directory: PathBuf, indexes: Vec<PathBuf>) -> Self {
        Self::new(top, shown, Evidence::Files { directory, indexes })
    }

    /// One of which it is only known that nothing is known, and why.
    pub(crate) fn unknown(top: Top, shown: &str, reason: String) -> Self {
        Self::new(top, shown, Evidence::Unknown(reason))
    }

    /// The repository whose working tree begins at `top`, a directory in the workspace with these entries.
    /// A directory `.git` without a `HEAD` is none: git passes it over, too. `hidden`: listings may not show
    /// what is there.
    pub(crate) fn at(root: &Path, top: &Path, entries: &[Entry], hidden: bool) -> Option<Self> {
        let own =
            |evidence| Self::new(Top::Below(top.to_owned()), &top.to_string_lossy(), evidence);
        let Some(git) = entries.iter().find(|entry| entry.name == *GIT) else {
            let reason = hidden.then(|| hidden_repository(root, top)).flatten()?;
            return Some(own(Evidence::Unknown(reason)));
        };
        let head = root.join(top).join(GIT).join("HEAD");
        match directory::entry(&head) {
            Err(error) if git.is_directory() && error.kind() == ErrorKind::NotFound => None,
            _ => Some(own(Evidence::Sight)),
        }
    }

    /// The same repository, in the working tree of another one.
    pub(crate) fn within_tree_of(self, outer: Option<Rc<Self>>) -> Self {
        Self { outer, ..self }
    }

    /// The repositories in whose working trees this one's lies, the nearest first.
    pub(crate) fn outer(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(self.outer.as_deref(), |outer| outer.outer.as_deref())
    }

    /// The path that git knows `path` by, which is one from the workspace; none outside of the working tree.
    pub(crate) fn within(&self, path: &Path) -> Option<PathBuf> {
        match &self.top {
            Top::Above(prefix) => Some(prefix.join(path)),
            Top::Below(top) => path.strip_prefix(top).ok().map(Path::to_owned),
        }
    }

    /// Whether the working tree has anything in common with what is at `path`.
    pub(crate) fn concerns(&self, path: &Path) -> bool {
        match &self.top {
            Top::Above(_) => true,
            Top::Below(top) => path.starts_with(top) || top.starts_with(path),
        }
    }

    /// Whether the working tree begins below `directory`.
    pub(crate) fn is_below(&self, directory: &Path) -> bool {
        matches!(&self.top, Top::Below(top) if top != directory && top.starts_with(directory))
    }

    /// What git tracks here; nothing where that cannot be told, which the first call warns of.
    pub(crate) fn tracked(&self, root: &Path) -> Option<&Tracked> {
        let read = || self.read(root).map_err(|error| self.warn(root, error)).ok();
        self.tracked.get_or_init(read).as_ref()
    }

    /// The same, where nobody minds that it cannot be told: another repository decides.
    pub(crate) fn tracked_if_known(&self, root: &Path) -> Option<&Tracked> {
        let read = || {
            let unread =
                |error| log::debug!("what git tracks in `{}` is unknown: {error}", self.shown);
            self.read(root).map_err(unread).ok()
        };
        self.tracked.get_or_init(read).as_ref()
    }

    fn read(&self, root: &Path) -> Result<Tracked, Unreadable> {
        match &self.evidence {
            Evidence::Unknown(reason) => Err(Unreadable::because(reason.clone())),
            Evidence::Files { directory, indexes } => {
                // What the runner tells of was there when the command began.
                for index in indexes {
                    let unreadable = |error: io::Error| Unreadable::of(index, error.to_string());
                    fs::symlink_metadata(index).map_err(unreadable)?;
                }
                Tracked::read(directory, indexes)
            }
            Evidence::Sight => {
                let directory = self.directory(root)?;
                let index = directory.join("index");
                Tracked::read(&directory, &[index])
            }
        }
    }

    /// Where git keeps the index.
    pub(crate) fn directory(&self, root: &Path) -> Result<PathBuf, Unreadable> {
        match (&self.evidence, &self.top) {
            (Evidence::Files { directory, .. }, _) => Ok(directory.clone()),
            (Evidence::Sight, Top::Below(top)) => {
                let directory = git_directory(root, top)?;
                check_working_tree(root, top, &directory)?;
                Ok(directory)
            }
            (Evidence::Unknown(reason), _) => Err(Unreadable::because(reason.clone())),
            (Evidence::Sight, Top::Above(_)) => Err(Unreadable::because("it is not in sight")),
        }
    }

    fn warn(&self, root: &Path, mut error: Unreadable) {
        // What is told of has the name of the host; what is in sight, one from the workspace.
        if matches!(self.evidence, Evidence::Sight)
            && let Some(path) = &mut error.path
            && let Ok(inside) = path.strip_prefix(root)
        {
            *path = inside.to_owned();
        }
        let hint = match &self.evidence {
            Evidence::Sight if error.is_elsewhere => {
                "run the command there, as a workspace of its own"
            }
            _ => "`git status` there shows whether git itself can read the repository",
        };
        log::warn!(
            hint = hint;
            "cannot tell what git tracks in `{}`, so nothing is removed there: {}",
            printable(&self.shown), printable(&error.to_string())
        );
    }
}

/// Why a repository cannot be ruled out that no listing shows, if that is so.
fn hidden_repository(root: &Path, top: &Path) -> Option<String> {
    let is_hidden = directory::is_hidden(&root.join(top).join(GIT));
    is_hidden.then(|| format!("`{}` may not be read", top.join(GIT).display()))
}

/// Where git keeps the index of the working tree at `top`.
fn git_directory(root: &Path, top: &Path) -> Result<PathBuf, Unreadable> {
    let path = root.join(top).join(GIT);
    let unreadable = |reason: String| Unreadable::of(&path, reason);
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
        _ => {
            let reason = format!("the repository is outside of the workspace, at `{target}`");
            Err(Unreadable { is_elsewhere: true, ..unreadable(reason) })
        }
    }
}

/// Refuses a repository whose configuration puts its working tree elsewhere than at `top`: a submodule's
/// names the directory that it is in.
fn check_working_tree(root: &Path, top: &Path, directory: &Path) -> Result<(), Unreadable> {
    // The configuration that a linked worktree shares with its repository does not name one for it.
    let is_linked = directory.join("commondir").symlink_metadata().is_ok();
    let files: &[&str] =
        if is_linked { &["config.worktree"] } else { &["config", "config.worktree"] };
    for path in files.iter().map(|name| directory.join(name)) {
        let metadata = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata.map_err(|error| Unreadable::of(&path, error.to_string()))?,
        };
        if !metadata.is_file() || metadata.len() > LARGEST_CONFIGURATION {
            return Err(Unreadable::of(&path, "it is no regular file, or too large"));
        }
        let text = fs::read(&path).map_err(|error| Unreadable::of(&path, error.to_string()))?;
        for value in worktree_keys(&String::from_utf8_lossy(&text)) {
            let inside = directory.strip_prefix(root).unwrap_or(directory);
            let named = resolved(inside, Path::new(value.unwrap_or("/")));
            if named.as_deref() != Some(top) {
                return Err(Unreadable::of(&path, "`core.worktree` names another directory"));
            }
        }
    }
    Ok(())
}

/// The values of the key `core.worktree` in a configuration of git; none for one that is not written
/// plainly. In continued lines it finds too much, and never too little.
fn worktree_keys(text: &str) -> impl Iterator<Item = Option<&str>> {
    text.trim_start_matches('\u{feff}').lines().filter_map(|line| {
        let line = line.trim();
        let entry = match line.starts_with('[') {
            true => line.rsplit_once(']').map_or("", |(_, entry)| entry.trim_start()),
            false => line,
        };
        let (word, rest) = entry.split_at_checked("worktree".len())?;
        if !word.eq_ignore_ascii_case("worktree") {
            return None;
        }
        let rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            return Some(None);
        }
        let value = rest.strip_prefix('=')?.trim();
        Some((!value.is_empty() && !value.contains(['"', '\\', '#', ';'])).then_some(value))
    })
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
