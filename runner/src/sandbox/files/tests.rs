//! The layer by itself, under rules that are made for the test.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use wasmtime::component::{Resource, ResourceTable, ResourceTableError};
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor, HostDirectoryEntryStream, NewTimestamp, OpenFlags,
    PathFlags,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{CeilingReached, Files, Handle, Layer, Opened};
use crate::permission::{
    Capability, Decision, Effect, Grants, Kind, Operation, Paths, Policy, Protected, RecordEvent,
    Request, Source, Statement, Witness,
};
use crate::sandbox::Limits;

/// Everything in the directory `in` of a workspace, but `in/deep/secret` where that is denied.
pub(in crate::sandbox) fn grants(workspace: &Path, denied: bool) -> Grants {
    let statement = |effect, kind, target: &str| Statement {
        effect,
        capability: Capability::new(kind, target),
        directory: workspace.to_owned(),
        source: Source::Flag,
    };
    let mut statements = vec![statement(Effect::Allow, Kind::Write, "in")];
    if denied {
        statements.push(statement(Effect::Deny, Kind::Read, "in/deep/secret"));
    }
    let request =
        Request { capability: Capability::new(Kind::Write, "."), reason: "a test".into() };
    Grants::decide(&Policy {
        embedded: false,
        requests: Some(&[request]),
        statements: &statements,
        trusted: false,
        named: &[],
        paths: &Paths::new(workspace, workspace, None).expect("it is there"),
        protected: Protected::in_workspace(workspace),
        environment: &[],
    })
    .expect("a decision")
}

const GRANT: &str = "write in (command line)";
const DENIAL: &str = "deny read in/deep/secret (command line)";

/// A directory `in`, mounted as `/in`, with a directory `deep` in it whose `secret` may be denied.
struct World {
    root: PathBuf,
    wasi: WasiCtx,
    table: ResourceTable,
    files: Files,
    told: Arc<Mutex<Vec<Decision>>>,
    _directory: TempDir,
}

impl World {
    fn new(denied: bool, all: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        std::fs::create_dir_all(root.join("in/deep/secret")).expect("made");
        for path in ["in/deep/secret/key", "in/deep/open.txt", "in/top.txt"] {
            std::fs::write(root.join(path), "text").expect("written");
        }
        let grants = Arc::new(grants(&root, denied));
        let opened = Opened::open(&grants).expect("it can be opened");
        let told = Arc::new(Mutex::new(Vec::new()));
        let recorder = {
            let told = Arc::clone(&told);
            Arc::new(move |events: Vec<RecordEvent>| {
                let decided = events.into_iter().filter_map(|event| match event {
                    RecordEvent::Decided(decision) => Some(decision),
                    _ => None,
                });
                told.lock().expect("whole").extend(decided);
                Ok(())
            })
        };
        let witness = match all {
            true => Witness::of_all(recorder),
            false => Witness::of_denials(recorder),
        };
        Self {
            root,
            wasi: WasiCtxBuilder::new().build(),
            table: ResourceTable::new(),
            files: Files::new(Arc::new(opened), witness, &Limits::default()),
            told,
            _directory: directory,
        }
    }

