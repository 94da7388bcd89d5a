//! Globs over paths of the workspace, for `--keep` and `patterns`.

use std::path::Path;

/// A list of globs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globs(Vec<Glob>);

/// One glob: `*`, `?`, `[ab]` and `{a,b}` within a name, `**` for any number of directories.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    /// As the user wrote it.
    pub(crate) written: String,
    glob: String,
    only_directories: bool,
}

/// A glob that is none, and why.
#[derive(Debug)]
pub(crate) struct BadGlob {
    /// As the user wrote it.
    pub(crate) written: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

impl Globs {
    /// Checks the globs.
    pub(crate) fn parse<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<Self, BadGlob> {
        globs.into_iter().map(Glob::parse).collect::<Result<_, _>>().map(Self)
    }

    /// The globs, in the order in which they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them matches `path`, which is relative to the workspace.
    pub(crate) fn matches(&self, path: &Path, is_directory: bool) -> bool {
        self.0.iter().any(|glob| glob.matches(path, is_directory))
    }

    /// Whether one of them matches `path` or a directory that it is in.
    pub(crate) fn covers(&self, path: &Path, is_directory: bool) -> bool {
        let mut above = path.ancestors().skip(1).take_while(|path| !path.as_os_str().is_empty());
        self.matches(path, is_directory) || above.any(|path| self.matches(path, true))
    }
}

impl Glob {
    fn parse(written: &str) -> Result<Self, BadGlob> {
        let bad = |reason: String| BadGlob { written: written.to_owned(), reason };
        // A directory stands for all that is in it, so `dist/**` and `dist/` both mean `dist`.
        let mut glob = written;
        while let Some(rest) = glob.strip_prefix("./") {
            glob = rest;
        }
        let mut only_directories = false;
        while let Some(rest) = glob.strip_suffix("/**").or_else(|| glob.strip_suffix('/')) {
            glob = rest;
            only_directories = true;
        }
        if glob.is_empty() || glob.starts_with('/') || glob.contains('\0') {
            return Err(bad("it is a path from the workspace, without a leading `/`".to_owned()));
        }
        if glob.starts_with('!') {
            return Err(bad(
                "`!` cannot turn a glob around; write `\\!` for that character".to_owned()
            ));
        }
        if glob.split('/').any(|part| part == "..") {
            return Err(bad("it leads out of the workspace".to_owned()));
        }
        fast_glob::validate(glob).map_err(|error| bad(error.to_string()))?;
        Ok(Self { written: written.to_owned(), glob: glob.to_owned(), only_directories })
    }

    /// Whether it matches `path`, which is relative to the workspace.
    pub(crate) fn matches(&self, path: &Path, is_directory: bool) -> bool {
        (is_directory || !self.only_directories)
            && fast_glob::glob_match(&self.glob, path.as_os_str().as_encoded_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, path: &str, is_directory: bool) -> bool {
        Globs::parse([glob]).expect("a glob").matches(Path::new(path), is_directory)
    }

    #[test]
    fn a_star_stays_within_its_directory() {
        assert!(matches("*.log", "a.log", false));
        assert!(!matches("*.log", "logs/a.log", false));
        assert!(matches("**/*.log", "a.log", false));
        assert!(matches("**/*.log", "deep/er/a.log", false));
        assert!(matches("./packages/{a,b}/out", "packages/b/out", true));
    }

    #[test]
    fn a_directory_stands_for_what_is_in_it() {
        for glob in ["dist", "dist/", "dist/**", "./dist/**/"] {
            assert!(matches(glob, "dist", true), "{glob}");
            assert!(!matches(glob, "dist/a", true), "{glob}");
            assert!(Globs::parse([glob]).expect("a glob").covers(Path::new("dist/a/b"), false));
        }
        assert!(!matches("dist/**", "dist", false));
        assert!(matches("dist", "dist", false));
    }

    #[test]
    fn what_is_no_glob_is_refused() {
        for (glob, reason) in [
            ("", "path from the workspace"),
            ("/", "path from the workspace"),
            ("./", "path from the workspace"),
            ("/etc/**", "path from the workspace"),
            ("../x", "out of the workspace"),
            ("a/../../x", "out of the workspace"),
            ("!src", "turn a glob around"),
            ("a{b", "unclosed brace"),
            ("a[b", "unclosed character class"),
            ("a\\", "trailing backslash"),
        ] {
            let bad = Globs::parse([glob]).expect_err(glob);
            assert!(bad.reason.contains(reason), "{glob}: {}", bad.reason);
            assert_eq!(bad.written, glob);
        }
    }
}
