//! What was granted of the file system, opened, and the names under which a guest finds it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_primitives::ambient_authority;
use cap_primitives::fs::open_ambient_dir;
use filepath::FilePath;
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Dir, OpenMode};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::super::SandboxError;
use super::place::Place;
use crate::permission::{Access, Grants, Mount, Scope};

/// The directories of the mounts, opened. That happens once, before anything of the guest's has run:
/// what a guest moves or links afterwards changes nothing of what it, or its next attempt, holds.
pub(in super::super) struct Opened {
    roots: Vec<Root>,
    pub(super) rules: Arc<Grants>,
}

/// One mount.
struct Root {
    /// The parts of the guest's name for it.
    name: Vec<String>,
    /// Where it was when it was opened.
    host: PathBuf,
    dir: Dir,
    reads_all: bool,
    /// The file, where the mount is that file alone.
    file: Option<OsString>,
}

/// What a path means.
#[derive(Debug)]
pub(super) enum Meaning {
    /// A place below a mount. The name is that of the mount, where the place is the mount itself.
    Below(Place, Option<Vec<String>>),
    /// A directory that only leads to mounts.
    Virtual(Vec<String>),
    /// What the host has there was not granted.
    Outside(PathBuf),
    /// It leaves the directory that it is relative to.
    Escape(PathBuf),
}

impl Opened {
    pub(in super::super) fn open(grants: &Arc<Grants>) -> Result<Self, SandboxError> {
        let open = |mount: &Mount| {
            Root::open(mount, grants).map_err(|error| SandboxError::Open {
                path: mount.host.clone(),
                reason: error.to_string(),
            })
        };
        let roots = grants.mounts().iter().map(open).collect::<Result<_, _>>()?;
        grants.look_up_protected();
        Ok(Self { roots, rules: Arc::clone(grants) })
    }

    /// The open directories of the mounts.
    #[cfg(unix)]
    pub(in super::super) fn files(&self) -> impl Iterator<Item = std::os::fd::BorrowedFd<'_>> {
        use std::os::fd::AsFd;

        self.roots.iter().map(|root| root.dir.dir.as_fd())
    }

    /// The mount that is the guest's `/`, and whether everything in it may be read.
    pub(super) fn root(&self) -> Option<(Dir, bool)> {
        let root = self.roots.iter().find(|root| root.name.is_empty())?;
        root.file.is_none().then(|| (root.dir.clone(), root.reads_all))
    }

    /// Whether paths below a directory of this name can lead into another mount.
    pub(super) fn leads_to_mounts(&self, name: &[String]) -> bool {
        self.roots.iter().any(|root| root.name.len() > name.len() && root.name.starts_with(name))
    }

    /// How many directories deep in its mount a directory of the host is. None where no mount has it.
    pub(super) fn depth(&self, directory: &Path) -> Option<usize> {
        self.roots
            .iter()
            .filter(|root| root.file.is_none())
            .filter_map(|root| directory.strip_prefix(&root.host).ok())
            .map(|inside| inside.components().count())
            .max()
    }

    /// What is found under a name that only leads to mounts: the next part of their names, and whether
    /// that is a file.
    pub(super) fn listed(&self, name: &[String]) -> Vec<(String, bool)> {
        let mut found: Vec<(String, bool)> = self
            .roots
            .iter()
            .filter_map(|root| {
                let rest = root.name.strip_prefix(name)?;
                let (next, deeper) = rest.split_first()?;
                Some((next.clone(), deeper.is_empty() && root.file.is_some()))
            })
            .collect();
        found.sort();
        found.dedup_by(|a, b| a.0 == b.0);
        found
    }

    /// What a path means that is relative to a directory of this name.
    pub(super) fn meaning(&self, base: &[String], path: &str) -> FsResult<Meaning> {
        let asked = Asked::parse(path)?;
        if asked.absolute {
            return Ok(Meaning::Escape(self.host_of(&asked.names, 0)));
        }
        let all: Vec<&str> =
            base.iter().map(String::as_str).chain(asked.names.iter().copied()).collect();
        // The part of the path that no `..` takes back says in which mount it is; what follows is the
        // business of the file system, where a name can be a link.
        if let Some(root) = self.longest(stable(&all)) {
            return Ok(self.below(root, &all, asked.directory));
        }
        let (plain, above) = normal(&all);
        if above > 0 {
            return Ok(Meaning::Escape(self.host_of(&plain, above)));
        }
        if let Some(root) = self.longest(&plain) {
            return Ok(self.below(root, &plain, asked.directory));
        }
        let names: Vec<String> = plain.iter().map(|&name| name.to_owned()).collect();
        Ok(match self.leads_to_mounts(&names) {
            true => Meaning::Virtual(names),
            false => Meaning::Outside(self.host_of(&plain, 0)),
        })
    }

    /// The same for a directory that only leads to mounts.
    pub(super) fn host_of_virtual(&self, names: &[String]) -> PathBuf {
        self.host_of(&names.iter().map(String::as_str).collect::<Vec<_>>(), 0)
    }

    fn longest(&self, names: &[&str]) -> Option<&Root> {
        self.roots
            .iter()
            .filter(|root| {
                root.name.len() <= names.len()
                    && root.name.iter().zip(names).all(|(own, name)| own == name)
            })
            .max_by_key(|root| root.name.len())
    }

    fn below(&self, root: &Root, all: &[&str], directory: bool) -> Meaning {
        let rest: Vec<OsString> = all[root.name.len()..].iter().map(OsString::from).collect();
        match &root.file {
            Some(_) if !rest.is_empty() => Meaning::Outside(self.host_of(&normal(all).0, 0)),
            Some(file) => {
                Meaning::Below(Place::new((&root.dir, false), vec![file.clone()], directory), None)
            }
            None => {
                let name = rest.is_empty().then(|| root.name.clone());
                Meaning::Below(Place::new((&root.dir, root.reads_all), rest, directory), name)
            }
        }
    }

    /// What the host has under a name of the guest's, as whoever wrote the plugin will have meant it:
    /// in the workspace, unless only the root of the host's file system has the first part of it.
    fn host_of(&self, names: &[&str], above: usize) -> PathBuf {
        let mut inside = self.rules.root().to_owned();
        for _ in 0..above {
            inside.pop();
        }
        let Some(first) = names.first() else { return inside };
        let outside = Path::new("/");
        let base = match above == 0 && !inside.join(first).exists() && outside.join(first).exists()
        {
            true => outside,
            false => &inside,
        };
        base.join(names.iter().collect::<PathBuf>())
    }
}

