//! The few files of a git directory that say where its index and its working tree are. Each is short, a
//! regular file, and read as hostile input. Of git's configuration only the key `core.worktree` is looked at.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The longest of these files, in bytes.
const LONGEST: u64 = 1 << 20;

/// The longest file `.git` that says where the git directory is.
const LONGEST_LINK: u64 = 64 << 10;

/// More shared indexes than this are not offered: git deletes those that it no longer needs.
const MOST_SHARED: usize = 64;

/// What stands where a git directory could be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A git directory.
    Whole,
    /// Parts of one: nobody can say what git makes of it later.
    Damaged,
    /// Something else, which git passes over.
    Other,
}

/// What is there, and why that cannot be told; nothing where nothing is. Links are followed, as git does.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, String> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(format!("cannot look at `{}`: {error}", path.display())),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether a directory is a git directory, as git decides that: a valid `HEAD`, `objects` and `refs`.
/// `objects_elsewhere`: the environment names another directory of objects.
pub(super) fn shape(directory: &Path, objects_elsewhere: bool) -> Result<Shape, String> {
    let head = directory.join("HEAD");
    let has_head = match fs::symlink_metadata(&head) {
        Ok(_) => true,
        Err(error) if is_absent(&error) => false,
        Err(error) => return Err(format!("cannot look at `{}`: {error}", head.display())),
    };
    if !has_head {
        return Ok(match look(&directory.join("index"))? {
            Some(_) => Shape::Damaged,
            None => Shape::Other,
        });
    }
    let common = common(directory)?;
    let is_directory =
        |name| look(&common.join(name)).map(|found| found.is_some_and(|found| found.is_dir()));
    let whole = is_valid_head(&head)?
        && is_directory("refs")?
        && (objects_elsewhere || is_directory("objects")?);
    Ok(if whole { Shape::Whole } else { Shape::Damaged })
}

/// A link to a reference, the name of one, or a commit.
fn is_valid_head(head: &Path) -> Result<bool, String> {
    if let Ok(target) = fs::read_link(head) {
        return Ok(target.starts_with("refs"));
    }
    let text = read(head, LONGEST)?.unwrap_or_default();
    let is_commit = text.len() >= 40 && text[..40].iter().all(u8::is_ascii_hexdigit);
    let reference = text.strip_prefix(b"ref:").map(<[u8]>::trim_ascii_start);
    Ok(is_commit || reference.is_some_and(|name| name.starts_with(b"refs/")))
}

/// The directory that a linked worktree shares with its repository; the git directory itself elsewhere.
pub(super) fn common(directory: &Path) -> Result<PathBuf, String> {
    Ok(match read(&directory.join("commondir"), LONGEST_LINK)? {
        Some(text) => directory.join(path(text.trim_ascii_end())?),
        None => directory.to_owned(),
    })
}

/// Where a file `.git` says that the git directory is.
pub(super) fn link(file: &Path) -> Result<PathBuf, String> {
    let wrong = || format!("`{}` does not say where the repository is", file.display());
    let text = read(file, LONGEST_LINK)?.ok_or_else(wrong)?;
    let target = text.strip_prefix(b"gitdir: ").ok_or_else(wrong)?;
    let end = target.iter().rposition(|byte| !b"\r\n".contains(byte)).ok_or_else(wrong)?;
    Ok(file.parent().unwrap_or(file).join(path(&target[..=end])?))
}

/// The working tree that the configuration of a git directory names; none where it names none.
pub(super) fn working_tree(directory: &Path) -> Result<Option<PathBuf>, String> {
    let common = common(directory)?;
    let mut files = vec![directory.join("config.worktree")];
    if common == directory {
        files.push(directory.join("config"));
    } else {
        // git applies the shared configuration to a linked worktree only if each has one of its own.
        let shared = common.join("config");
        if !values(&read(&shared, LONGEST)?.unwrap_or_default(), "worktreeconfig").is_empty() {
            files.push(shared);
        }
    }
    let mut found: Option<PathBuf> = None;
    for file in files {
        let unclear =
            || format!("`{}` sets `core.worktree` in a way that is not understood", file.display());
        for value in values(&read(&file, LONGEST)?.unwrap_or_default(), "worktree") {
            let named = directory.join(path(value.ok_or_else(unclear)?)?);
            let named = dunce::canonicalize(named).map_err(|error| {
                format!("`core.worktree` in `{}` leads nowhere: {error}", file.display())
            })?;
            if found.replace(named.clone()).is_some_and(|other| other != named) {
                return Err(unclear());
            }
        }
    }
    Ok(found)
}

