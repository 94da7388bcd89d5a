//! The embedded command `clean`, on real trees.

use std::process::Command;

use crate::harness::Project;

/// Five kinds of projects, a nested one among them, with what their builds left behind, and things
/// that only look like that.
fn five_projects() -> Project {
    Project::new()
        .file("rust/Cargo.toml", "[package]")
        .file("rust/src/main.rs", "fn main() {}")
        .file("rust/target/debug/app", [0; 1024])
        .file("web/package.json", "{}")
        .file("web/node_modules/left-pad/index.js", "module.exports = 1")
        .file("web/native/Cargo.toml", "[package]")
        .file("web/native/target/x", "x")
        .file("tool/pyproject.toml", "")
        .file("tool/pkg/__pycache__/a.cpython-311.pyc", "pyc")
        .file("service/pom.xml", "<project/>")
        .file("service/target/service.jar", "jar")
        .file("engine/CMakeLists.txt", "")
        .file("engine/build/CMakeCache.txt", "")
        .file("notes/target/keep.txt", "no project here")
        .file("notes/node_modules/keep.txt", "nor here")
}

const KEPT: [&str; 9] = [
    "engine/CMakeLists.txt",
    "notes/node_modules/keep.txt",
    "notes/target/keep.txt",
    "rust/Cargo.toml",
    "rust/src/main.rs",
    "service/pom.xml",
    "tool/pyproject.toml",
    "web/native/Cargo.toml",
    "web/package.json",
];

#[test]
fn it_says_what_it_would_remove_and_removes_just_that() {
    let project = five_projects();
    let before = project.files();
    let said = project.call(["clean", "--dry-run"]).succeeds();
    insta::assert_snapshot!(said.stdout(), @r"
    would remove  cmake          0 B  engine/build/
    would remove  cargo      1.0 KiB  rust/target/
    would remove  maven          3 B  service/target/
    would remove  python         3 B  tool/pkg/__pycache__/
    would remove  cargo          1 B  web/native/target/
    would remove  node          18 B  web/node_modules/
    would remove 6 artifacts, 1.0 KiB
    ");
    assert_eq!(project.files(), before, "a dry run removes nothing");

    let done = project.call(["clean"]).succeeds().leaving(&KEPT);
    assert_eq!(done.stdout().replace("removed", "would remove"), said.stdout());
    assert!(!project.path("rust/target").exists(), "its directory is gone, too");
    project.call(["clean"]).succeeds().prints("nothing to remove\n");
}

#[test]
fn kind_keep_and_patterns_choose() {
    let project = five_projects();
    project
        .call(["clean", "-n", "--kind", "node", "--kind=maven"])
        .succeeds()
        .printing("web/node_modules/")
        .printing("service/target/")
        .without("rust/target");
    project
        .call(["clean", "-n", "--keep", "web/**"])
        .succeeds()
        .printing("rust/target/")
        .without("web/");
    project.call(["clean", "--kind", "nod"]).exits(2).reporting("node");
    let project =
        project.file("taskrunner.yaml", "clean: {patterns: ['notes/**/keep.txt'], kinds: [cargo]}");
    project
        .call(["clean", "-n"])
        .succeeds()
        .printing("notes/target/keep.txt")
        .printing("rust/target/")
        .without("service/");
}

#[test]
fn older_than_looks_at_the_newest_file() {
    let project = five_projects();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 24 * 60 * 60);
    for path in ["service/target", "service/target/service.jar", "rust/target/debug"] {
        let file = std::fs::File::open(project.path(path)).expect("it is there");
        file.set_modified(old).expect("it is mine");
    }
    project
        .call(["clean", "-n", "--older-than", "30d"])
        .succeeds()
        .printing("service/target/")
        .without("rust/target");
    project.call(["clean", "--older-than", "soon"]).exits(2).reporting("soon");
}

#[test]
fn what_git_tracks_stays() {
    let project = five_projects();
    let git = |arguments: &[&str]| {
        let ran = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(project.path("."))
            .output()
            .expect("git is there");
        assert!(ran.status.success(), "{ran:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-f", "service/target/service.jar"]);
    project.call(["clean"]).succeeds().printing("rust/target/");
    assert_eq!(project.text("service/target/service.jar"), "jar");
    assert!(!project.path("rust/target").exists());

    std::fs::write(project.path(".git/index"), "DIRC but broken").expect("a file");
    let project = project.file("rust/target/again", "x");
    project.call(["clean"]).succeeds().reporting("WARN clean");
    assert_eq!(project.text("rust/target/again"), "x", "what cannot be known is left alone");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_nothing_outside_is_touched() {
    let project = five_projects()
        .beside("outside/precious.txt", "precious")
        .directory("linked")
        .file("linked/Cargo.toml", "[package]");
    let outside = project.beside_text("outside");
    let project = project.link("linked/target", &outside).link("rust/target/out", &outside);
    project.call(["clean"]).succeeds().without("linked/target");
    assert!(project.path("linked/target").is_symlink());
    let precious = project.beside_path("outside/precious.txt");
    assert_eq!(std::fs::read_to_string(precious).expect("it is there"), "precious");
}

#[test]
fn from_a_subdirectory_it_cleans_the_workspace() {
    let project = five_projects().file("taskrunner.yaml", "{}");
    project.call(["clean", "-n"]).within("rust/src").succeeds().printing("web/node_modules/");
    std::fs::remove_file(project.path("taskrunner.yaml")).expect("it is there");
    project.call(["clean", "-n"]).within("rust").succeeds().printing("target/").without("node");
}

#[cfg(unix)]
#[test]
fn a_file_with_several_names_is_counted_once() {
    let project = Project::new().file("Cargo.toml", "[package]").file("target/a", [0; 1000]);
    for link in ["target/b", "target/c"] {
        std::fs::hard_link(project.path("target/a"), project.path(link)).expect("a link");
    }
    project.call(["clean", "-n"]).succeeds().printing("would remove 1 artifact, 1000 B");
    project.call(["clean"]).succeeds().printing("removed 1 artifact, 1000 B");
    assert!(!project.path("target").exists());
}

#[test]
fn a_tree_that_is_deeper_than_there_are_handles_is_removed() {
    let deep = format!("target{}/file", "/d".repeat(200));
    let project = Project::new().file("Cargo.toml", "[package]").file(&deep, "x");
    project.call(["clean", "--handle-limit=16"]).succeeds().printing("removed 1 artifact, 1 B");
    assert!(!project.path("target").exists());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_removed_is_told_and_stays() {
    let project = five_projects();
    let ended = project.call(["clean", "--deny-write=rust/target/debug/app"]).exits(1);
    let ended = ended.reporting("cannot remove `rust/target/debug/app`: Read-only file system");
    ended.reporting("1 of 6 artifacts could not be removed completely");
    assert!(
        project.path("rust/target/debug/app").exists() && !project.path("service/target").exists()
    );
}