    fn layer(&mut self) -> Layer<'_> {
        Layer {
            below: WasiFilesystemCtxView { ctx: self.wasi.filesystem(), table: &mut self.table },
            files: &mut self.files,
        }
    }

    fn preopen(&mut self) -> Handle {
        let mut directories = self.layer().get_directories().expect("one");
        let (handle, name) = directories.remove(0);
        assert!(directories.is_empty() && name == "/");
        handle
    }

    fn open(&mut self, path: &str, open: OpenFlags, mode: DescriptorFlags) -> FsResult<Handle> {
        let root = self.preopen();
        wait(self.layer().open_at(root, PathFlags::SYMLINK_FOLLOW, path.into(), open, mode))
    }

    fn read(&mut self, path: &str) -> FsResult<Handle> {
        self.open(path, OpenFlags::empty(), DescriptorFlags::READ)
    }

    fn names(&mut self, path: &str) -> Vec<String> {
        let directory = self.read(path).expect("it opens");
        let listing = wait(self.layer().read_directory(directory)).expect("it can be listed");
        let mut names = Vec::new();
        loop {
            let listing = Resource::new_borrow(listing.rep());
            match wait(self.layer().read_directory_entry(listing)).expect("an entry") {
                Some(entry) => names.push(entry.name),
                None => break,
            }
        }
        names.sort();
        names
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), ErrorCode> {
        let (first, second) = (self.preopen(), self.preopen());
        code(wait(self.layer().rename_at(first, from.into(), second, to.into())))
    }

    /// What was recorded since the last time.
    fn told(&self) -> Vec<(Operation, String, bool, String)> {
        let mut told = self.told.lock().expect("whole");
        told.drain(..)
            .map(|decision| {
                let target = Path::new(&decision.target);
                let target = target.strip_prefix(&self.root).unwrap_or(target);
                let target = target.display().to_string();
                (decision.operation, target, decision.allowed, decision.rule)
            })
            .collect()
    }
}

fn wait<T>(call: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(call)
}

fn code<T>(result: FsResult<T>) -> Result<T, ErrorCode> {
    result.map_err(|error| error.downcast().expect("no trap"))
}

#[test]
fn what_is_denied_inside_a_grant_is_neither_shown_nor_reached() {
    let mut world = World::new(true, false);
    assert_eq!(world.names("in/deep"), ["open.txt"]);
    assert_eq!(world.told(), []);
    for path in ["in/deep/secret/key", "in/deep/secret/none", "in/deep/secret/none/x"] {
        assert_eq!(code(world.read(path)).err(), Some(ErrorCode::Access), "{path}");
        let target = path.to_owned();
        assert_eq!(world.told(), [(Operation::Read, target, false, DENIAL.into())]);
    }
    assert_eq!(code(world.read("in/deep/../deep/secret")).err(), Some(ErrorCode::Access));
    assert!(code(world.read("in/deep/open.txt")).is_ok());
}

#[cfg(unix)]
#[test]
fn a_link_is_decided_on_where_it_leads() {
    let mut world = World::new(true, false);
    let link = |target, name| {
        std::os::unix::fs::symlink(target, world.root.join(name)).expect("a link");
    };
    link("deep/secret", "in/way");
    link("way/key", "in/key");
    link("deep/open.txt", "in/fine");
    for path in ["in/way/key", "in/key", "in/way"] {
        assert_eq!(code(world.read(path)).err(), Some(ErrorCode::Access), "{path}");
        let told = world.told();
        assert!(told[0].1.starts_with("in/deep/secret"), "{told:?}");
    }
    assert!(code(world.read("in/fine")).is_ok());
}

#[test]
fn a_directory_with_a_denial_below_is_not_moved() {
    let mut world = World::new(true, false);
    assert_eq!(world.rename("in/deep", "in/other"), Err(ErrorCode::CrossDevice));
    let told = world.told();
    assert_eq!(told, [(Operation::Rename, "in/deep".into(), false, DENIAL.into())]);
    std::fs::create_dir(world.root.join("in/free")).expect("made");
    assert_eq!(world.rename("in/free", "in/moved"), Ok(()));
    assert_eq!(world.rename("in/moved", "in/deep/secret"), Err(ErrorCode::Access));
}

#[test]
fn a_path_outside_is_recorded_as_what_it_means() {
    let mut world = World::new(true, false);
    for (path, target) in [
        ("src/main.rs", "src/main.rs"),
        ("../x", ""),
        ("in/../y", "y"),
        ("etc/passwd", "/etc/passwd"),
    ] {
        assert!(world.read(path).is_err(), "{path}");
        let told = world.told();
        assert_eq!(told.len(), 1, "{path}");
        assert!(told[0].1.ends_with(target) && !told[0].2, "{path}: {told:?}");
    }
}

