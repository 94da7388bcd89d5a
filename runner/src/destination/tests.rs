//! Paths that lead where somebody else wants it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

struct World {
    root: PathBuf,
    _directory: tempfile::TempDir,
}

impl World {
    /// A clone `clone` with a workspace `ws` in it, and the user's own files beside it.
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        for made in ["clone/.git", "clone/ws/logs", "clone/other", "mine/deep"] {
            fs::create_dir_all(root.join(made)).expect("made");
        }
        fs::write(root.join("mine/file"), "mine\n").expect("written");
        Self { root, _directory: directory }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn link(&self, target: &str, link: &str) {
        symlink(target, self.path(link)).expect("a link");
    }

    fn territory(&self) -> Territory {
        let workspace = self.path("clone/ws");
        Territory::new([&workspace, &workspace], Some(&self.path("mine")))
    }

    /// Appends a line and replaces the file, and says why not.
    fn write(&self, path: &str) -> Result<(), DestinationError> {
        use std::io::Write;

        let territory = self.territory();
        let found = Destination::find(&self.path(path), &territory)?;
        let mut file = found.append(&territory)?;
        file.write_all(b"appended\n").expect("it takes it");
        found.replace(b"replaced")
    }

    fn is_refused(&self, path: &str) -> bool {
        let refused = matches!(
            self.write(path),
            Err(DestinationError::Link { .. }
                | DestinationError::Kind { .. }
                | DestinationError::HardLink { .. })
        );
        let mine = fs::read_to_string(self.path("mine/file")).expect("it is there");
        assert_eq!(mine, "mine\n", "{path}");
        assert_eq!(fs::read_dir(self.path("mine/deep")).expect("listed").count(), 0, "{path}");
        refused
    }
}

#[test]
fn no_link_of_a_clone_is_followed() {
    let world = World::new();
    world.link("../../mine/file", "clone/ws/last");
    world.link("../../mine/none", "clone/ws/dangling");
    world.link("/dev/null", "clone/ws/device");
    world.link("../../mine/deep", "clone/ws/directory");
    world.link("logs", "clone/ws/inside");
    world.link("last", "clone/ws/chain");
    world.link("../mine/file", "clone/beside");
    world.link("../../../mine/file", "clone/ws/logs/last");
    for path in [
        "clone/ws/last",
        "clone/ws/dangling",
        "clone/ws/device",
        "clone/ws/directory/new",
        "clone/ws/inside/new",
        "clone/ws/chain",
        "clone/ws/../beside",
        "clone/ws/logs/last",
        "clone/ws/logs/../last",
        "mine/../clone/ws/last",
        "clone/ws/",
        "clone/ws/logs",
    ] {
        assert!(world.is_refused(path), "{path}");
    }
    assert!(!world.path("mine/none").exists());
    assert!(world.write("clone/ws/logs/new").is_ok());
    let text = fs::read_to_string(world.path("clone/ws/logs/new")).expect("it is there");
    assert_eq!(text, "replaced");
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(world.path("clone/ws/logs")).expect("listed").count(), 2);
}

#[test]
fn links_of_the_user_are_followed_and_those_into_a_clone_lead_no_further() {
    let world = World::new();
    world.link("deep", "mine/link");
    assert!(world.write("mine/link/file").is_ok());
    assert!(world.path("mine/deep/file").is_file());
    fs::remove_file(world.path("mine/deep/file")).expect("it was there");
    world.link("../clone/ws", "mine/project");
    world.link("../../mine/file", "clone/ws/audit");
    assert!(world.is_refused("mine/project/audit"));
    world.link("b", "mine/a");
    world.link("a", "mine/b");
    assert!(matches!(world.write("mine/a"), Err(DestinationError::Io { .. })));
}

#[test]
fn another_name_of_a_file_in_a_clone_is_not_written() {
    let world = World::new();
    fs::hard_link(world.path("mine/file"), world.path("clone/ws/hard")).expect("a link");
    assert!(world.is_refused("clone/ws/hard"));
}

#[test]
fn a_link_that_comes_and_goes_leads_nowhere() {
    let world = World::new();
    let (territory, path) = (world.territory(), world.path("clone/ws/audit"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = symlink("../../mine/file", &path);
                let _ = fs::remove_file(&path);
                let _ = symlink("../../mine/none", &path);
                let _ = fs::remove_file(&path);
            }
        });
        for _ in 0..20_000 {
            if let Ok(found) = Destination::find(&path, &territory) {
                if let Ok(mut file) = found.append(&territory) {
                    let _ = std::io::Write::write_all(&mut file, b"x");
                }
                let _ = found.replace(b"y");
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(fs::read_to_string(world.path("mine/file")).expect("it is there"), "mine\n");
    assert!(!world.path("mine/none").exists());
}

#[test]
fn devices_are_written_where_the_user_names_them() {
    let world = World::new();
    let territory = world.territory();
    for path in ["/dev/null", "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"] {
        let found = Destination::find(Path::new(path), &territory);
        let found = found.unwrap_or_else(|error| panic!("{path}: {error}"));
        // What the tests' standard error is, is not theirs to say.
        if path == "/dev/null" {
            found.append(&territory).expect("it can be opened");
            found.replace(b"x").expect("it takes all");
        }
    }
    rustix::fs::mknodat(
        rustix::fs::CWD,
        world.path("clone/ws/fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .expect("a FIFO");
    let fifo = world.path("clone/ws/fifo");
    let refused = Destination::find_record(&fifo, &territory);
    assert!(matches!(refused, Err(DestinationError::Kind { .. })), "{refused:?}");
    // What is no record may go into a pipe that the user has made there.
    assert!(Destination::find(&fifo, &territory).is_ok());
}

#[test]
fn a_private_file_is_its_owners_alone_and_another_keeps_its_mode() {
    let world = World::new();
    let territory = world.territory();
    let path = world.path("clone/ws/file");
    fs::write(&path, "x").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is mine");
    let mode = || fs::metadata(&path).expect("it is there").mode() & 0o777;
    let found = Destination::find(&path, &territory).expect("a file");
    found.replace(b"y").expect("written");
    assert_eq!(mode(), 0o755);
    found.replace_private(b"z").expect("written");
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_directory_is_made_where_no_link_stands() {
    let world = World::new();
    world.link("../../mine/deep", "clone/ws/new");
    assert!(make_directory(&world.path("clone/ws/new/a")).is_err());
    assert!(make_directory(&world.path("mine/file/a")).is_err());
    assert_eq!(fs::read_dir(world.path("mine/deep")).expect("listed").count(), 0);
    for _ in 0..2 {
        make_directory(&world.path("clone/ws/a/b/c")).expect("made");
    }
    assert!(world.path("clone/ws/a/b/c").is_dir());
}

#[test]
fn a_directory_is_not_reached_through_a_link_of_a_clone() {
    let world = World::new();
    world.link("../../mine/deep", "clone/ws/new");
    let territory = world.territory();
    let found = |path: &str| Destination::directory(&world.path(path), &territory);
    assert!(matches!(found("clone/ws/new"), Err(DestinationError::Link { .. })));
    assert!(matches!(found("clone/ws/new/a/b"), Err(DestinationError::Link { .. })));
    assert_eq!(found("clone/ws/a/b").ok(), Some(world.path("clone/ws/a/b")));
    assert_eq!(found("clone/ws/logs").ok(), Some(world.path("clone/ws/logs")));
}
