//! All names of a path: each link on the way to it, and what is at the end.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many links are followed on the way to one file.
const MAX_LINKS: usize = 40;

/// Resolves paths of which nothing need be there. Where a link leads is asked once, and what is known of a directory
/// serves all that is in it. Paths are compared as texts, which takes a fraction of comparing them part by part.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// Where each link leads; none where there is no link.
    links: BTreeMap<OsString, Option<PathBuf>>,
    /// The names of directories.
    directories: BTreeMap<OsString, Vec<PathBuf>>,
}

impl Resolver {
    /// The links on the way, each by the path without links of the directory that it is in, and the end last: who
    /// exchanges one of them exchanges what is found.
    pub(super) fn names(&mut self, path: &Path) -> Vec<PathBuf> {
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        let (Some(directory), Some(name)) = (directory, path.file_name()) else {
            return self.walk(Vec::new(), PathBuf::new(), parts(path).collect());
        };
        let mut names = match self.directories.get(directory.as_os_str()) {
            Some(known) => known.clone(),
            None => {
                let names = self.names(directory);
                self.directories.insert(directory.into(), names.clone());
                names
            }
        };
        let here = names.pop().unwrap_or_default();
        self.walk(names, here, [name.to_owned()].into())
    }

    /// Goes on from a directory, to which these links led.
    fn walk(
        &mut self,
        mut names: Vec<PathBuf>,
        mut here: PathBuf,
        mut rest: VecDeque<OsString>,
    ) -> Vec<PathBuf> {
        while let Some(part) = rest.pop_front() {
            match Path::new(&part).components().next() {
                None | Some(Component::CurDir) => {}
                Some(Component::ParentDir) => drop(here.pop()),
                Some(Component::Prefix(_) | Component::RootDir) => here.push(part),
                Some(Component::Normal(_)) => {
                    here.push(part);
                    let Some(target) = self.link(&here).filter(|_| names.len() < MAX_LINKS) else {
                        continue;
                    };
                    for part in parts(&target).rev() {
                        rest.push_front(part);
                    }
                    names.push(here.clone());
                    here.pop();
                }
            }
        }
        names.push(here);
        names
    }

    /// The end alone.
    pub(crate) fn end(&mut self, path: &Path) -> PathBuf {
        self.names(path).pop().unwrap_or_default()
    }

    fn link(&mut self, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.links.get(path.as_os_str()) {
            return known.clone();
        }
        let link = fs::read_link(path).ok();
        self.links.insert(path.into(), link.clone());
        link
    }
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().map(|component| component.as_os_str().to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_on_the_way_is_a_name() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        fs::create_dir_all(root.join("real/deep")).expect("made");
        for (target, name) in [("real", "one"), ("../one/deep", "real/two"), ("gone/x", "three")] {
            symlink(target, root.join(name)).expect("a link");
        }
        symlink("self", root.join("self")).expect("a link");
        let names = |path: &str| {
            let names = Resolver::default().names(&root.join(path));
            let below = |name: PathBuf| name.strip_prefix(&root).expect("below").to_owned();
            names.into_iter().map(below).collect::<Vec<_>>()
        };
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(names("real/deep/new"), paths(&["real/deep/new"]));
        assert_eq!(names("one/new"), paths(&["one", "real/new"]));
        assert_eq!(names("one/two/x"), paths(&["one", "real/two", "one", "real/deep/x"]));
        assert_eq!(names("three/../y"), paths(&["three", "gone/y"]));
        assert_eq!(names("self").len(), MAX_LINKS + 1);
    }
}
