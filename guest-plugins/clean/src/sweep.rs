//! Going through one artifact, from the leaves up: to measure it, or to remove it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::directory::{self, Entry, Measure};
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
    /// Whether this is the first name of its file that is counted. Where the others are removed on
    /// the way, the last one is no longer shared.
    fn is_first(&mut self, measure: &Measure) -> bool {
        match &measure.identity {
            Some(identity) if identity.shared => self.0.insert(identity.number),
            Some(identity) => self.0.is_empty() || !self.0.remove(&identity.number),
            None => true,
        }
    }
}

/// A directory that is being gone through.
struct Frame {
    path: PathBuf,
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
        Ok(entry) => sweep.all(path, &entry),
        Err(error) => sweep.fail(path, error),
    }
    sweep.swept
}

impl Sweep<'_> {
    fn all(&mut self, path: &Path, entry: &Entry) {
        self.one(path.to_owned(), entry);
        while let Some(frame) = self.frames.last_mut() {
            match frame.rest.pop() {
                Some(entry) => {
                    let path = frame.path.join(&entry.name);
                    self.one(path, &entry);
                }
                None => self.leave(),
            }
        }
    }

    fn one(&mut self, path: PathBuf, entry: &Entry) {
        if let Some(reason) = self.guard.entry(&path, entry.is_directory()) {
            self.stay(reason);
        } else if entry.is_directory() {
            self.enter(path);
        } else {
            self.file(&path);
        }
    }

    fn enter(&mut self, path: PathBuf) {
        match directory::read(&self.root.join(&path)) {
            Err(error) => self.fail(&path, error),
            Ok(entries) => match self.guard.directory(&entries) {
                Some(reason) => self.stay(reason),
                None => self.frames.push(Frame { path, rest: entries, stays: false }),
            },
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
            Mode::MeasureAges => directory::measure(&full).map(|measure| self.age(&measure)),
            Mode::Remove => fs::remove_dir(&full),
        };
        match result {
            Ok(()) => self.count(),
            Err(error) => self.fail(&frame.path, error),
        }
    }

    fn file(&mut self, path: &Path) {
        let full = self.root.join(path);
        let result = directory::measure(&full).and_then(|measure| {
            if self.mode == Mode::Remove {
                fs::remove_file(&full)?;
            }
            Ok(measure)
        });
        match result {
            Ok(measure) => {
                self.age(&measure);
                if self.counted.is_first(&measure) {
                    self.swept.bytes += measure.length;
                }
                self.count();
            }
            Err(error) => self.fail(path, error),
        }
    }

    fn age(&mut self, measure: &Measure) {
        self.swept.newest = self.swept.newest.max(measure.modified);
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
