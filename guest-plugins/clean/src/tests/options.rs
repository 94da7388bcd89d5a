//! `--dry-run`, `--kind`, `--keep` and `--older-than`.

use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime};

use super::workspace::{Workspace, globs, options};
use crate::kinds::KindSet;
use crate::options::Options;

const PROJECTS: [&str; 5] = [
    "Cargo.toml",
    "target/debug/app",
    "web/package.json",
    "web/node_modules/a/x",
    "web/node_modules/b/y",
];

#[test]
fn a_dry_run_removes_nothing() {
    let workspace = Workspace::with(&PROJECTS);
    assert_eq!(workspace.found(options()), ["target/", "web/node_modules/"]);
    PROJECTS.iter().for_each(|file| assert!(workspace.has(file), "{file}"));
}

#[test]
fn only_the_named_kinds_are_cleaned() {
    let workspace = Workspace::with(&PROJECTS);
    let named = |names: &[&str]| Options { kinds: KindSet::named(names), ..options() };
    assert_eq!(workspace.found(named(&["node"])), ["web/node_modules/"]);
    assert_eq!(workspace.found(named(&["node", "cargo"])), ["target/", "web/node_modules/"]);
    assert_eq!(workspace.found(named(&["zig"])), [""; 0]);
}

#[test]
fn what_is_to_be_kept_is_kept() {
    let keep = |keep: &[&str]| Options { keep: globs(keep), ..options() };
    for (glob, found) in [
        ("target", &["web/node_modules/"][..]),
        ("**/node_modules", &["target/"]),
        ("web", &["target/"]),
        ("web/**", &["target/"]),
        ("*", &[]),
        ("node_modules", &["target/", "web/node_modules/"]),
    ] {
        assert_eq!(Workspace::with(&PROJECTS).found(keep(&[glob])), found, "{glob}");
    }
    let workspace = Workspace::with(&PROJECTS);
    let ran = workspace.run(&keep(&["target/debug/app", "web/node_modules/a"]));
    assert_eq!(ran.out.matches("(stays: 1 by --keep)").count(), 1, "{}", ran.out);
    assert!(workspace.has("target/debug/app") && workspace.has("web/node_modules/a/x"));
    assert!(!workspace.has("web/node_modules/b"));
}

#[test]
fn what_was_changed_since_is_left_alone() {
    let workspace = Workspace::with(&PROJECTS);
    let now = SystemTime::now();
    let before = |seconds| now - Duration::from_secs(seconds);
    let age = |path: &str, seconds| {
        let file = File::open(workspace.path(path)).expect("a file");
        file.set_times(FileTimes::new().set_modified(before(seconds))).expect("times");
    };
    for path in ["target/debug/app", "target/debug", "target"] {
        age(path, 1000);
    }
    // One file that is newer than the rest is enough.
    for path in
        ["web/node_modules/b/y", "web/node_modules/b", "web/node_modules/a", "web/node_modules"]
    {
        age(path, 1000);
    }
    let older = |seconds| Options { cutoff: Some(before(seconds)), ..options() };
    assert_eq!(workspace.found(older(900)), ["target/"]);
    assert_eq!(workspace.found(older(1100)), [""; 0]);
    workspace.run(&older(900)).result.expect("success");
    assert!(!workspace.has("target") && workspace.has("web/node_modules/b/y"));
}
