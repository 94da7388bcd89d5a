//! Where a file comes from, and so whether people are shown what is in it.

use std::path::{Component, Path, PathBuf};

/// A file, and the directory that it comes with: links in there may be anybody's, and lead to any file of the user's.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) path: PathBuf,
    /// None for a file of the user's own, whose links are theirs, too.
    directory: Option<PathBuf>,
}

/// Where a link leads out of a directory.
pub(super) struct Outside {
    pub(super) directory: PathBuf,
    pub(super) target: PathBuf,
}

impl Origin {
    pub(super) fn of_user(path: &Path) -> Self {
        Self { path: path.to_owned(), directory: None }
    }

    /// A file comes with the directory that it is in, and what is in `.taskrunner` with the workspace.
    pub(super) fn of_project(path: &Path) -> Self {
        let is_of_runner = |directory: &&Path| directory.ends_with(".taskrunner");
        let inner = path.ancestors().filter(is_of_runner).last().unwrap_or(path);
        let directory = inner.parent().unwrap_or(inner);
        Self { path: path.to_owned(), directory: Some(directory.to_owned()) }
    }

    /// A file that is written as one below a directory comes with that.
    pub(super) fn below(path: &Path, directory: &Path) -> Self {
        let mut written = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => drop(written.pop()),
                component => written.push(component),
            }
        }
        match written.starts_with(directory) {
            true => Self { path: path.to_owned(), directory: Some(directory.to_owned()) },
            false => Self::of_project(path),
        }
    }

    /// Where the file really is, if that is not below its directory. Asked where something is wrong with the file.
    pub(super) fn outside(&self) -> Option<Outside> {
        let directory = match self.directory.as_ref()? {
            here if here.as_os_str().is_empty() => Path::new("."),
            directory => directory,
        };
        let directory = dunce::canonicalize(directory).ok()?;
        let target = dunce::canonicalize(&self.path).ok()?;
        (!target.starts_with(&directory)).then_some(Outside { directory, target })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_a_link_leads_out() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        fs::create_dir_all(root.join("ws/.taskrunner/plugins")).expect("made");
        fs::create_dir_all(root.join("ws/conf")).expect("made");
        for path in ["secret", "ws/conf/file", "ws/plain"] {
            fs::write(root.join(path), "").expect("written");
        }
        for (target, name) in [
            ("conf/file", "ws/within"),
            ("../secret", "ws/out"),
            ("../../conf/file", "ws/.taskrunner/plugins/within"),
            ("../../../secret", "ws/.taskrunner/plugins/out"),
            ("..", "ws/up"),
        ] {
            symlink(target, root.join(name)).expect("a link");
        }
        let leads_out = |path: &str| Origin::of_project(&root.join(path)).outside().is_some();
        assert!(leads_out("ws/out") && leads_out("ws/.taskrunner/plugins/out"));
        for path in ["ws/plain", "ws/within", "ws/.taskrunner/plugins/within", "ws/gone"] {
            assert!(!leads_out(path), "{path}");
        }
        let below = |path: &str| Origin::below(&root.join(path), &root.join("ws"));
        assert!(below("ws/up/secret").outside().is_some());
        assert!(below("ws/conf/../out").outside().is_some());
        assert!(below("ws/conf/file").outside().is_none());
        assert!(below("ws/../secret").outside().is_none(), "that was named");
        assert!(Origin::of_user(&root.join("ws/out")).outside().is_none());
    }
}
