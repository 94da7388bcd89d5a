//! What no plugin may write, whatever was granted: what git and the runner would act on later.

use std::path::{Path, PathBuf};

/// The runner's own files, and those of git.
#[derive(Clone, Debug, Default)]
pub(crate) struct Protected {
    /// Files and directories, absolute and free of links as far as they are there, with nothing in them
    /// that says nothing: as text they are what they are as paths.
    own: Vec<PathBuf>,
}

/// The runner's files at the top of a workspace.
const IN_WORKSPACE: [&str; 5] =
    [".taskrunner", "taskrunner.yaml", "taskrunner.yml", "taskrunner.json", "taskrunner.lock"];

impl Protected {
    /// `others` are the runner's files that are elsewhere: the user's configuration, plugins, state and
    /// cache, and what the command line names.
    pub(crate) fn new(workspace: &Path, others: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut own: Vec<PathBuf> = IN_WORKSPACE.iter().map(|name| workspace.join(name)).collect();
        for path in others {
            // Where it is a link, both the link and what it leads to are the runner's. What is not there
            // yet is where its directory really is.
            own.extend(dunce::canonicalize(&path));
            if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
                own.extend(dunce::canonicalize(directory).map(|directory| directory.join(name)));
            }
            own.push(path);
        }
        // Each change of each file is held against each of these.
        let mut own: Vec<PathBuf> = own.iter().map(|path| path.components().collect()).collect();
        own.sort();
        own.dedup();
        Self { own }
    }

    /// Why a path may not be written, if that is so. It is absolute, with all links resolved.
    pub(crate) fn reason(&self, path: &Path) -> Option<&'static str> {
        let is_separator = |byte: &u8| std::path::is_separator(char::from(*byte));
        let mut names = path.as_os_str().as_encoded_bytes().split(is_separator);
        if names.any(|name| name.eq_ignore_ascii_case(b".git")) {
            return Some("no plugin writes to `.git`");
        }
        let is_own = |own: &PathBuf| starts_with(path, own);
        self.own.iter().any(is_own).then_some("no plugin writes to the runner's own files")
    }

    /// Whether something of the runner's lies below a directory, so that moving it would move that, too.
    pub(crate) fn is_below(&self, directory: &Path) -> bool {
        self.own.iter().any(|own| starts_with(own, directory))
    }
}

/// File systems that know no case are found everywhere, so case is ignored everywhere.
fn starts_with(path: &Path, start: &Path) -> bool {
    let (path, start) = (path.as_os_str().as_encoded_bytes(), start.as_os_str().as_encoded_bytes());
    let Some((lead, rest)) = path.split_at_checked(start.len()) else { return false };
    let ends_with_name =
        |path: &[u8]| path.last().is_some_and(|byte| !std::path::is_separator(char::from(*byte)));
    lead.eq_ignore_ascii_case(start)
        && (rest.first().is_none_or(|byte| std::path::is_separator(char::from(*byte)))
            || !ends_with_name(lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_own_files_and_gits_are_protected() {
        let protected = Protected::new(Path::new("/ws"), ["/home/me/.cache/taskrunner".into()]);
        let is_protected = |path: &str| protected.reason(Path::new(path)).is_some();
        for path in [
            "/ws/.git",
            "/ws/.git/hooks/pre-commit",
            "/ws/sub/.GIT/config",
            "/ws/taskrunner.yaml",
            "/ws/TaskRunner.Lock",
            "/ws/.taskrunner/plugins/x.wasm",
            "/home/me/.cache/taskrunner/compiled/x",
        ] {
            assert!(is_protected(path), "{path}");
        }
        for path in ["/ws", "/ws/.gitignore", "/ws/sub/taskrunner.yaml", "/ws/git", "/ws/x.git/y"] {
            assert!(!is_protected(path), "{path}");
        }
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        std::fs::create_dir(root.join("sub")).expect("a directory");
        let new = Protected::new(Path::new("/ws"), [root.join("sub/../receipt.json")]);
        assert!(new.reason(&root.join("receipt.json")).is_some(), "whatever way it is written");
        let untidy = Protected::new(Path::new("/ws"), ["/ws//a/./b/".into()]);
        assert!(untidy.reason(Path::new("/ws/a/b/c")).is_some());
        assert!(untidy.reason(Path::new("/ws/a/bc")).is_none());
        assert!(protected.is_below(Path::new("/home/me")) && protected.is_below(Path::new("/")));
        assert!(!protected.is_below(Path::new("/ws/sub")));
    }
}
