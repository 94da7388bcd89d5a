//! The globs of the configuration.

use std::fmt;

use crate::relative_path::RelativePath;

/// Globs on paths relative to the workspace. `*` and `?` stay within a name, `**` spans directories,
/// `[a-z]` is a set and `{a,b}` a choice. A glob that names a directory takes all that is below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(Vec<Pattern>);

#[derive(Clone, Debug)]
struct Pattern {
    /// As it was written.
    written: String,
    /// Without a leading `./` and a trailing `/`.
    glob: String,
    /// The same, for what is below.
    below: String,
    /// The directories that stand before the first special character.
    base: Vec<String>,
}

/// A text that is no glob, and why.
#[derive(Debug)]
pub(crate) struct BadPattern {
    written: String,
    reason: &'static str,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pattern `{}` {}", self.written, self.reason)
    }
}

impl Patterns {
    /// Checks the globs.
    pub(crate) fn parse<T: AsRef<str>>(written: &[T]) -> Result<Self, BadPattern> {
        written.iter().map(|text| Pattern::parse(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of them takes this file or directory.
    pub(crate) fn match_path(&self, path: &RelativePath) -> bool {
        self.0.iter().any(|pattern| pattern.matches(path))
    }

    /// Whether one of them may take something below this directory.
    pub(crate) fn reach_below(&self, directory: &RelativePath) -> bool {
        self.0.iter().any(|pattern| {
            let mut base = pattern.base.iter();
            directory.parts().all(|part| base.next().is_none_or(|name| name == part))
        })
    }

    /// Those, as they were written, that take none of these paths.
    pub(crate) fn idle<'a>(&'a self, paths: &[RelativePath]) -> Vec<&'a str> {
        let idle = |pattern: &&Pattern| !paths.iter().any(|path| pattern.matches(path));
        self.0.iter().filter(idle).map(|pattern| pattern.written.as_str()).collect()
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<_> =
            self.0.iter().map(|pattern| format!("`{}`", pattern.written)).collect();
        f.write_str(&quoted.join(", "))
    }
}

impl Pattern {
    fn parse(written: &str) -> Result<Self, BadPattern> {
        let bad = |reason| Err(BadPattern { written: written.to_owned(), reason });
        let glob = written.trim_start_matches("./").trim_end_matches('/');
        if glob.is_empty() {
            return bad("is empty");
        }
        if written.starts_with('/') {
            return bad("is absolute: patterns are relative to the workspace");
        }
        if written.starts_with('!') {
            return bad("begins with `!`: what is left out goes into `exclude`");
        }
        if glob.split('/').any(|part| part == "..") {
            return bad("leads outside the workspace");
        }
        if let Some(reason) = unbalanced(glob) {
            return bad(reason);
        }
        let special = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
        let base = glob.split('/').take_while(special).map(str::to_owned).collect();
        let below = format!("{glob}/**");
        Ok(Self { written: written.to_owned(), glob: glob.to_owned(), below, base })
    }

    fn matches(&self, path: &RelativePath) -> bool {
        fast_glob::glob_match(&self.glob, path.as_str())
            || fast_glob::glob_match(&self.below, path.as_str())
    }
}

/// What is open at the end of a glob, or closed without having been open. The matcher takes such a
/// glob for one that matches nothing; people want to hear of it.
fn unbalanced(glob: &str) -> Option<&'static str> {
    let (mut choices, mut in_set, mut escaped) = (0_usize, false, false);
    for character in glob.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => in_set = false,
            _ if in_set => {}
            '[' => in_set = true,
            '{' => choices += 1,
            '}' if choices == 0 => return Some("closes a `}` that was not opened"),
            '}' => choices -= 1,
            _ => {}
        }
    }
    match (choices, in_set, escaped) {
        (_, true, _) => Some("opens a `[` and does not close it"),
        (1.., ..) => Some("opens a `{` and does not close it"),
        (.., true) => Some("ends with a `\\`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        RelativePath::parse(text).expect("a path")
    }

    #[test]
    fn globs_match_as_people_expect() {
        for (glob, taken, left) in [
            ("src", "src/a/b.js", "src2/a"),
            ("src/", "src/a", "a/src"),
            ("./src/*.js", "src/a.js", "src/a/b.js"),
            ("src/**", "src/a/b.js", "srcs/a"),
            ("**/*.js", "a.js", "a.jsx"),
            ("**/*.js", "x/y/a.js", "a.css"),
            ("src/*.{js,css}", "src/a.css", "src/a.html"),
            ("[ab]?.txt", "ax.txt", "cx.txt"),
            ("**/node_modules", "x/node_modules/y", "node_modules2/y"),
        ] {
            let patterns = Patterns::parse(&[glob]).expect("a glob");
            assert!(patterns.match_path(&path(taken)), "{glob} takes {taken}");
            assert!(!patterns.match_path(&path(left)), "{glob} leaves {left}");
        }
    }

    #[test]
    fn only_directories_that_can_hold_a_match_are_entered() {
        let patterns = Patterns::parse(&["src/web/*.js", "docs"]).expect("globs");
        for (directory, entered) in [
            ("src", true),
            ("src/web", true),
            ("src/other", false),
            ("docs/a/b", true),
            ("x", false),
        ] {
            assert_eq!(patterns.reach_below(&path(directory)), entered, "{directory}");
        }
        assert!(Patterns::parse(&["**/*.js"]).expect("a glob").reach_below(&path("x/y")));
    }

    #[test]
    fn a_mistake_is_named() {
        for (glob, reason) in [
            ("", "is empty"),
            ("/etc/*", "is absolute"),
            ("a/../../b", "leads outside"),
            ("!a", "begins with `!`"),
            ("a[b", "opens a `[`"),
            ("a{b", "opens a `{`"),
            ("a}b", "closes a `}`"),
            ("a\\", "ends with a `\\`"),
        ] {
            let error = Patterns::parse(&[glob]).expect_err(glob).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_glob_that_takes_nothing_is_known() {
        let patterns = Patterns::parse(&["src", "asets/*"]).expect("globs");
        assert_eq!(patterns.idle(&[path("src/a"), path("assets/b")]), ["asets/*"]);
    }
}
