//! Patterns of files: a directory and what is below it, one file, or a glob below a directory.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::repository::{GIT_INDEX, Repository};
use super::{Paths, PermissionError};

/// Which files a rule is about. What it is asked about are paths with all links resolved, as its own
/// base is.
#[derive(Clone, Debug)]
pub(crate) struct FilePattern {
    /// Absolute and free of links.
    base: PathBuf,
    /// Below the base; none for the base itself and everything below it.
    glob: Option<GlobMatcher>,
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
        let glob = glob.map(|glob| compile(&glob)).transpose()?;
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

    pub(crate) fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    pub(crate) fn covers(&self, path: &Path) -> bool {
        match &self.glob {
            None => is_within(path, &self.base),
            Some(glob) => path.strip_prefix(&self.base).is_ok_and(|below| glob.is_match(below)),
        }
    }

    /// Whether a directory is covered with everything below it: a glob that names the directory alone
    /// says nothing of that.
    pub(crate) fn covers_all_below(&self, directory: &Path) -> bool {
        let is_whole = match &self.glob {
            None => true,
            Some(glob) => glob.glob().glob().rsplit('/').next() == Some("**"),
        };
        is_whole && self.covers(directory)
    }

    /// The same, and also whatever is below a directory that the glob names.
    pub(crate) fn covers_or_is_above(&self, path: &Path) -> bool {
        match &self.glob {
            None => self.covers(path),
            Some(_) => path
                .ancestors()
                .take_while(|above| above.starts_with(&self.base))
                .any(|above| self.covers(above)),
        }
    }

    /// Whether something below a directory, or the directory itself, may be covered.
    pub(crate) fn reaches_into(&self, directory: &Path) -> bool {
        self.base.starts_with(directory) || self.reaches_around(directory)
    }

    /// Whether a directory lies where this pattern looks: then it can be walked to find what is covered.
    pub(crate) fn reaches_around(&self, directory: &Path) -> bool {
        directory.starts_with(&self.base)
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
            Some(glob) => write!(f, "{}", self.base.join(glob.glob().glob()).display()),
        }
    }
}

/// Whether a path begins with a base, name by name. Mostly it does as text already, which is found out
/// faster: each access is asked about.
fn is_within(path: &Path, base: &Path) -> bool {
    let (text, start) = (path.as_os_str().as_encoded_bytes(), base.as_os_str().as_encoded_bytes());
    let rest = text.strip_prefix(start);
    let is_separator = |byte: &u8| std::path::is_separator(char::from(*byte));
    rest.is_some_and(|rest| rest.first().is_none_or(is_separator)) || path.starts_with(base)
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
    glob.map(|glob| compile(&glob)).transpose().map(drop)
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

fn compile(glob: &str) -> Result<GlobMatcher, PermissionError> {
    let fail = |problem: String| PermissionError::Glob { glob: glob.to_owned(), problem };
    if glob.split('/').any(|part| part == "..") {
        return Err(fail("`..` behind the first `*`".into()));
    }
    if glob.len() > 1024 {
        return Err(fail("longer than 1,024 bytes".into()));
    }
    GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| fail(error.kind().to_string()))
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
    fn a_glob_that_names_a_directory_says_nothing_of_what_is_below() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let whole =
            |text: &str, path: &str| pattern(&root, text).covers_all_below(&root.join(path));
        assert!(whole("out", "out") && whole("out", "out/a"));
        assert!(whole("out/**", "out/a") && whole("out/*/x/**", "out/a/x/b"));
        assert!(!whole("out/*", "out/a") && !whole("out/**/a", "out/a") && !whole("out", "src"));
    }

    #[test]
    fn patterns_know_where_they_look() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let glob = pattern(&root, "src/**/*.rs");
        assert_eq!(glob.base(), root.join("src"));
        assert!(glob.reaches_around(&root.join("src/a")) && !glob.reaches_around(&root));
        assert!(glob.reaches_into(&root) && glob.reaches_into(&root.join("src/a")));
        assert!(!glob.reaches_into(&root.join("out")));
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
