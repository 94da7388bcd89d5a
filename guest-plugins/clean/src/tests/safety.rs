//! Links, deep trees, and what fails.

use std::fs;
use std::process::Command;

use super::workspace::{Workspace, options};
use crate::clean::clean;
use crate::options::Options;

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    let elsewhere = Workspace::with(&["precious/file", "debug/file", "build/file"]);
    let workspace =
        Workspace::with(&["Cargo.toml", "sub/Cargo.toml", "sub/target/x", "app/package.json"]);
    workspace.link("target", elsewhere.path(""));
    workspace.link("sub/target/out", elsewhere.path("precious"));
    workspace.link("sub/target/nowhere", "no-such-file");
    workspace.link("app/android", elsewhere.path(""));
    workspace.link("up", workspace.path(""));
    let ran = workspace.clean();
    ran.result.as_ref().expect("success");
    assert_eq!(ran.paths(), ["sub/target/"]);
    assert!(
        workspace.has("target") && workspace.has("app/android") && !workspace.has("sub/target")
    );
    for file in ["precious/file", "debug/file", "build/file"] {
        assert!(elsewhere.has(file), "{file}");
    }
}

/// Puts `path` into so many directories. By the thousand, for no system takes so long a path.
fn bury(workspace: &Workspace, path: &str, thousands: usize) {
    for _ in 0..thousands {
        let deep = format!("wrap{}", "/d".repeat(1000));
        fs::create_dir_all(workspace.path(&deep)).expect("directories");
        fs::rename(workspace.path(path), workspace.path(&deep)).expect("renamed");
        fs::rename(workspace.path("wrap"), workspace.path(path)).expect("renamed");
    }
}

/// Removes what [`bury`] made and the command cannot.
fn unearth(workspace: &Workspace, path: &str) {
    let status = Command::new("rm").arg("-rf").arg(workspace.path(path)).status().expect("rm");
    assert!(status.success());
}

#[test]
fn a_deep_tree_is_removed() {
    let workspace = Workspace::with(&["Cargo.toml", "target/x"]);
    bury(&workspace, "target", 1);
    workspace.clean().result.expect("success");
    assert!(!workspace.has("target"));
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let workspace = Workspace::with(&["Cargo.toml", "target/x", "sub/Cargo.toml", "sub/target/y"]);
    // Deeper than the system's paths are long.
    bury(&workspace, "target", 3);
    workspace.add("target/beside");
    let ran = workspace.clean();
    let failure = ran.result.as_ref().expect_err("too deep");
    assert_eq!(failure.message(), "1 of 2 artifacts could not be removed completely");
    assert!(ran.out.contains("  target/  (stays: 1 that failed)\n"), "{}", ran.out);
    assert!(ran.out.contains("  sub/target/\n"), "{}", ran.out);
    assert!(!workspace.has("sub/target") && !workspace.has("target/beside"));
    unearth(&workspace, "target");
}

#[test]
fn a_deep_tree_is_walked() {
    let workspace = Workspace::with(&["a/x", "z/Cargo.toml", "z/target/x"]);
    bury(&workspace, "a", 3);
    assert_eq!(workspace.found(options()), ["z/target/"]);
    unearth(&workspace, "a");
}

#[test]
fn an_empty_artifact_is_removed_too() {
    let workspace = Workspace::with(&["Cargo.toml", "target/"]);
    assert_eq!(workspace.run(&Options { dry_run: true, ..options() }).paths(), ["target/"]);
    assert_eq!(workspace.clean().paths(), ["target/"]);
    assert!(!workspace.has("target"));
}

#[test]
fn a_workspace_that_cannot_be_read_is_a_failure() {
    let gone = Workspace::with(&[]).path("gone");
    let failure =
        clean(&gone, &options(), Vec::new(), &mut |_, _, _| {}).expect_err("no workspace");
    assert!(failure.message().starts_with("cannot read the workspace: "), "{}", failure.message());
}
