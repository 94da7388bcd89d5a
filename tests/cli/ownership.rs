//! Whose the directories are in which decisions, code and settings are kept: nothing is believed in a place where another
//! user, or the workspace, can have put something.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::harness::{Call, Project, guests};

/// Grants a variable, which takes trust.
const GRANTS: &str = "permissions:\n  greedy:\n    env: [SECRET]\n";

fn project() -> Project {
    let project = Project::new().guest(guests::GREEDY).file("taskrunner.yaml", GRANTS);
    project.call(["trust", "--yes"]).succeeds();
    project
}

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush")
}

#[track_caller]
fn is_believed(project: &Project) {
    let _ = greedy(project).exits(1).printing("variable: true");
}

/// With the directory that is to blame, and what mends it.
#[track_caller]
fn is_not_believed(project: &Project, why: &str) {
    let _ = greedy(project).exits(1).printing("variable: false").reporting(why);
}

/// A path as messages show it.
fn masked(project: &Project, path: &Path) -> String {
    project.masked(path.to_str().expect("Unicode").trim_end_matches('/'))
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is mine");
}

/// The state directory and those above it, as far as they are the test's.
fn way(project: &Project) -> Vec<PathBuf> {
    ["state/taskrunner/trust", "state/taskrunner", "state", ""]
        .map(|path| project.beside_path(path))
        .to_vec()
}

#[test]
fn a_directory_that_a_group_can_write_is_named_with_what_mends_it() {
    let project = project();
    for path in way(&project) {
        let before = mode(&path);
        for more in [0o020, 0o002, 0o022] {
            set_mode(&path, before | more);
            is_not_believed(&project, &format!("chmod go-w {}`", masked(&project, &path)));
            set_mode(&path, before);
            is_believed(&project);
        }
    }
    // Where only owners move things, others may make some.
    let root = project.beside_path("");
    set_mode(&root, 0o1777);
    is_believed(&project);
}

/// Only root can give directories away; the test says nothing where it does not run as root.
#[test]
fn a_directory_of_another_users_is_named() {
    let project = project();
    for path in way(&project) {
        if chown(&path, Some(12345), None).is_err() {
            return;
        }
        let (named, owned) = (masked(&project, &path), "belongs to somebody else");
        let ended = greedy(&project).exits(1).printing("variable: false");
        let said = ended.stderr();
        assert!(
            said.contains(&format!("`{named}`: it {owned}"))
                || said.contains(&format!("another user owns `{named}`")),
            "{said}"
        );
        chown(&path, Some(0), None).expect("root may");
        is_believed(&project);
    }
}

/// What is moved into the place of a directory is not what was there, though it belongs to the same user.
#[test]
fn nothing_that_was_put_in_the_place_of_the_state_is_believed() {
    let project = project();
    project.call(["trust", "--revoke"]).succeeds();
    // The record that somebody else has made for this very workspace.
    let forged = project.beside_path("outside/forged");
    project.call(["trust", "--yes"]).env("XDG_STATE_HOME", &forged).succeeds();
    let shared = project.beside_path("outside/shared");
    fs::create_dir(&shared).expect("made");
    fs::rename(&forged, shared.join("state")).expect("moved");
    set_mode(&shared, 0o775);
    let call = greedy(&project).env("XDG_STATE_HOME", shared.join("state"));
    let _ = call.exits(1).printing("variable: false").reporting("chmod go-w");
    // By way of a link that leads there.
    let link = project.beside_path("outside/link");
    symlink(&shared, &link).expect("a link");
    let call = greedy(&project).env("XDG_STATE_HOME", link.join("state"));
    let _ = call.exits(1).printing("variable: false").reporting("chmod go-w");
    set_mode(&shared, 0o755);
    let call = greedy(&project).env("XDG_STATE_HOME", link.join("state"));
    let _ = call.exits(1).printing("variable: true");
}

