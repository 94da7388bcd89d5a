//! Finding what builds left behind: one walk through the workspace, one read for each directory.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use taskrunner_plugin::log;

use crate::directory::{self, Entry};
use crate::globs::Glob;
use crate::guard::is_own;
use crate::kinds::{Artifact, Kind, KindSet, project_file};
use crate::options::Options;
use crate::repository::{GIT, Repository, Top};

/// The kind of what a pattern matches.
pub(crate) const PATTERN: &str = "pattern";

/// Never looked into: what is in there is somebody else's.
const CLOSED: [&str; 6] = [GIT, ".hg", ".jj", ".svn", ".taskrunner", NODE_MODULES];
const NODE_MODULES: &str = "node_modules";

/// One of these in a directory says that it is an environment with other people's packages.
const ENVIRONMENT: [&str; 2] = ["pyvenv.cfg", "conda-meta"];

/// Something to remove.
#[derive(Debug)]
pub(crate) struct Found {
    /// The kind of project that left it, or [`PATTERN`].
    pub(crate) kind: &'static str,
    /// Whether it is a directory.
    pub(crate) is_directory: bool,
    /// What people write into it.
    pub(crate) written: &'static [&'static str],
    /// Whether projects in it stay.
    pub(crate) spares_projects: bool,
    /// The repository that it is in.
    pub(crate) repository: Option<Rc<Repository>>,
}

/// What is to be removed, in the order of the paths.
pub(crate) type Finds = BTreeMap<PathBuf, Found>;

/// Walks through the workspace. A directory in it that cannot be read is passed over; the workspace
/// itself is not.
pub(crate) fn scan(root: &Path, options: &Options) -> io::Result<Finds> {
    let mut scan = Scan {
        root,
        options,
        finds: Finds::new(),
        claimed: HashSet::new(),
        repositories: Vec::new(),
        strays: Vec::new(),
    };
    // A list, since the stack of a plugin is small and a tree can be deep.
    let mut pending = vec![Place {
        path: PathBuf::new(),
        repository: options.told.around.clone(),
        above: KindSet::default(),
        patterns: vec![true; options.patterns.len()].into(),
    }];
    let mut directories: u64 = 0;
    while let Some(place) = pending.pop() {
        match directory::read(&root.join(&place.path)) {
            Ok(entries) => scan.directory(place, &entries, &mut pending),
            Err(error) if directories == 0 => return Err(error),
            Err(error) => log::warn!("cannot look into `{}`: {error}", place.path.display()),
        }
        directories += 1;
    }
    log::debug!("looked into {directories} directories");
    scan.mind_strays();
    Ok(scan.finds)
}

/// A directory, and what is known of it from above.
#[derive(Clone)]
struct Place {
    path: PathBuf,
    repository: Option<Rc<Repository>>,
    /// The kinds of the projects that it is in.
    above: KindSet,
    /// Which of the patterns hold here.
    patterns: Rc<[bool]>,
}

struct Scan<'a> {
    root: &'a Path,
    options: &'a Options,
    finds: Finds,
    /// The artifacts of all kinds, asked for or not: no project is looked for in there.
    claimed: HashSet<PathBuf>,
    /// The repositories in sight.
    repositories: Vec<Rc<Repository>>,
    /// Git directories under another name than `.git`, with an index.
    strays: Vec<PathBuf>,
}

