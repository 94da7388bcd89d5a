//! Patterns of files: a directory and what is below it, one file, or a glob below a directory.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::glob::Glob;
use super::repository::{GIT_INDEX, Repository};
use super::{Paths, PermissionError};

/// Which files a rule is about. What it is asked about are paths with all links resolved, as its own
/// base is.
#[derive(Clone, Debug)]
pub(crate) struct FilePattern {
    /// Absolute and free of links.
    base: PathBuf,
    /// Below the base; none for the base itself and everything below it.
    glob: Option<Glob>,
}

/// What makes a name a glob.
const META: [char; 4] = ['*', '?', '[', '{'];

impl FilePattern {
    /// Reads a pattern. What stands before the first name with `*`, `?`, `[` or `{` is a directory,
    /// relative to `directory` or absolute.
    pub(crate) fn parse(
        text: &str,
        directory: &Path,
        paths: &Paths,
    ) -> Result<Self, PermissionError> {
        if text.is_empty() {
            return Err(PermissionError::EmptyPath);
        }
        let (plain, glob) = split(text);
        let base = paths.locate(directory, paths.expand(&plain))?.host;
        let glob = glob.map(|glob| Glob::parse(&glob)).transpose()?;
        Ok(Self { base, glob })
    }

    /// The same for a target, which can stand for several files: those are named by what they are for.
    pub(super) fn all(
        target: &str,
        directory: &Path,
        paths: &Paths,
    ) -> Result<Vec<Self>, PermissionError> {
        if target != GIT_INDEX {
            return Ok(vec![Self::parse(target, directory, paths)?]);
        }
        let files = paths.repositories().iter().flat_map(Repository::files);
        Ok(files.map(Self::exactly).collect())
    }

    /// One directory with everything below it, or one file. The path is absolute and free of links.
    pub(crate) fn exactly(path: &Path) -> Self {
        Self { base: path.to_owned(), glob: None }
    }

    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    pub(super) fn glob(&self) -> Option<&Glob> {
        self.glob.as_ref()
    }

    pub(crate) fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.is_about(path, Glob::matches)
    }

    /// The same, and also whatever is below a directory that the glob names.
    pub(crate) fn covers_or_is_above(&self, path: &Path) -> bool {
        self.is_about(path, Glob::matches_above)
    }

    fn is_about(&self, path: &Path, by_glob: impl Fn(&Glob, &[u8]) -> bool) -> bool {
        let below = path.strip_prefix(&self.base).map(|below| below.as_os_str().as_encoded_bytes());
        below.is_ok_and(|below| self.glob.as_ref().is_none_or(|glob| by_glob(glob, below)))
    }

    /// Where both patterns look: the deeper base, if one lies in the other.
    pub(crate) fn common_base<'a>(&'a self, other: &'a Self) -> Option<&'a Path> {
        if self.base.starts_with(&other.base) {
            Some(&self.base)
        } else if other.base.starts_with(&self.base) {
            Some(&other.base)
        } else {
            None
        }
    }
}

impl fmt::Display for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.glob {
            None => write!(f, "{}", self.base.display()),
            Some(glob) => write!(f, "{}", self.base.join(glob.as_str()).display()),
        }
    }
}

/// What stands before the glob: a path as it is written.
pub(crate) fn plain(text: &str) -> PathBuf {
    split(text).0
}

/// Checks what can be checked of a pattern without looking at the file system.
pub(crate) fn check(text: &str) -> Result<(), PermissionError> {
    if text.is_empty() {
        return Err(PermissionError::EmptyPath);
    }
    let (_, glob) = split(text);
    glob.map(|glob| Glob::parse(&glob)).transpose().map(drop)
}

/// The plain part, and the glob below it.
fn split(text: &str) -> (PathBuf, Option<String>) {
    let mut plain = PathBuf::new();
    let mut components = Path::new(text).components();
    loop {
        let rest = components.as_path();
        match components.next() {
            None => return (plain, None),
            Some(Component::Normal(name)) if name.to_string_lossy().contains(META) => {
                // Globs have `/` between their parts on every system.
                let glob = rest.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
                return (plain, Some(glob));
            }
            Some(component) => plain.push(component),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(root: &Path, text: &str) -> FilePattern {
        let paths = Paths::new(root, root, None).expect("it is there");
        FilePattern::parse(text, root, &paths).expect("a pattern")
    }

    #[test]
    fn patterns_cover_what_their_text_says() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let covers = |text: &str, path: &str| pattern(&root, text).covers(&root.join(path));
        assert!(covers("src", "src") && covers("src", "src/a/b") && !covers("src", "src2"));
        assert!(covers("src/*.rs", "src/a.rs") && !covers("src/*.rs", "src/a/b.rs"));
        assert!(covers("src/**/*.rs", "src/a/b.rs") && covers("src/**/*.rs", "src/b.rs"));
        assert!(!covers("src/**/*.rs", "src/a/b.txt") && !covers("src/*.rs", "src"));
        assert!(covers("**/.env", ".env") && covers("**/.env", "a/.env"));
        assert!(covers("{a,b}/x", "b/x") && !covers("{a,b}/x", "c/x"));
        std::fs::create_dir(root.join("a")).expect("a directory");
        assert!(covers("a/../b", "b") && !covers("a/../b", "a"));
    }

    #[test]
    fn patterns_know_where_they_look() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let glob = pattern(&root, "src/**/*.rs");
        assert_eq!(glob.base(), root.join("src"));
        let all = pattern(&root, ".");
        assert_eq!(all.common_base(&glob), Some(root.join("src").as_path()));
        assert_eq!(pattern(&root, "out").common_base(&glob), None);
    }

    #[test]
    fn impossible_patterns_are_refused() {
        for bad in ["", "a/[", "a/*/../b", "{a", &format!("*{}", "a".repeat(2000))] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check("src/**/*.rs").is_ok() && check("/").is_ok());
    }
}
