//! What a plugin tries to reach with files, and may not: each case ends in time, with the exit code that
//! is its own, and leaves what is outside as it was.

#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::harness::{Ended, Project, guests};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const CANARY: &str = "the canary, which nobody touches: secret\n";

/// A project with a directory `in` to grant, and canaries outside of it, in the workspace and beside.
fn project() -> Project {
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
fn unharmed(project: &Project) {
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

/// The host swaps a directory for a link, and a file for a link, as fast as it can.
fn race(seconds: u64) {
    let project = project().guest(guests::RACE).file("in/real/file.txt", "own");
    let (place, aside) = (project.path("in/place"), project.path("in/aside"));
    std::fs::rename(project.path("in/real"), &place).expect("moved");
    let outside = project.beside_path("outside/directory");
    std::fs::write(outside.join("file.txt"), CANARY).expect("written");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let link = project.path("in/link");
            while !over.load(Ordering::Relaxed) {
                // The place is the directory, nothing, and a link to what is outside, in turns.
                std::fs::rename(&place, &aside).expect("moved");
                symlink(&outside, &link).expect("a link");
                std::fs::rename(&link, &place).expect("moved");
                std::fs::remove_file(&place).expect("removed");
                symlink("../../outside/directory", &place).expect("a link");
                std::fs::remove_file(&place).expect("removed");
                std::fs::rename(&aside, &place).expect("moved");
            }
        });
        let seconds = seconds.to_string();
        let ended =
            project.call(["race", "/in/place", "--seconds", &seconds, "--allow-write=in"]).exits(0);
        over.store(true, Ordering::Relaxed);
        assert_eq!(ended.stdout(), "held\n");
    });
    assert_eq!(std::fs::read_to_string(outside.join("file.txt")).expect("there"), CANARY);
    std::fs::remove_file(outside.join("file.txt")).expect("removed");
    unharmed(&project);
}

#[test]
fn a_link_that_comes_and_goes_lets_nothing_out() {
    race(3);
}

#[test]
#[ignore = "it takes a minute"]
fn nor_within_a_minute() {
    race(60);
}

/// A guest that fills the disk.
fn fill(project: &Project, way: &str, options: &[&str], code: i32) -> String {
    let call = project.call(["fill", way, "/in"]).with(["--allow-write=in"]);
    let ended = call.with(options.iter().copied()).exits(code).in_time(SOON);
    unharmed(project);
    ended.stderr()
}

#[test]
fn what_is_written_ends_at_the_disk_limit() {
    for (way, limit, written) in [
        ("write", "1MiB", 1 << 20),
        ("append", "1MiB", 1 << 20),
        ("sparse", "1MiB", 0),
        ("gap", "1MiB", 0),
    ] {
        let project = project().guest(guests::FILL);
        let stderr = fill(&project, way, &["--disk-limit", limit], 153);
        assert!(
            stderr.contains("× fill: writes more than the 1.0 MiB to files allowed"),
            "{stderr}"
        );
        assert!(stderr.contains("`--disk-limit` or `limits.disk` in the"), "{stderr}");
        assert_eq!(project.path("in/big").metadata().expect("there").len(), written, "{way}");
    }
    let project = project().guest(guests::FILL);
    fill(&project, "write", &["--disk-limit=1MiB", "--times=16"], 0);
    // A terabyte is more than is allowed without a word.
    for way in ["sparse", "gap"] {
        let stderr = fill(&project, way, &[], 153);
        assert!(stderr.contains("writes more than the 4.0 GiB to files allowed"), "{stderr}");
    }
}

#[test]
fn what_is_created_ends_at_the_file_limit() {
    for way in ["files", "directories", "links"] {
        let project = project().guest(guests::FILL);
        let before = std::fs::read_dir(project.path("in")).expect("there").count();
        let stderr = fill(&project, way, &["--file-limit=50"], 153);
        assert!(
            stderr.contains("× fill: creates more than the 50 files and directories allowed"),
            "{stderr}"
        );
        assert!(stderr.contains("`--file-limit` or `limits.files` in the"), "{stderr}");
        let after = std::fs::read_dir(project.path("in")).expect("there").count();
        assert_eq!(after - before, 50);
        let json = project.call(["fill", way, "/in/sub", "--allow-write=in", "--file-limit=5"]);
        let json = json.with(["--format=json"]).exits(153);
        assert_eq!(json.json_lines()[0]["error"]["outcome"], "file-limit");
    }
}

#[test]
fn a_million_files_end_early() {
    let project = project().guest(guests::FILL);
    let stderr = fill(&project, "files", &["--times=1000000", "--file-limit=5000"], 153);
    assert!(stderr.contains("creates more than the 5000 files"), "{stderr}");
}

#[test]
#[ignore = "it makes a hundred thousand files"]
fn a_million_files_end_at_the_default() {
    let project = project().guest(guests::FILL);
    let stderr = fill(&project, "files", &["--times=1000000"], 153);
    assert!(stderr.contains("creates more than the 100000 files"), "{stderr}");
}

#[test]
fn the_configuration_sets_the_ceilings_of_the_disk() {
    let project =
        project().guest(guests::FILL).file("taskrunner.yaml", "limits: {disk: 1MiB, files: 7}");
    assert!(fill(&project, "write", &[], 153).contains("more than the 1.0 MiB"));
    assert!(fill(&project, "files", &[], 153).contains("more than the 7 files"));
    let flags = ["--file-limit=9", "--disk-limit=2MiB"];
    assert!(fill(&project, "write", &flags, 153).contains("more than the 2.0 MiB"));
    std::fs::remove_dir_all(project.path("in")).expect("removed");
    let project = project.directory("in");
    assert!(fill(&project, "files", &flags, 153).contains("more than the 9 files"));
}

#[test]
fn a_thousand_listings_of_a_large_directory_are_cheap() {
    let project = project().guest(guests::FILL);
    for number in 0..200_000 {
        std::fs::hard_link(project.path("in/own.txt"), project.path(format!("sub/{number}")))
            .or_else(|_| std::fs::write(project.path(format!("sub/{number}")), ""))
            .expect("made");
    }
    let options = ["--times=1000", "--allow-read=sub"];
    let ended = project.call(["fill", "listings", "/sub"]).with(options).succeeds();
    // wasmtime-wasi's own way takes 28 MiB for each.
    ended.in_time(SOON).in_memory(512 << 20).prints("1000 times\n");
}
