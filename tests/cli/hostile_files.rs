//! What a plugin tries to reach with files, and may not: each case ends in time, with the exit code that
//! is its own, and leaves what is outside as it was.

#![cfg(unix)]

use std::os::unix::fs::MetadataExt;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{Ended, Project, guests};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const CANARY: &str = "the canary, which nobody touches: secret\n";

/// A project with a directory `in` to grant, and canaries outside of it, in the workspace and beside.
pub(crate) fn project() -> Project {
    Project::new()
        .guest(guests::PROBE)
        .file("taskrunner.yaml", "")
        .file("canary.txt", CANARY)
        .file("own.txt", "own")
        .file("in/own.txt", "own")
        .directory("in/sub")
        .directory("sub")
        .beside("canary.txt", CANARY)
        .beside("outside/canary.txt", CANARY)
        .beside("outside/directory/canary.txt", CANARY)
}

/// The canaries are as they were, and nothing new is beside them.
pub(crate) fn unharmed(project: &Project) {
    for path in
        ["workspace/canary.txt", "canary.txt", "outside/canary.txt", "outside/directory/canary.txt"]
    {
        let path = project.beside_path(path);
        let metadata = path.metadata().expect("it is there");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), CANARY);
        assert!(metadata.mode() & 0o777 != 0 && metadata.nlink() <= 2, "{}", path.display());
    }
    let outside = |path: &str| {
        let mut names: Vec<_> = std::fs::read_dir(project.beside_path(path))
            .expect("it is there")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(outside("outside"), ["canary.txt", "directory"]);
    assert_eq!(outside("outside/directory"), ["canary.txt"]);
}

/// What each operation comes to on some paths.
fn probe<'p>(project: &'p Project, within: &str, paths: &[&str], options: &[&str]) -> Ended<'p> {
    let mut call = project.call(["probe", within]);
    for path in paths {
        call = call.with(["--path", path]);
    }
    let ended = call.with(options.iter().copied()).succeeds().in_time(SOON);
    unharmed(project);
    ended
}

#[test]
fn no_operation_accepts_a_path_that_leads_nowhere_or_out() {
    // A link to something inside that need not be there is none of these.
    let link = "symlink-to \"own.txt/\": ok\n";
    for (within, options, allowed) in [
        ("/", &["--allow-read=."][..], ""),
        ("/", &["--allow-write=."], link),
        ("in", &["--allow-read=in"], ""),
        ("in", &["--allow-write=in"], link),
        ("in", &["--allow-write=."], "symlink-to \"..\": ok\n"),
        ("in/sub", &["--allow-write=in"], "symlink-to \"..\": ok\n"),
    ] {
        let project = project();
        if within == "in/sub" {
            std::fs::write(project.path("in/sub/own.txt"), "own").expect("written");
        }
        std::fs::create_dir_all(project.path("in/sub/sub")).expect("made");
        let before = project.files();
        let ended = project.call(["probe", within]).with(options.iter().copied()).succeeds();
        assert_eq!(ended.stdout(), format!("{allowed}tried 528\n"), "{within} {options:?}");
        unharmed(&project);
        let mut after = project.files();
        after.retain(|path| !path.ends_with("link"));
        assert_eq!(after, before, "{within} {options:?}");
        assert_eq!(project.text("in/own.txt"), "own");
    }
}

#[test]
fn nothing_at_all_is_reached_without_a_grant() {
    let project = project();
    let paths = ["own.txt", "in", "in/own.txt", "new.txt", "etc/passwd", "canary.txt/x"];
    let ended = probe(&project, "/", &paths, &[]);
    for line in ended.stdout().lines() {
        let refused = line.ends_with(": access") || line.starts_with("link-follow ");
        // A link's own text is looked at only where the link may be.
        assert!(refused, "{line}");
    }
    assert_eq!(ended.stdout().lines().count(), 24 * paths.len());
}

#[test]
fn what_may_be_read_is_held_against_every_change() {
    let project = project();
    std::fs::create_dir(project.path("in/empty")).expect("made");
    let before = project.path("in/own.txt").metadata().expect("there");
    let ended = probe(&project, "in", &["own.txt", "new.txt", "empty"], &["--allow-read=in"]);
    insta::assert_snapshot!(ended.stdout());
    let after = project.path("in/own.txt").metadata().expect("there");
    assert_eq!((before.mtime_nsec(), before.nlink()), (after.mtime_nsec(), after.nlink()));
    assert_eq!(project.text("in/own.txt"), "own");
    assert!(project.path("in/empty").is_dir());
    assert_eq!(std::fs::read_dir(project.path("in")).expect("there").count(), 3);
}

#[test]
fn what_is_not_granted_is_denied_beside_what_is() {
    let project = project().link("in/up", "../canary.txt").link("in/far", "/etc/passwd");
    for path in ["canary.txt", "sub", "new.txt", "in/up", "in/far", "etc/passwd"] {
        let ended = probe(&project, "/", &[path], &["--allow-write=in", "--own=own.txt"]);
        for line in ended.stdout().lines().filter(|line| line.ends_with(": ok")) {
            // The links themselves are inside: they can be looked at, removed and made.
            assert!(path.starts_with("in/"), "{line}");
        }
    }
}