/// The values of a key in whatever section of a git configuration; none for one that is not written plainly.
/// In a continued line it finds too much, and never too little.
fn values<'a>(text: &'a [u8], key: &str) -> Vec<Option<&'a [u8]>> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    text.split(|byte| *byte == b'\n').filter_map(|line| value(line.trim_ascii(), key)).collect()
}

fn value<'a>(line: &'a [u8], key: &str) -> Option<Option<&'a [u8]>> {
    // A key stands at the beginning of its line, or behind the name of its section.
    let begins = |start: usize| {
        start == 0 || line[0] == b'[' && line[..start].trim_ascii_end().ends_with(b"]")
    };
    (0..(line.len() + 1).saturating_sub(key.len())).find_map(|start| {
        let (word, rest) = line[start..].split_at(key.len());
        if !word.eq_ignore_ascii_case(key.as_bytes()) || !begins(start) {
            return None;
        }
        match rest.trim_ascii_start() {
            [] | [b'#' | b';', ..] => Some(None),
            [b'=', value @ ..] => {
                let value = value.trim_ascii();
                let plain = !value.is_empty() && !value.iter().any(|byte| b"\"\\#;".contains(byte));
                Some(plain.then_some(value))
            }
            _ => None,
        }
    })
}

/// The working tree of a linked worktree, by the git directory that it has in its repository.
pub(super) fn linked_tree(directory: &Path) -> Option<PathBuf> {
    let text = read(&directory.join("gitdir"), LONGEST_LINK).ok()??;
    let marker = directory.join(path(text.trim_ascii_end()).ok()?);
    dunce::canonicalize(marker.parent()?).ok()
}

/// The directories in a directory; none where it cannot be read.
pub(super) fn directories(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directories.map(|entry| entry.path()).collect()
}

/// The files beside an index in which git keeps most of a split one.
pub(super) fn shared_indexes(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error: io::Error| format!("cannot read `{}`: {error}", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        let hash = name.to_str().and_then(|name| name.strip_prefix("sharedindex."));
        let is_hash = |hash: &str| hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hash.is_some_and(is_hash) && entry.file_type().map_err(fail)?.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found.truncate(MOST_SHARED);
    Ok(found)
}

/// Refuses an index that is something else than a regular file. It need not be there.
pub(super) fn check_index(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(format!("`{}` is not a regular file", path.display())),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(format!("cannot look at `{}`: {error}", path.display())),
    }
}

/// A short regular file; nothing where nothing is.
fn read(path: &Path, longest: u64) -> Result<Option<Vec<u8>>, String> {
    let fail =
        |problem: &dyn std::fmt::Display| format!("cannot read `{}`: {problem}", path.display());
    match look(path)? {
        None => return Ok(None),
        // Others may wait for somebody at their other end.
        Some(found) if !found.is_file() => return Err(fail(&"it is not a regular file")),
        Some(found) if found.len() > longest => return Err(fail(&"it is too long")),
        Some(_) => {}
    }
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| fail(&error))?;
    file.take(longest).read_to_end(&mut text).map_err(|error| fail(&error))?;
    Ok(Some(text))
}

/// A path as git writes it.
fn path(text: &[u8]) -> Result<&Path, String> {
    #[cfg(unix)]
    {
        Ok(Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(text)))
    }
    #[cfg(not(unix))]
    {
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        Ok(Path::new(OsStr::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worktree(configuration: &str) -> Vec<Option<&str>> {
        let text = |value| std::str::from_utf8(value).expect("text");
        values(configuration.as_bytes(), "worktree").into_iter().map(|v| v.map(text)).collect()
    }

    #[test]
    fn the_key_is_found_however_it_is_written() {
        for text in [
            "[core]\n\tworktree = /a b\n",
            "[core]\r\n  WorkTree=/a b\r\n",
            "\u{feff}[CORE] worktree = /a b",
            "[core \"]\"] worktree = /a b",
            "[core]\n\tbare = false\n worktree\t=\t/a b\t",
        ] {
            assert_eq!(worktree(text), [Some("/a b")], "{text}");
        }
        for text in
            ["worktree = \"/a\"", "worktree = /a # x", "worktree", "worktree =", "worktree = a\\"]
        {
            assert_eq!(worktree(text), [None], "{text}");
        }
        for text in [
            "# worktree = /a",
            "[alias] wt = worktree",
            "[branch \"worktree\"]",
            "worktreeConfig = true",
            "my-worktree = /a",
            "",
        ] {
            assert_eq!(worktree(text), [], "{text}");
        }
    }
}
