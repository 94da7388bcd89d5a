//! What the code behind the wall finds: a directory to read, one to write, and a canary beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::canaries;
use crate::sandbox::wall::{Network, Opening, Part, Reach, Wall, WallReport};
use crate::sandbox::worker::process::run as run_worker;
use crate::sandbox::worker::{Channel, Job, Left};

const MIB: u64 = 1024 * 1024;

/// Its directory is removed with it.
pub(crate) struct World {
    _directory: TempDir,
    root: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = fs::canonicalize(directory.path()).expect("it is there");
        for name in ["read", "write", "write/below", "files"] {
            fs::create_dir(root.join(name)).expect("a directory");
        }
        fs::write(root.join("files/file"), canaries::CANARY).expect("a file");
        for path in canaries::FILES {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
            fs::write(path, canaries::CANARY).expect("a file");
        }
        Self { _directory: directory, root }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn wall(&self, network: Network) -> Wall {
        let open = |path, reach| Opening::new(&self.path(path), reach).expect("it opens");
        let openings =
            [open("read", Reach::Read), open("write", Reach::Write), open("files", Reach::Files)];
        Wall {
            openings: Arc::new(openings),
            code: None,
            network,
            memory: 256 * MIB,
            file_size: 16 * MIB,
            handles: 100,
            required: true,
            hides_pipes: false,
        }
    }

    /// Runs native code behind the wall.
    pub(crate) fn behind<T>(
        &self,
        network: Network,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Left>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        self.limited(network, Duration::from_secs(60), work)
    }

    /// The same, with or without a grant of files.
    pub(crate) fn granted<T>(
        &self,
        network: Network,
        has_grants: bool,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Left>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        let mut wall = self.wall(network);
        if !has_grants {
            wall.openings = Arc::new([]);
        }
        run(wall, Duration::from_secs(60), work)
    }

    pub(crate) fn limited<T>(
        &self,
        network: Network,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Left>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        run(self.wall(network), limit, work)
    }

    /// What the system answers to something that is tried with a path: an error's number, or nothing.
    #[track_caller]
    pub(crate) fn answers(
        &self,
        path: &str,
        expected: Option<i32>,
        act: fn(&Path) -> io::Result<()>,
    ) {
        let target = self.path(path);
        let answer = self.behind(Network::None, move || act(&target).err().map(error_number));
        assert_eq!(answer.expect("it ends by itself"), expected, "{path}");
    }

    #[track_caller]
    pub(crate) fn canaries_live(&self) {
        for path in ["canary", "beside/canary", "read/file", "read/below/file"] {
            let text = fs::read_to_string(self.path(path)).expect("it is there");
            assert_eq!(text, canaries::CANARY);
        }
        assert!(!self.path("new").exists());
    }
}

/// Runs native code behind a wall.
fn run<T>(wall: Wall, limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Left>
where
    T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let job = Job {
        name: "native",
        wall,
        files: Vec::new(),
        streams: true,
        limit,
        slow: &mut || {},
        walled: &mut |report: &WallReport| {
            assert_eq!(report.gaps(), None);
            assert!(report.landlock_abi >= 3, "{report:?}");
            assert_eq!(report.seccomp, Part::Stands);
        },
        may_run_ahead: true,
        notes: &mut |_: Vec<()>| Ok(()),
    };
    run_worker(job, move |_: &Channel<()>, _| work())
}

/// The number of an error of the system's.
pub(crate) fn error_number(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or_else(|| panic!("not the system's: {error}"))
}
