//! The cache of compiled code: what is in it is used only if it is what the runner has put there.

use std::cell::{Cell, RefCell};
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use crate::harness::kernel::{runs, signal};
use crate::harness::{Call, Ended, Guest, Project, guests};

const AGAIN: &str = "compiling again, since what was kept";
const READ: &str = "was read again, and is what was kept";

/// Calls with a cache, and a state, that no other test has.
struct World {
    project: Project,
}

impl World {
    /// One plugin: whoever looks for a command compiles its neighbours, too.
    fn with(guest: Guest) -> Self {
        Self { project: Project::new().guest(guest) }
    }

    fn call(&self, arguments: &[&str]) -> Call<'_> {
        let call = self.project.call(arguments).env("XDG_CACHE_HOME", self.path("cache"));
        call.env("XDG_STATE_HOME", self.path("state"))
    }

    fn hello(&self) -> Ended<'_> {
        let call = self.call(&["hello"]).env("TASKRUNNER_LOG", "debug");
        call.succeeds().prints("Hello, world!\n")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.project.beside_path("outside").join(path)
    }

    fn code(&self) -> PathBuf {
        self.path("cache/taskrunner/compiled")
    }

    fn seals(&self) -> PathBuf {
        self.path("state/taskrunner/compiled")
    }

    /// The one entry that is there, and its seal.
    fn entry(&self) -> (PathBuf, PathBuf) {
        let code = files(&self.code());
        assert_eq!(code.len(), 1, "{code:?}");
        (code[0].clone(), self.seals().join(code[0].file_stem().expect("a name")))
    }
}

/// The files of a directory, in the order of their names.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is mine");
}

/// Makes a file look as if it had been written so long ago.
fn age(path: &Path, hours: u64) {
    let file = File::options().write(true).open(path).expect("it opens");
    let then = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
    file.set_times(FileTimes::new().set_modified(then)).expect("it is mine");
}

#[test]
fn code_is_kept_for_the_user_alone() {
    let world = World::with(guests::HELLO);
    world.hello();
    let (code, seal) = world.entry();
    assert_eq!(files(&world.seals()), [&*seal]);
    for directory in [code.parent(), seal.parent()] {
        assert_eq!(mode(directory.expect("it has one")), 0o700);
    }
    assert_eq!([mode(&code), mode(&seal)], [0o600; 2]);
    world.hello().without(AGAIN).without(READ);
}

#[test]
fn code_that_is_not_what_was_kept_is_compiled_again() {
    let other = World::with(guests::CLOCK);
    other.call(&["clock"]).succeeds();
    let (other_code, other_seal) = other.entry();
    let world = World::with(guests::HELLO);
    world.hello();
    let (code, seal) = world.entry();
    let kept = fs::read(&code).expect("it can be read");

    let write = |bytes: &[u8]| fs::write(&code, bytes).expect("written");
    let flip = |at: usize| {
        let mut bytes = kept.clone();
        bytes[at] ^= 1;
        write(&bytes);
    };
    let again: [(&str, &dyn Fn()); 15] = [
        ("its first byte is another one", &|| flip(0)),
        ("a byte within is another one", &|| flip(kept.len() / 2)),
        ("its last byte is another one", &|| flip(kept.len() - 1)),
        ("it is cut", &|| write(&kept[..kept.len() - 1])),
        ("it is cut to nothing", &|| write(b"")),
        ("there is more behind it", &|| write(&[&kept[..], b"\0"].concat())),
        ("there are zeros in its place", &|| write(&vec![0; kept.len()])),
        ("it is of another plugin", &|| drop(fs::copy(&other_code, &code).expect("a copy"))),
        ("it is a link", &|| {
            fs::copy(&code, world.path("target")).expect("a copy");
            fs::remove_file(&code).expect("it was there");
            std::os::unix::fs::symlink(world.path("target"), &code).expect("a link");
        }),
        ("others can write it", &|| set_mode(&code, 0o666)),
        ("its seal is missing", &|| fs::remove_file(&seal).expect("it was there")),
        ("its seal is of nothing", &|| fs::write(&seal, "{}").expect("written")),
        ("its seal is of another plugin", &|| drop(fs::copy(&other_seal, &seal).expect("a copy"))),
        ("its seal could be somebody else's", &|| set_mode(&seal, 0o666)),
        ("it comes from elsewhere, as the whole cache does", &|| {
            fs::remove_dir_all(world.path("state")).expect("it was there");
        }),
    ];
    for (what, change) in again {
        change();
        let ended = world.hello();
        assert!(ended.stderr().contains(AGAIN), "{what}: {ended}");
        // That is all that it costs.
        world.hello().without(AGAIN).without(READ);
        assert_eq!(fs::read(&code).expect("it can be read"), kept, "{what}");
    }
    // Nobody hears of it who does not ask.
    flip(0);
    world.call(&["hello"]).succeeds().prints("Hello, world!\n").quietly();
}

