//! Places below a mount, and the directories that they pin.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_primitives::fs::{open_dir, read_link_contents};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Dir, OpenMode};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::Layer;
use super::real::real_path;
use crate::permission::Operation;

/// How many links are followed on the way to one file.
pub(super) const MAX_LINKS: usize = 40;

/// A path below a directory, not looked at yet.
#[derive(Clone)]
pub(super) struct Place {
    root: Dir,
    /// Names, and `..`.
    rest: Vec<OsString>,
    /// Whether only a directory is meant.
    pub(super) directory: bool,
    /// Whether everything below the mount may be read.
    pub(super) reads_all: bool,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("rest", &self.rest).finish_non_exhaustive()
    }
}

/// A place whose directory is open: nothing that is moved or linked from now on leads elsewhere.
pub(super) struct Pinned {
    /// The directory that the last name stands in; the directory itself, where there is no name.
    pub(super) dir: Dir,
    name: Option<OsString>,
}

impl Place {
    pub(super) fn new(
        (root, reads_all): (&Dir, bool),
        rest: Vec<OsString>,
        directory: bool,
    ) -> Self {
        Self { root: root.clone(), rest, directory, reads_all }
    }

    /// The names before the last, and the last, if it can be the name of something in a directory.
    fn split(&self, last: Last) -> (PathBuf, Option<&OsString>) {
        match self.rest.split_last() {
            Some((name, above)) if name != ".." && !(self.directory && last == Last::Followed) => {
                (above.iter().collect(), Some(name))
            }
            _ => (self.rest.iter().collect(), None),
        }
    }
}

/// What is to happen to the last name of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// What it names is meant, even behind a trailing slash.
    Named,
    /// With a trailing slash, the directory is meant.
    Followed,
}

impl Pinned {
    /// The name below [`Pinned::dir`].
    pub(super) fn name(&self) -> String {
        match &self.name {
            Some(name) => name.to_string_lossy().into_owned(),
            None => ".".to_owned(),
        }
    }

    /// Whether it is a directory that is open already.
    pub(super) fn is_open(&self) -> bool {
        self.name.is_none()
    }

    /// The real path, as the system knows it.
    pub(super) fn path(&self) -> io::Result<PathBuf> {
        let mut path = real_path(&self.dir.dir)?;
        if let Some(name) = &self.name {
            path.push(name);
        }
        Ok(path)
    }

    /// The directory, for an operation that was allowed to write.
    pub(super) fn writable(&self) -> Dir {
        let mut dir = self.dir.clone();
        dir.perms = FsPerms::ReadWrite;
        dir
    }
}

impl Layer<'_> {
    /// Opens the directory that a place's last name stands in.
    pub(super) fn pin(&self, operation: Operation, place: &Place, last: Last) -> FsResult<Pinned> {
        let (above, name) = place.split(last);
        let dir = if above.as_os_str().is_empty() {
            place.root.clone()
        } else {
            let opened = open_dir(&place.root.dir, &above)
                .map_err(|error| self.not_pinned(operation, place, &above, error))?;
            Dir::new(opened, place.root.perms, OpenMode::READ, true)
        };
        Ok(Pinned { dir, name: name.cloned() })
    }

    /// The error where no directory could be opened. What is there is not told where it may not be seen.
    fn not_pinned(
        &self,
        operation: Operation,
        place: &Place,
        above: &Path,
        error: io::Error,
    ) -> wasmtime_wasi::p2::FsError {
        let asked = || place.rest.iter().collect::<PathBuf>();
        let root = match real_path(&place.root.dir) {
            Ok(root) => root,
            Err(error) => return error.into(),
        };
        if is_escape(&error) {
            return self.escape(operation, &plain(&root.join(asked())));
        }
        let mut nearest = above;
        while let Some(parent) = nearest.parent() {
            nearest = parent;
            let found = match nearest.as_os_str().is_empty() {
                true => Ok(root.clone()),
                false => open_dir(&place.root.dir, nearest).and_then(|dir| real_path(&dir)),
            };
            let Ok(found) = found else { continue };
            if !self.files.opened.rules.check_directory(&found).allowed {
                let rest = asked();
                let below = rest.strip_prefix(nearest).unwrap_or(&rest);
                return self.denied(operation, &plain(&found.join(below)));
            }
            break;
        }
        error.into()
    }

    /// Where a link leads that stands at the place.
    pub(super) fn follow(
        &self,
        operation: Operation,
        place: &Place,
        link: &Pinned,
    ) -> FsResult<Place> {
        let target = read_link_contents(&link.dir.dir, Path::new(&link.name()))?;
        let root = real_path(&place.root.dir)?;
        let directory = real_path(&link.dir.dir)?;
        let inside = directory.strip_prefix(&root);
        let (false, Ok(inside)) = (target.has_root(), inside) else {
            return Err(self.escape(operation, &plain(&directory.join(target))));
        };
        let rest = parts(inside).chain(parts(&target)).collect();
        let text = target.as_os_str().as_encoded_bytes();
        let directory =
            place.directory || [&b"/"[..], b"/.", b".."].iter().any(|end| text.ends_with(end));
        Ok(Place { rest, directory, ..place.clone() })
    }

    /// Whether a link at the place can lead out of the mount, for whoever follows it. What stands behind a
    /// name and goes up again could be another link's directory.
    pub(super) fn leads_out(&self, link: &Pinned, target: &Path) -> io::Result<bool> {
        let Some(depth) = self.files.opened.depth(&real_path(&link.dir.dir)?) else {
            return Ok(true);
        };
        let mut components =
            target.components().skip_while(|component| *component == Component::CurDir).peekable();
        let mut up = 0;
        while components.next_if_eq(&Component::ParentDir).is_some() {
            up += 1;
        }
        Ok(up > depth || components.any(|component| !matches!(component, Component::Normal(_))))
    }

    /// The same of a link that is there and gets another place; nothing else leads anywhere.
    pub(super) fn would_lead_out(&self, there: &Pinned, place: &Pinned) -> FsResult<bool> {
        let target = read_link_contents(&there.dir.dir, Path::new(&there.name()))?;
        Ok(self.leads_out(place, &target)?)
    }
}

/// The error of cap-primitives for a path that leaves the directory that it is resolved below; the
/// system's own refusals have a number.
fn is_escape(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}

/// A path without `.` and `..`, for the record.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// An error where a link that must not be followed is no longer what it was looked at as.
pub(super) fn too_many_links() -> wasmtime_wasi::p2::FsError {
    ErrorCode::Loop.into()
}
