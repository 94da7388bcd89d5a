//! What the configuration's patterns remove, and what they never do.

use super::workspace::{Workspace, globs, options};
use crate::options::Options;

fn patterns(patterns: &[&str]) -> Options {
    Options { patterns: globs(patterns), ..options() }
}

#[test]
fn a_pattern_removes_files_and_directories() {
    let workspace = Workspace::with(&["a.log", "src/b.log", "src/c.rs", "dist/x/y", "web/dist/z"]);
    let ran = workspace.run(&patterns(&["**/*.log", "dist/**", "nothing"]));
    assert_eq!(ran.paths(), ["a.log", "dist/", "src/b.log"]);
    assert!(!workspace.has("dist") && !workspace.has("a.log"));
    assert!(workspace.has("src/c.rs") && workspace.has("web/dist/z"));
}

#[test]
fn a_pattern_never_removes_a_project() {
    let files =
        ["README", "Cargo.toml", "src/main.rs", "one/package.json", "group/two/package.json"];
    let workspace = Workspace::with(&files);
    for pattern in
        ["**", "*", "**/*", "Cargo.*", "**/package.json", "one", "o*/**", "{one,Cargo.toml}"]
    {
        assert_eq!(workspace.found(patterns(&[pattern])), [""; 0], "{pattern}");
    }
    // One further down stays, what is beside it goes.
    workspace.add("group/waste");
    let ran = workspace.run(&patterns(&["group"]));
    assert!(ran.out.contains("group/  (stays: 1 project)"), "{}", ran.out);
    assert!(workspace.has("group/two/package.json") && !workspace.has("group/waste"));
    // And what is named in the project goes.
    assert_eq!(workspace.run(&patterns(&["src", "one/*.txt"])).paths(), ["src/"]);
}

#[test]
fn an_environment_with_other_peoples_packages_can_be_named() {
    let workspace = Workspace::with(&[
        ".venv/pyvenv.cfg",
        ".venv/lib/a/setup.py",
        "x/node_modules/a/package.json",
    ]);
    workspace.run(&patterns(&[".venv", "**/node_modules"])).result.expect("success");
    assert!(!workspace.has(".venv") && !workspace.has("x/node_modules") && workspace.has("x"));
}

#[test]
fn a_pattern_never_removes_what_is_gits_or_the_runners() {
    let own = [
        "taskrunner.yaml",
        "taskrunner.yml",
        "taskrunner.json",
        "taskrunner.lock",
        ".taskrunner/plugins/a.wasm",
        "sub/taskrunner.yaml",
        "sub/.taskrunner/x",
    ];
    let workspace = Workspace::with(&own);
    workspace.git("", &["init", "-q"]);
    workspace.add(".git/objects/a.log");
    let all =
        ["**", ".git", ".git/**", "**/*.log", "taskrunner.*", "**/*.wasm", ".taskrunner", "sub"];
    workspace.run(&patterns(&all)).result.expect("success");
    own.iter().for_each(|file| assert!(workspace.has(file), "{file}"));
    assert!(workspace.has(".git/HEAD") && workspace.has(".git/objects/a.log"));
}

#[test]
fn what_git_tracks_stays() {
    let workspace = Workspace::with(&["a.log", "b.log", "logs/c", "logs/d"]);
    workspace.git("", &["init", "-q"]);
    workspace.git("", &["add", "a.log", "logs/c"]);
    assert_eq!(workspace.run(&patterns(&["*.log", "logs"])).paths(), ["b.log", "logs/"]);
    assert!(workspace.has("a.log") && workspace.has("logs/c") && !workspace.has("logs/d"));
}

#[test]
fn patterns_do_not_look_into_artifacts() {
    let workspace = Workspace::with(&["Cargo.toml", "target/a.log", "other/node_modules/a/b.log"]);
    assert_eq!(workspace.found(patterns(&["**/*.log", "target"])), ["target/"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_left_alone() {
    let workspace = Workspace::with(&["src/a"]);
    workspace.link("out", "src");
    assert_eq!(workspace.found(patterns(&["out", "out/**"])), [""; 0]);
}
