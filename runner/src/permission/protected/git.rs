//! Git's directories, by whatever name: `.git` as a directory, a link or a file that names one, and every directory
//! that git would take for one of its own.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::resolve::Resolver;
use crate::regular::{self, Longest};

/// The longest file in which git names a directory.
const POINTER: Longest = Longest(64 * 1024, "a file that names a directory");

/// Whether a part of a path is `.git`, in any case and in any form that a file system takes for it. Git asks the same of
/// the names in a repository (`is_ntfs_dotgit` and `is_hfs_dotgit` in its `path.c` and `utf8.c`).
pub(super) fn has_its_name(path: &Path) -> bool {
    let is_separator = |byte: &u8| std::path::is_separator(char::from(*byte));
    path.as_os_str().as_encoded_bytes().split(is_separator).any(is_its_name)
}

fn is_its_name(name: &[u8]) -> bool {
    if !name.is_ascii() {
        // HFS+ leaves these characters out when it compares names.
        let ignored = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
        let Ok(name) = std::str::from_utf8(name) else { return false };
        let plain: String = name.chars().filter(|c| !ignored(*c)).collect();
        return plain.is_ascii() && is_its_name(plain.as_bytes());
    }
    // `git~1` is the short name that Windows gives it, which also drops spaces and dots at the end.
    let rest = [&b".git"[..], b"git~1"].iter().find_map(|start| {
        let (lead, rest) = name.split_at_checked(start.len())?;
        lead.eq_ignore_ascii_case(start).then_some(rest)
    });
    let end = |rest: &[u8]| rest.iter().find(|byte| !b" .".contains(byte)).copied();
    rest.is_some_and(|rest| matches!(end(rest), None | Some(b':' | b'\\')))
}

/// The parts of a directory by which git takes it for one of its own (`is_git_directory` in its `setup.c`).
const PARTS: [&str; 4] = ["HEAD", "objects", "refs", "commondir"];

/// Whether git would take a directory for one of its own.
pub(super) fn is_directory(path: &Path) -> bool {
    path.join("HEAD").symlink_metadata().is_ok() && is_whole(|part| path.join(part).exists())
}

fn is_whole(has: impl Fn(&str) -> bool) -> bool {
    has("HEAD") && (has("objects") && has("refs") || has("commondir"))
}

/// Whether a path is in a directory of git's, is one, or would make one of the directory that it is in. Directories are
/// looked at as they are now, up to one that was looked at before.
pub(super) fn is_in_directory(path: &Path, settled: &Path, free: &Free) -> bool {
    let Some(above) = path.parent() else { return false };
    if completes(path) || is_directory(path) {
        return true;
    }
    if free.is_known(above) {
        return false;
    }
    let mut is_free = true;
    for directory in above.ancestors() {
        if directory != settled && is_directory(directory) {
            return true;
        }
        if let Some(named) = named_by(directory) {
            is_free = false;
            if named.iter().any(|named| path.starts_with(named)) {
                return true;
            }
        }
        if directory == settled {
            break;
        }
    }
    if is_free {
        free.keep(above);
    }
    false
}

/// The last directory of which was found that nothing of git's is in it or above, so that one that holds many files is not
/// looked at for each. It is known by its number, too: no other one that is moved to its place is taken for it, and
/// no plugin makes it one of git's, or moves it into one.
#[derive(Debug, Default)]
pub(super) struct Free(Mutex<Option<(PathBuf, Number)>>);

type Number = (u64, u64);

impl Free {
    fn is_known(&self, directory: &Path) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().filter(|(path, _)| path == directory);
        last.is_some_and(|(path, number)| number_of(path) == Some(*number))
    }

    fn keep(&self, directory: &Path) {
        let found = number_of(directory).map(|number| (directory.to_owned(), number));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

#[cfg(unix)]
fn number_of(directory: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;

    let metadata = directory.symlink_metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn number_of(_: &Path) -> Option<Number> {
    None
}

/// Whether the directory of a path would become one of git's with what is to be there.
fn completes(path: &Path) -> bool {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let is_new = |part: &str| name.eq_ignore_ascii_case(part);
    PARTS.into_iter().any(is_new) && is_whole(|part| is_new(part) || directory.join(part).exists())
}

/// What the `.git` of a directory leads to, where it is no directory itself.
fn named_by(directory: &Path) -> Option<Vec<PathBuf>> {
    let dot_git = directory.join(".git");
    let kind = dot_git.symlink_metadata().ok()?.file_type();
    let mut resolver = Resolver::default();
    (!kind.is_dir())
        .then(|| directories(&dot_git).iter().map(|named| resolver.end(named)).collect())
}

/// The directories that a `.git` stands for: what it leads to where it is a link, what it names where it is a file, and
/// the one that this shares with others.
pub(super) fn directories(dot_git: &Path) -> Vec<PathBuf> {
    let above = dot_git.parent().unwrap_or(dot_git);
    let named = pointer(dot_git)
        .and_then(|text| text.strip_prefix("gitdir:").map(|path| above.join(path.trim())));
    let own = named.unwrap_or_else(|| dot_git.to_owned());
    let common = pointer(&own.join("commondir")).map(|path| own.join(path.trim()));
    let others = common.into_iter().chain([own]).filter(|path| path != dot_git);
    others.chain([dot_git.to_owned()]).collect()
}

fn pointer(path: &Path) -> Option<String> {
    String::from_utf8(regular::read(path, POINTER).ok()?.0).ok()
}