impl Scan<'_> {
    fn directory(&mut self, mut place: Place, entries: &[Entry], pending: &mut Vec<Place>) {
        if !place.path.as_os_str().is_empty() && is_environment(entries) {
            log::debug!("not looked into: the environment `{}`", place.path.display());
            return;
        }
        if let Some(repository) = self.repository(&place, entries) {
            place.repository = Some(repository);
        }
        if is_git_directory(entries) {
            self.strays.push(place.path.clone());
        }
        self.artifacts(&mut place, entries);
        self.matches(&mut place, entries);
        for entry in entries.iter().filter(|entry| entry.is_directory()) {
            let path = place.path.join(&entry.name);
            if !CLOSED.iter().any(|name| entry.name == **name)
                && !self.claimed.contains(&path)
                && !self.options.keep.matches(&path, true)
            {
                pending.push(Place { path, ..place.clone() });
            }
        }
    }

    /// The repository whose working tree begins here, if one does. Of the workspace itself the runner tells.
    fn repository(&mut self, place: &Place, entries: &[Entry]) -> Option<Rc<Repository>> {
        let told = &self.options.told;
        if place.path.as_os_str().is_empty() && place.repository.is_some() {
            return None;
        }
        let here = Repository::at(self.root, &place.path, entries, told.hidden)?;
        let here = match told.at(&place.path) {
            Some(known) => Repository::clone(known),
            None => here,
        };
        let here = Rc::new(here.within_tree_of(place.repository.clone()));
        self.repositories.push(Rc::clone(&here));
        Some(here)
    }

    /// A git directory that no repository in sight belongs to has a working tree somewhere, most likely
    /// around it. Where that is cannot be known, so that it is not known either what is tracked there.
    fn mind_strays(&mut self) {
        if self.strays.is_empty() {
            return;
        }
        let told = &self.options.told;
        let known = self.repositories.iter().chain(&told.around).chain(&told.named);
        let known: Vec<_> = known.filter_map(|one| one.directory(self.root).ok()).collect();
        for stray in &self.strays {
            if known.iter().any(|known| known.starts_with(self.root.join(stray))) {
                continue;
            }
            let above = stray.parent().unwrap_or(Path::new(""));
            let unknown = Rc::new(Repository::unknown(
                Top::Below(above.to_owned()),
                &above.to_string_lossy(),
                format!("`{}` is a git directory whose working tree is not known", stray.display()),
            ));
            for (path, found) in &mut self.finds {
                let nearer = found.repository.as_ref().is_some_and(|one| one.is_below(above));
                if path.starts_with(above) && !nearer {
                    found.repository = Some(Rc::clone(&unknown));
                }
            }
        }
    }

    /// The artifacts of the project that this is, if it is one, and of those that it is in.
    fn artifacts(&mut self, place: &mut Place, entries: &[Entry]) {
        let deeper = |path: &str| {
            let path = self.root.join(&place.path).join(path);
            directory::entry(&path).is_ok_and(|entry| entry.is_file())
        };
        let here = KindSet::of(entries, &deeper);
        for kind in here.iter() {
            for artifact in kind.artifacts {
                self.artifact(place, entries, kind, artifact);
            }
        }
        for kind in place.above.iter().filter(|kind| !here.contains(kind)) {
            for artifact in kind.artifacts.iter().filter(|artifact| artifact.anywhere) {
                self.artifact(place, entries, kind, artifact);
            }
        }
        place.above = place.above.or(here);
    }

    fn artifact(&mut self, place: &Place, entries: &[Entry], kind: &Kind, artifact: &Artifact) {
        let (first, deeper) = artifact.path.split_once('/').unwrap_or((artifact.path, ""));
        let Some(entry) = entries.iter().find(|entry| entry.name == *first) else { return };
        let path = place.path.join(artifact.path);
        if !entry.is_directory() || !self.is_directory(&place.path.join(first), deeper) {
            if entry.is_link() {
                log::debug!("left alone: `{}` is a symbolic link", path.display());
            }
            return;
        }
        // One that cannot be read is an artifact unless its content must speak: the attempt to
        // remove it tells the user why it cannot be.
        let doubt = match directory::read(&self.root.join(&path)) {
            Ok(inside) => doubt(kind, artifact, &inside),
            Err(_) if artifact.holds.is_empty() => None,
            Err(_) => Some("cannot be read"),
        };
        if let Some(doubt) = doubt {
            log::debug!("left alone: `{}` {doubt}", path.display());
            return;
        }
        self.claimed.insert(path.clone());
        if self.options.keep.covers(&path, true) {
            log::debug!("left alone: `{}` is kept", path.display());
        } else if self.options.kinds.contains(kind) {
            self.finds.entry(path).or_insert_with(|| Found {
                kind: kind.name,
                is_directory: true,
                written: artifact.keeps,
                spares_projects: false,
                repository: place.repository.clone(),
            });
        }
    }

    /// Whether the path `deeper` from `start` leads from directory to directory, with no link.
    fn is_directory(&self, start: &Path, deeper: &str) -> bool {
        let mut path = self.root.join(start);
        deeper.split('/').filter(|name| !name.is_empty()).all(|name| {
            path.push(name);
            directory::entry(&path).is_ok_and(|entry| entry.is_directory())
        })
    }

    /// What the user's patterns match here.
    fn matches(&mut self, place: &mut Place, entries: &[Entry]) {
        if !place.patterns.contains(&true) {
            return;
        }
        self.spare_project(place, entries);
        for entry in entries.iter().filter(|entry| !is_own(&entry.name)) {
            let path = place.path.join(&entry.name);
            let holds =
                |(glob, holds): (&Glob, &bool)| *holds && glob.matches(&path, entry.is_directory());
            let patterns = &self.options.patterns;
            if self.claimed.contains(&path)
                || !patterns.iter().zip(place.patterns.iter()).any(holds)
                || self.options.keep.covers(&path, entry.is_directory())
            {
                continue;
            }
            if entry.is_link() {
                log::debug!("left alone: `{}` is a symbolic link", path.display());
                continue;
            }
            let mut spares_projects = false;
            if entry.is_directory() {
                let inside = directory::read(&self.root.join(&path)).unwrap_or_default();
                if let Some(file) = inside.iter().find(|entry| entry.name == *GIT) {
                    self.warn_of_project(&path, &file.name);
                    continue;
                }
                spares_projects = entry.name != *NODE_MODULES && !is_environment(&inside);
                if let Some(file) = project_file(&inside).filter(|_| spares_projects) {
                    self.warn_of_project(&path, &file.name);
                    continue;
                }
                self.claimed.insert(path.clone());
            }
            let repository = place.repository.clone();
            let is_directory = entry.is_directory();
            let found =
                Found { kind: PATTERN, is_directory, written: &[], spares_projects, repository };
            self.finds.insert(path, found);
        }
    }

    /// A pattern that matches a project's own file would remove the project: it does not hold here.
    fn spare_project(&self, place: &mut Place, entries: &[Entry]) {
        let files: Vec<_> = entries
            .iter()
            .filter(|entry| project_file(std::slice::from_ref(entry)).is_some())
            .map(|entry| place.path.join(&entry.name))
            .collect();
        let patterns = self.options.patterns.iter().enumerate();
        for (n, glob) in patterns.filter(|(n, _)| place.patterns[*n]).collect::<Vec<_>>() {
            if let Some(file) = files.iter().find(|file| glob.matches(file, false)) {
                log::warn!(
                    hint = "write a pattern for what is in the project";
                    "the pattern `{}` matches `{}`, the project itself, so it removes nothing there",
                    glob.written, file.display()
                );
                let holds = |(i, holds): (usize, &bool)| *holds && i != n;
                place.patterns = place.patterns.iter().enumerate().map(holds).collect();
            }
        }
    }

    fn warn_of_project(&self, path: &Path, file: &OsStr) {
        log::warn!(
            hint = "write a pattern for what is in it";
            "a pattern matches `{}`, which is left alone: with `{}` it is a project of its own",
            path.display(), file.display()
        );
    }
}

/// What speaks against an artifact that holds these entries.
fn doubt(kind: &Kind, artifact: &Artifact, inside: &[Entry]) -> Option<&'static str> {
    let holds = |name: &&str| inside.iter().any(|entry| entry.name == **name);
    if holds(&GIT) {
        Some("is a repository of its own")
    } else if kind.owns(inside) {
        Some("is a project of its own")
    } else if !artifact.holds.is_empty() && !artifact.holds.iter().any(holds) {
        Some("does not look like the work of a build")
    } else {
        None
    }
}

/// Whether a directory with these entries is a git directory with an index.
fn is_git_directory(entries: &[Entry]) -> bool {
    let has = |name: &str| entries.iter().any(|entry| entry.name == *name);
    ["HEAD", "objects", "refs", "index"].into_iter().all(has)
}

fn is_environment(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| ENVIRONMENT.iter().any(|name| entry.name == **name))
}
