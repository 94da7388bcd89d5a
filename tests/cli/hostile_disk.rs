//! What a plugin uses up of the disk, and of the host's memory by listing it: each ends at its ceiling, with
//! the exit code that is its own.

#![cfg(unix)]

use std::time::Duration;

use crate::harness::{Project, guests};
use crate::hostile_files::{project, unharmed};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

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