#[test]
fn a_path_that_is_too_long_is_not_even_looked_at() {
    let mut world = World::new(true, false);
    for path in ["x".repeat(1 << 20), "in/../".repeat(1 << 17), "in/./".repeat(1000)] {
        assert_eq!(code(world.read(&path)).err(), Some(ErrorCode::NameTooLong));
        assert_eq!(world.told(), []);
    }
    assert_eq!(code(world.read(&"in/../".repeat(600))).err(), None);
}

#[test]
fn what_is_allowed_is_recorded_for_who_asks() {
    for denied in [false, true] {
        let mut world = World::new(denied, true);
        world.read("in/top.txt").expect("it opens");
        let allowed = |operation, path: &str| (operation, path.into(), true, GRANT.into());
        assert_eq!(world.told(), [allowed(Operation::Read, "in/top.txt")]);
        let write = DescriptorFlags::WRITE;
        world.open("in/new.txt", OpenFlags::CREATE, write).expect("it opens");
        assert_eq!(world.told(), [allowed(Operation::Create, "in/new.txt")]);
        world.open("in/new.txt", OpenFlags::empty(), write).expect("it opens");
        assert_eq!(world.told(), [allowed(Operation::Write, "in/new.txt")]);

        let mut world = World::new(denied, false);
        world.read("in/top.txt").expect("it opens");
        assert_eq!(world.told(), []);
    }
}

#[test]
fn a_table_that_is_full_is_told_as_such() {
    let mut world = World::new(true, false);
    world.table.set_max_capacity(1);
    world.preopen();
    let error = world.layer().get_directories().expect_err("there is no more room");
    assert!(matches!(error.downcast_ref(), Some(ResourceTableError::Full)), "{error}");
}

#[test]
fn a_gap_counts_as_written() {
    const TERABYTE: u64 = 1 << 40;
    let mut world = World::new(true, false);
    let file = world.open("in/new", OpenFlags::CREATE, DescriptorFlags::WRITE).expect("it opens");
    let same = || Resource::new_borrow(file.rep());
    assert_eq!(code(wait(world.layer().write(same(), vec![0; 10], 0))), Ok(10));
    assert_eq!(code(wait(world.layer().write(same(), vec![0; 10], 100))), Ok(10));
    let reached = |error: wasmtime_wasi::p2::FsError| {
        error.downcast().expect_err("it ends the run").downcast_ref::<CeilingReached>().copied()
    };
    let written = wait(world.layer().write(same(), vec![0], TERABYTE));
    assert_eq!(written.map_err(reached), Err(Some(CeilingReached::Disk)));
    let sized = wait(world.layer().set_size(same(), TERABYTE));
    assert_eq!(sized.map_err(reached), Err(Some(CeilingReached::Disk)));
    assert_eq!(world.root.join("in/new").metadata().expect("there").len(), 110);
}

#[test]
fn the_times_of_a_file_that_is_read_can_be_set_where_it_may_be_written() {
    let mut world = World::new(true, false);
    let file = world.read("in/top.txt").expect("it opens");
    let at = NewTimestamp::Timestamp(wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime {
        seconds: 1_000_000,
        nanoseconds: 0,
    });
    let same = Resource::new_borrow(file.rep());
    code(wait(world.layer().set_times(same, NewTimestamp::NoChange, at))).expect("it is set");
    let modified = world.root.join("in/top.txt").metadata().expect("there").modified();
    let since = modified.expect("known").duration_since(std::time::UNIX_EPOCH);
    assert_eq!(since.expect("later").as_secs(), 1_000_000);
    // What was opened to be read is not written.
    let bytes = wait(world.layer().write(file, vec![0], 0));
    assert_eq!(code(bytes).err(), Some(ErrorCode::NotPermitted));
}