impl Root {
    fn open(mount: &Mount, rules: &Grants) -> std::io::Result<Self> {
        let (perms, mode) = match mount.access {
            Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
            Access::Write => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
        };
        let (host, file) = match mount.scope {
            Scope::Tree => (mount.host.as_path(), None),
            Scope::File => (
                mount.host.parent().unwrap_or(&mount.host),
                mount.host.file_name().map(OsString::from),
            ),
        };
        let opened = open_ambient_dir(host, ambient_authority())?;
        if opened.path()? != host {
            return Err(std::io::Error::other("it was moved or linked while it was opened"));
        }
        Ok(Self {
            name: mount.guest.split('/').filter(|name| !name.is_empty()).map(Into::into).collect(),
            host: host.to_owned(),
            dir: Dir::new(opened, perms, mode, true),
            reads_all: file.is_none() && rules.reads_all_below(host),
            file,
        })
    }
}

/// What a path means that is relative to a directory below a mount: it stays below that directory.
pub(super) fn below(dir: (&Dir, bool), path: &str) -> FsResult<Meaning> {
    let asked = Asked::parse(path)?;
    if asked.absolute {
        return Ok(Meaning::Escape(path.into()));
    }
    let rest = asked.names.iter().map(OsString::from).collect();
    Ok(Meaning::Below(Place::new(dir, rest, asked.directory), None))
}

/// The longest path, in bytes, as Linux has it. A longer one would cost the host time and memory in each
/// place that it passes, and the runner's record most of all.
pub(in super::super) const MAX_PATH: usize = 4096;

/// A guest's path, taken apart.
struct Asked<'a> {
    /// The names, without empty ones and `.`.
    names: Vec<&'a str>,
    /// Whether it can only mean a directory.
    directory: bool,
    absolute: bool,
}

impl<'a> Asked<'a> {
    fn parse(path: &'a str) -> FsResult<Self> {
        if path.is_empty() {
            return Err(ErrorCode::NoEntry.into());
        }
        if path.len() > MAX_PATH {
            return Err(ErrorCode::NameTooLong.into());
        }
        if path.contains('\0') || cfg!(windows) && path.contains(['\\', ':']) {
            return Err(ErrorCode::Invalid.into());
        }
        let names = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        let last = path.rsplit('/').next();
        Ok(Self {
            names,
            directory: matches!(last, Some("" | "." | "..")),
            absolute: path.starts_with('/'),
        })
    }
}

/// The part at the beginning of a path that no `..` takes back.
fn stable<'n, 'a>(all: &'n [&'a str]) -> &'n [&'a str] {
    let lead = all.iter().take_while(|&&name| name != "..").count();
    let (mut depth, mut lowest) = (lead, lead);
    for &name in &all[lead..] {
        depth = if name == ".." { depth.saturating_sub(1) } else { depth + 1 };
        lowest = lowest.min(depth);
    }
    &all[..lowest]
}

/// The path without `..`, and how many of those lead above its beginning.
fn normal<'a>(all: &[&'a str]) -> (Vec<&'a str>, usize) {
    let (mut plain, mut above) = (Vec::new(), 0);
    for &name in all {
        if name != ".." {
            plain.push(name);
        } else if plain.pop().is_none() {
            above += 1;
        }
    }
    (plain, above)
}