#[test]
fn links_are_followed_inside_only() {
    let project = project()
        .link("in/near", "own.txt")
        .link("in/round", "sub/../near")
        .link("in/out", "../canary.txt")
        .link("in/chain", "out")
        .link("in/loop", "loop")
        .link("in/absolute", project().path("in/own.txt"))
        .link("in/dangling", "nowhere")
        .link("in/directory", "../../outside");
    let paths = ["near", "round", "out", "chain", "loop", "absolute", "dangling"];
    for only in ["open", "open-nofollow", "stat", "readlink", "open-write", "set-times"] {
        let ended = probe(&project, "in", &paths, &["--allow-write=in", "--only", only]);
        insta::assert_snapshot!(format!("links_{only}"), ended.stdout());
    }
    for only in ["open", "stat", "open-create", "unlink", "mkdir", "symlink-at"] {
        for path in ["directory/canary.txt", "directory/new", "directory/"] {
            let ended = probe(&project, "in", &[path], &["--allow-write=in", "--only", only]);
            assert!(!ended.stdout().ends_with(": ok\n"), "{ended}");
        }
    }
}

#[test]
fn a_file_with_another_name_is_not_written() {
    let project = project();
    std::fs::hard_link(project.beside_path("outside/canary.txt"), project.path("in/hard.txt"))
        .expect("a link");
    let ended = probe(&project, "in", &["hard.txt"], &["--allow-write=in"]);
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn what_is_no_file_is_not_opened() {
    let project = project();
    let fifo = std::process::Command::new("mkfifo").arg(project.path("in/fifo")).status();
    assert!(fifo.expect("mkfifo runs").success());
    let _socket =
        std::os::unix::net::UnixListener::bind(project.path("in/socket")).expect("a socket");
    for path in ["fifo", "socket"] {
        let ended = probe(&project, "in", &[path], &["--allow-write=in", "--only=open"]);
        assert_eq!(ended.stdout(), format!("open {path:?}: not-permitted\n"));
        for only in ["open-write", "open-create", "open-truncate", "set-times", "link-from"] {
            let ended = probe(&project, "in", &[path], &["--allow-write=in", "--only", only]);
            assert_eq!(ended.stdout(), format!("{only} {path:?}: not-permitted\n"));
        }
    }
}

/// Only root can make one.
#[cfg(target_os = "linux")]
#[test]
fn nor_is_a_device() {
    let project = project();
    let made = std::process::Command::new("mknod")
        .arg(project.path("in/null"))
        .args(["c", "1", "3"])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    for only in ["open", "open-write", "set-times"] {
        let ended = probe(&project, "in", &["null"], &["--allow-write=in", "--only", only]);
        assert_eq!(ended.stdout(), format!("{only} \"null\": not-permitted\n"));
    }
}

/// Ends the other side of a race, also where this side fails.
#[cfg(target_os = "linux")]
struct End<'a>(&'a AtomicBool);

#[cfg(target_os = "linux")]
impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The host exchanges a directory and links that lead out, as fast as it can.
#[cfg(target_os = "linux")]
fn race(seconds: u64) {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let project = project()
        .guest(guests::RACE)
        .file("in/place/file.txt", "own")
        .link("in/far", "../../outside/directory");
    let place = project.path("in/place");
    let outside = project.beside_path("outside/directory");
    std::fs::write(outside.join("file.txt"), CANARY).expect("written");
    let project = project.link("in/absolute", &outside);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for link in ["in/far", "in/absolute"] {
                    for _ in 0..2 {
                        let link = project.path(link);
                        renameat_with(CWD, &place, CWD, link, RenameFlags::EXCHANGE)
                            .expect("exchanged");
                    }
                }
            }
        });
        let _end = End(&over);
        let seconds = seconds.to_string();
        let ended =
            project.call(["race", "/in/place", "--seconds", &seconds, "--allow-write=in"]).exits(0);
        assert_eq!(ended.stdout(), "held\n");
    });
    assert_eq!(std::fs::read_to_string(outside.join("file.txt")).expect("there"), CANARY);
    std::fs::remove_file(outside.join("file.txt")).expect("removed");
    unharmed(&project);
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_comes_and_goes_lets_nothing_out() {
    race(3);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "it takes a minute"]
fn nor_within_a_minute() {
    race(60);
}

/// The host exchanges a file and another name of one outside: whichever it was when it was looked at, the one
/// that is opened decides.
#[cfg(target_os = "linux")]
#[test]
fn nor_does_another_name_that_comes_and_goes() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let project = project().guest(guests::RACE).file("in/place/file.txt", "own");
    let outside = project.beside_path("outside/directory/file.txt");
    std::fs::write(&outside, "outside").expect("written");
    let (place, hard) = (project.path("in/place/file.txt"), project.path("in/hard.txt"));
    std::fs::hard_link(&outside, &hard).expect("a link");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // The guest moves its file away for moments.
                let _ = renameat_with(CWD, &place, CWD, &hard, RenameFlags::EXCHANGE);
            }
        });
        let _end = End(&over);
        let call = project.call(["race", "/in/place", "--seconds=3", "--allow-write=in"]);
        let _ = call.exits(0).in_time(SOON);
    });
    assert_eq!(std::fs::read_to_string(&outside).expect("there"), "outside");
    assert_eq!(outside.metadata().expect("there").nlink(), 2);
    std::fs::remove_file(outside).expect("removed");
    unharmed(&project);
}
