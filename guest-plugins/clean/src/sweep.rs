//! Going through one artifact, from the leaves up: to measure it, or to remove it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::directory::{self, Directory, Entry, Identify, Measure};
use crate::guard::{Guard, Reason};

/// What is done with what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Its size is taken.
    Measure,
    /// Its size and age are taken, that of the directories included.
    MeasureAges,
    /// Its size is taken, and it is removed.
    Remove,
}

/// What came of going through an artifact.
#[derive(Debug)]
pub(crate) struct Swept {
    /// The length of all files that go, hard links counted once.
    pub(crate) bytes: u64,
    /// How many entries go, directories included.
    pub(crate) entries: u64,
    /// The newest change in what goes. Only where the ages are measured.
    pub(crate) newest: SystemTime,
    /// How many entries stay, and why.
    pub(crate) stays: BTreeMap<Reason, u64>,
    /// What could not be read or removed.
    pub(crate) failures: Vec<(PathBuf, io::Error)>,
}

/// The files that were counted already under another of their names.
#[derive(Debug, Default)]
pub(crate) struct Counted(HashSet<(u64, u64)>);

impl Counted {
    /// Of which files it must be known whether they are the same.
    fn identify(&self) -> Identify {
        if self.0.is_empty() { Identify::Shared } else { Identify::All }
    }

    /// Whether this is the first name of its file that is counted. Where the others are removed on
    /// the way, the last one is no longer shared.
    fn is_first(&mut self, measure: &Measure) -> bool {
        match &measure.identity {
            Some(identity) if identity.shared => self.0.insert(identity.number),
            Some(identity) => !self.0.remove(&identity.number),
            None => true,
        }
    }
}

/// A directory that is being gone through.
struct Frame {
    path: PathBuf,
    /// The directories in it that are still to be gone through.
    rest: Vec<Entry>,
    /// Whether something in it stays, so that it must stay itself.
    stays: bool,
}

/// What [`sweep`] works with.
struct Sweep<'a> {
    root: &'a Path,
    guard: &'a Guard<'a>,
    mode: Mode,
    counted: &'a mut Counted,
    tick: &'a mut dyn FnMut(u64),
    /// The directories from the artifact down to where the work is. A list, since the stack of a
    /// plugin is small and a tree can be deep.
    frames: Vec<Frame>,
    swept: Swept,
}

/// Goes through the artifact at `path`. `tick` is told now and then how many entries are done.
pub(crate) fn sweep(
    root: &Path,
    path: &Path,
    guard: &Guard<'_>,
    mode: Mode,
    counted: &mut Counted,
    tick: &mut dyn FnMut(u64),
) -> Swept {
    let swept = Swept {
        bytes: 0,
        entries: 0,
        newest: SystemTime::UNIX_EPOCH,
        stays: BTreeMap::new(),
        failures: Vec::new(),
    };
    let mut sweep = Sweep { root, guard, mode, counted, tick, frames: Vec::new(), swept };
    match directory::entry(&root.join(path)) {
        Ok(entry) if entry.is_directory() => sweep.all(path),
        Ok(entry) => sweep.alone(path, &entry.name),
        Err(error) => sweep.fail(path, error),
    }
    sweep.swept
}

impl Sweep<'_> {
    /// An artifact that is no directory.
    fn alone(&mut self, path: &Path, name: &OsStr) {
        let above = path.parent().unwrap_or(Path::new(""));
        match Directory::open(&self.root.join(above)) {
            Ok(directory) => self.file(&directory, path, name),
            Err(error) => self.fail(path, error),
        }
    }

    fn all(&mut self, path: &Path) {
        self.enter(path.to_owned());
        while let Some(frame) = self.frames.last_mut() {
            match frame.rest.pop() {
                Some(entry) => {
                    let path = frame.path.join(&entry.name);
                    self.enter(path);
                }
                None => self.leave(),
            }
        }
    }

    /// Begins with a directory, and does the files in it while it is open: no more than one is open at a
    /// time, however deep the tree is.
    fn enter(&mut self, path: PathBuf) {
        if let Some(reason) = self.guard.entry(&path, true) {
            return self.stay(reason);
        }
        let opened = Directory::open(&self.root.join(&path));
        let read = opened.and_then(|directory| Ok((directory.entries()?, directory)));
        let (entries, directory) = match read {
            Ok(read) => read,
            Err(error) => return self.fail(&path, error),
        };
        if let Some(reason) = self.guard.directory(&self.root.join(&path), &entries) {
            return self.stay(reason);
        }
        let (rest, files) = entries.into_iter().partition::<Vec<_>, _>(Entry::is_directory);
        self.frames.push(Frame { path: path.clone(), rest, stays: false });
        let mut path = path;
        for file in &files {
            path.push(&file.name);
            self.file(&directory, &path, &file.name);
            path.pop();
        }
    }

    /// All entries of the last directory are done: the directory itself is next.
    fn leave(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.stays {
            return self.mark();
        }
        let full = self.root.join(&frame.path);
        let result = match self.mode {
            Mode::Measure => Ok(()),
            Mode::MeasureAges => directory::modified(&full).map(|modified| self.age(modified)),
            Mode::Remove => fs::remove_dir(&full),
        };
        match result {
            Ok(()) => self.count(),
            Err(error) => self.fail(&frame.path, error),
        }
    }

    fn file(&mut self, directory: &Directory, path: &Path, name: &OsStr) {
        if let Some(reason) = self.guard.entry(path, false) {
            return self.stay(reason);
        }
        let measured = directory.measure(name, self.counted.identify());
        let result = measured.and_then(|measure| {
            if self.mode == Mode::Remove {
                directory.remove_file(name)?;
            }
            Ok(measure)
        });
        match result {
            Ok(measure) => {
                self.age(measure.modified);
                if self.counted.is_first(&measure) {
                    self.swept.bytes += measure.length;
                }
                self.count();
            }
            Err(error) => self.fail(path, error),
        }
    }

    fn age(&mut self, modified: SystemTime) {
        self.swept.newest = self.swept.newest.max(modified);
    }

    fn count(&mut self) {
        self.swept.entries += 1;
        if self.swept.entries.is_multiple_of(256) {
            (self.tick)(self.swept.entries);
        }
    }

    fn stay(&mut self, reason: Reason) {
        *self.swept.stays.entry(reason).or_default() += 1;
        self.mark();
    }

    fn fail(&mut self, path: &Path, error: io::Error) {
        // Somebody else was quicker.
        if error.kind() != io::ErrorKind::NotFound {
            self.swept.failures.push((path.to_owned(), error));
            self.mark();
        }
    }

    /// The directory in which something stays must stay, too.
    fn mark(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.stays = true;
        }
    }
}