/// A CI job that keeps everything in the checkout, since its cache takes nothing else.
#[test]
fn a_clone_does_not_bring_its_own_trust() {
    let project = project();
    copy(&project.beside_path("state"), &project.path(".ci/state"));
    copy(&project.beside_path("state"), &project.path(".home/.local/state"));
    project.call(["trust", "--revoke"]).succeeds();
    symlink(project.path(".ci"), project.beside_path("outside/link")).expect("a link");
    let elsewhere = project.beside_path("outside/link/state");
    let home = project.path(".home");
    for (variable, value, empty) in [
        ("XDG_STATE_HOME", project.path(".ci/state"), "XDG_UNUSED"),
        ("XDG_STATE_HOME", project.path("sub/../.ci/state"), "XDG_UNUSED"),
        ("XDG_STATE_HOME", elsewhere, "XDG_UNUSED"),
        ("HOME", home, "XDG_STATE_HOME"),
    ] {
        fs::create_dir_all(project.path("sub")).expect("made");
        let call = greedy(&project).env(empty, "").env(variable, &value);
        let ended = call.exits(1).printing("variable: false");
        let said = ended.stderr();
        assert!(said.contains("nothing is believed that is in"), "{said}");
        let names_both =
            said.contains("the workspace `[WORKSPACE]`") && said.contains("state/taskrunner`");
        assert!(names_both && said.contains("XDG_STATE_HOME"), "{said}");
    }
    // Nothing is kept there, either.
    let state = project.path(".ci/state");
    let call = project.call(["trust", "--yes"]).env("XDG_STATE_HOME", &state);
    call.exits(125).reporting("is inside the workspace");
    let answers = ["permissions", "grant", "greedy", "--allow-env=SECRET"];
    let call = project.call(answers).env("XDG_STATE_HOME", &state);
    call.exits(125).reporting("is inside the workspace");
    // From a directory below it is the same workspace.
    let call = greedy(&project).within("sub").env("XDG_STATE_HOME", &state);
    let _ = call.exits(1).printing("variable: false").reporting("nothing is believed");
}

#[test]
fn nor_its_own_cache_or_plugins() {
    let project = Project::new()
        .guest(guests::GREEDY)
        .file(".ci/data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    let cache = project.path(".ci/cache");
    let call = project.call(["greedy"]).env("XDG_CACHE_HOME", &cache);
    let _ = call.exits(1).reporting("nothing is believed that is in");
    assert!(!cache.exists(), "nothing is kept there");
    // Those plugins are the workspace's.
    let call =
        project.call(["list", "--format=json"]).env("XDG_DATA_HOME", project.path(".ci/data"));
    let json = call.succeeds().json();
    let commands = json["commands"].as_array().expect("a list");
    let hello = commands.iter().find(|command| command["name"] == "hello").expect("it is there");
    assert_eq!(hello["origin"], "workspace");
    // What is outside is said nothing of.
    project.call(["list"]).succeeds().without("nothing is believed");
}

#[test]
fn the_users_configuration_is_the_users_alone() {
    let grants = "permissions: {greedy: {env: [SECRET]}}\n";
    let project = Project::new()
        .guest(guests::GREEDY)
        .beside("config/taskrunner/config.yaml", grants)
        .file(".ci/config/taskrunner/config.yaml", grants);
    is_believed(&project);
    let file = project.beside_path("config/taskrunner/config.yaml");
    let directory = project.beside_path("config");
    for (path, more) in [(&file, 0o020), (&file, 0o002), (&directory, 0o020), (&directory, 0o002)] {
        let before = mode(path);
        set_mode(path, before | more);
        let ended = greedy(&project).exits(2).prints("");
        let said = ended.stderr().replace("/ ", "/");
        assert!(said.contains(&format!("chmod go-w {}`", masked(&project, path))), "{said}");
        set_mode(path, before);
    }
    if chown(&file, Some(12345), None).is_ok() {
        greedy(&project).exits(2).prints("").reporting("another user owns");
        chown(&file, Some(0), None).expect("root may");
    }
    // One that comes with the workspace is not the user's.
    let call = greedy(&project).env("XDG_CONFIG_HOME", project.path(".ci/config"));
    call.exits(2).prints("").reporting("is inside the workspace");
    // Where the user's own link leads is the user's business.
    let kept = project.path("dotfiles/config.yaml");
    fs::create_dir(project.path("dotfiles")).expect("made");
    fs::rename(&file, &kept).expect("moved");
    symlink(&kept, &file).expect("a link");
    is_believed(&project);
    fs::write(&kept, "permissions: {greedy: {env: SECRET}}\n").expect("written");
    greedy(&project).exits(2).reporting("env: SECRET");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("known") {
            kind if kind.is_dir() => copy(&from, &to),
            kind if kind.is_symlink() => {
                symlink(fs::read_link(&from).expect("a link"), &to).expect("a link");
            }
            _ => drop(fs::copy(&from, &to).expect("copied")),
        }
    }
    let mode = mode(from);
    set_mode(to, mode);
}