#[test]
fn code_that_was_only_moved_is_read_again_and_not_compiled() {
    let world = World::with(guests::HELLO);
    world.hello();
    let (code, seal) = world.entry();
    let copy = || {
        let copy = world.path("copy");
        fs::copy(&code, &copy).expect("a copy");
        fs::rename(copy, &code).expect("moved");
    };
    let changes: [(&str, &dyn Fn()); 4] = [
        ("it is a copy", &copy),
        ("it was touched", &|| age(&code, 0)),
        ("it was looked at long ago", &|| age(&seal, 25)),
        ("it was looked at tomorrow", &|| {
            let file = File::options().write(true).open(&seal).expect("it opens");
            let then = SystemTime::now() + Duration::from_secs(60 * 60);
            file.set_times(FileTimes::new().set_modified(then)).expect("it is mine");
        }),
    ];
    for (what, change) in changes {
        change();
        let ended = world.hello().without(AGAIN);
        assert!(ended.stderr().contains(READ), "{what}: {ended}");
        world.hello().without(AGAIN).without(READ);
    }
}

#[test]
fn directories_that_others_can_write_are_not_used() {
    let world = World::with(guests::HELLO);
    world.hello();
    let (code, seal) = world.entry();
    for directory in [code.parent(), seal.parent()] {
        let directory = directory.expect("it has one");
        set_mode(directory, 0o777);
        // It is compiled each time.
        for _ in 0..2 {
            world.hello().reporting("not keeping a compiled plugin: others can write to it");
        }
        set_mode(directory, 0o700);
    }
    world.hello().without(AGAIN);
}

/// Whatever a runner that is killed was doing, what it leaves is whole, or has no name that counts.
#[test]
fn a_runner_that_is_killed_while_it_keeps_code_leaves_nothing_partial() {
    let world = World { project: Project::new() };
    let build = || world.call(&["build", "--help"]);
    build().succeeds();
    let (code, seal) = world.entry();
    let whole = fs::read(&code).expect("it can be read");
    // What is there at the moment of the end: nothing, part of the copy, the copy, the entry.
    let seen = RefCell::new(std::collections::BTreeSet::new());
    for wanted in ["a part", "the entry"].repeat(6) {
        fs::remove_file(&code).expect("it was there");
        fs::remove_file(&seal).expect("it was there");
        files(&world.code()).iter().for_each(|path| fs::remove_file(path).expect("removed"));
        let killed = Cell::new(false);
        let call = build().meanwhile(|runner| {
            let is_there = || match wanted {
                "a part" => !files(&world.code()).is_empty(),
                _ => code.exists(),
            };
            while !is_there() && runs(runner) {}
            signal(runner, Signal::KILL);
            killed.set(true);
        });
        call.dies();
        assert!(killed.get());
        if let Ok(there) = fs::read(&code) {
            assert_eq!(there, whole, "it is renamed when it is whole");
            seen.borrow_mut().insert("the entry");
        }
        if files(&world.code()).iter().any(|path| *path != code) {
            seen.borrow_mut().insert("a part");
        }
        build().succeeds().printing("Usage");
        assert_eq!(fs::read(&code).expect("it is there"), whole);
        assert!(seal.exists());
    }
    assert!(!seen.borrow().is_empty(), "it was never killed in time");
}

#[test]
fn what_is_not_used_and_what_was_left_behind_is_thrown_away() {
    let world = World::with(guests::HELLO);
    world.hello();
    let (code, seal) = world.entry();
    let left = [world.code().join(".new-left"), world.seals().join(".new-left")];
    for path in &left {
        fs::write(path, "part of somethi").expect("written");
        age(path, 2);
    }
    age(&seal, 89 * 24);
    world.call(&["build", "--help"]).succeeds();
    assert!(code.exists() && seal.exists());
    assert!(left.iter().all(|path| !path.exists()));
    // Using it keeps it.
    world.hello().without(AGAIN);
    assert!(
        fs::metadata(&seal).expect("it is there").modified().expect("a time")
            > SystemTime::now() - Duration::from_secs(3600)
    );
    age(&seal, 91 * 24);
    world.call(&["clean", "--help"]).succeeds();
    assert!(!code.exists() && !seal.exists());
    world.hello();
}
