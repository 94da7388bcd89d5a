//! The list of all own files, resolved.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::ops::Bound;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use super::resolve::Resolver;
use super::{OwnPaths, Owner, git};

/// The runner's files at the top of a workspace.
const IN_WORKSPACE: [&str; 5] =
    [".taskrunner", "taskrunner.yaml", "taskrunner.yml", "taskrunner.json", "taskrunner.lock"];

/// Every name by which a file or directory is somebody's. File systems that know no case are found everywhere, so case
/// is ignored everywhere.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// By their paths: absolute, in small letters, without links but for the last part.
    owners: BTreeMap<Vec<u8>, Owner>,
    /// A directory that is in none of git's, and so are those above it.
    settled: PathBuf,
}

impl Own {
    pub(super) fn look_up(paths: &OwnPaths) -> Self {
        let mut lookup = Lookup::default();
        if !paths.workspace.as_os_str().is_empty() {
            for name in IN_WORKSPACE {
                lookup.add(&paths.workspace.join(name), Owner::Runner);
            }
            lookup.add_links_in(&paths.workspace.join(".taskrunner"));
            lookup.add_repositories(&paths.workspace);
        }
        for path in paths.files.iter().chain(&paths.directories) {
            lookup.add(path, Owner::Runner);
        }
        for directory in &paths.directories {
            lookup.add_links_in(directory);
        }
        for path in &paths.git {
            lookup.add_git(path);
        }
        for path in &paths.ci {
            lookup.add(path, Owner::Ci);
        }
        lookup.finish(&paths.workspace)
    }

    pub(super) fn settled(&self) -> &Path {
        &self.settled
    }

    /// Whose a path is: that of the file itself, or of a directory that it is in.
    pub(super) fn owner(&self, path: &Path) -> Option<Owner> {
        let path = small(path);
        let is_end = |at: &usize| path.get(*at).is_none_or(|byte| is_separator(*byte));
        // The root ends with its separator.
        let mut ends = (0..=path.len()).filter(is_end).map(|at| at.max(1));
        ends.find_map(|end| self.owners.get(path.get(..end)?)).copied()
    }

    pub(super) fn is_below(&self, directory: &Path) -> bool {
        let mut start = small(directory);
        if self.owners.contains_key(&start) {
            return true;
        }
        if start.last().is_none_or(|last| !is_separator(*last)) {
            start.extend(MAIN_SEPARATOR.to_string().as_bytes());
        }
        let from = (Bound::Included(&start[..]), Bound::Unbounded);
        self.owners.range::<[u8], _>(from).next().is_some_and(|(path, _)| path.starts_with(&start))
    }
}

/// The list as it grows.
#[derive(Default)]
struct Lookup {
    resolver: Resolver,
    owners: BTreeMap<OsString, Owner>,
}

impl Lookup {
    /// Adds a path by all its names: where it is a link, both the link and what it leads to count.
    fn add(&mut self, path: &Path, owner: Owner) {
        if path.as_os_str().is_empty() {
            return;
        }
        for name in self.resolver.names(path) {
            self.owners.entry(name.into_os_string()).or_insert(owner);
        }
    }

    /// Adds what the links in a directory lead to: a plugin can be one.
    fn add_links_in(&mut self, directory: &Path) {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let is_link = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_symlink());
        for link in entries.filter(is_link) {
            self.add(&link.path(), Owner::Runner);
        }
    }

    fn add_git(&mut self, directory: &Path) {
        for path in git::directories(directory) {
            self.add(&path, Owner::Git);
        }
    }

    /// Adds the repository that a workspace is in, and those that it is in the git directory of.
    fn add_repositories(&mut self, workspace: &Path) {
        for directory in workspace.ancestors() {
            if git::is_directory(directory) {
                self.add(directory, Owner::Git);
            }
            let dot_git = directory.join(".git");
            if dot_git.symlink_metadata().is_ok() {
                self.add_git(&dot_git);
            }
        }
    }

    fn finish(self, workspace: &Path) -> Own {
        #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "Linux adds some"))]
        let mut owners: BTreeMap<Vec<u8>, Owner> =
            self.owners.iter().map(|(path, owner)| (small(path.as_ref()), *owner)).collect();
        #[cfg(target_os = "linux")]
        for (path, owner) in super::binds::others(&self.owners) {
            owners.entry(small(&path)).or_insert(owner);
        }
        Own { owners, settled: workspace.to_owned() }
    }
}

fn small(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_ascii_lowercase()
}

fn is_separator(byte: u8) -> bool {
    std::path::is_separator(char::from(byte))
}
