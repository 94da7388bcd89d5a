//! What is found, for each kind.

use super::workspace::{Workspace, options};
use crate::kinds::{Artifact, Kind, KindSet, Marker};
use crate::options::Options;
use crate::table::KINDS;

fn only(kind: &Kind) -> Options {
    Options { kinds: KindSet::named(&[kind.name]), ..options() }
}

fn file(marker: &Marker) -> String {
    match marker {
        Marker::File(path) => (*path).to_owned(),
        Marker::Extension(extension) | Marker::Source(extension) => format!("My.{extension}"),
    }
}

/// A workspace with one artifact, filled as a build would, and what must stand beside the marker.
fn built(kind: &Kind, artifact: &Artifact) -> Workspace {
    let workspace = Workspace::with(&[&format!("{}/deep/file", artifact.path)]);
    if let Some(name) = artifact.holds.first() {
        workspace.add(&format!("{}/{name}", artifact.path));
    }
    if let Some(name) = kind.beside.first() {
        workspace.add(&format!("{name}/"));
    }
    workspace
}

fn each(mut check: impl FnMut(&Kind, &Marker, &Artifact)) {
    for kind in KINDS {
        for marker in kind.markers {
            kind.artifacts.iter().for_each(|artifact| check(kind, marker, artifact));
        }
    }
}

#[test]
fn every_artifact_is_found_by_every_marker() {
    let mut checked = 0;
    each(|kind, marker, artifact| {
        let workspace = built(kind, artifact);
        workspace.add(&file(marker));
        let expected = [format!("{}/", artifact.path)];
        assert_eq!(workspace.found(only(kind)), expected, "{}: {}", kind.name, file(marker));
        workspace.run(&only(kind)).result.expect("success");
        assert!(!workspace.has(artifact.path) && workspace.has(&file(marker)), "{}", kind.name);
        checked += 1;
    });
    assert!(checked > 100, "{checked}");
}

#[test]
fn without_a_marker_nothing_is_an_artifact() {
    each(|kind, marker, artifact| {
        let workspace = built(kind, artifact);
        assert_eq!(workspace.clean().out, "nothing to remove\n", "{}", artifact.path);
        // Neither a directory nor a link of that name is a marker.
        workspace.add(&format!("{}/", file(marker)));
        assert_eq!(workspace.found(only(kind)), [""; 0], "{}", kind.name);
        #[cfg(unix)]
        {
            let workspace = built(kind, artifact);
            workspace.add("elsewhere");
            workspace.add(&format!("{}/", file(marker)));
            std::fs::remove_dir(workspace.path(&file(marker))).expect("an empty directory");
            workspace.link(&file(marker), workspace.path("elsewhere"));
            assert_eq!(workspace.found(only(kind)), [""; 0], "{}", kind.name);
        }
        assert!(workspace.has(artifact.path));
    });
}

#[test]
fn the_names_are_kebab_case_and_all_there() {
    let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    for name in &names {
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
    }
    for name in [
        "cargo",
        "node",
        "react-native",
        "python",
        "maven",
        "gradle",
        "cmake",
        "sbt",
        "stack",
        "cabal",
        "dotnet",
        "unity",
        "unreal",
        "godot",
        "composer",
        "pub",
        "elixir",
        "swift",
        "zig",
        "jupyter",
        "pixi",
        "turborepo",
        "terraform",
        "cocoapods",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn projects_in_projects_are_found_and_those_in_artifacts_are_not() {
    let workspace = Workspace::with(&[
        "package.json",
        "node_modules/a/package.json",
        "node_modules/a/node_modules/b/package.json",
        "native/Cargo.toml",
        "native/target/debug/x",
        "native/target/package/Cargo.toml",
        "native/target/package/target/x",
        "py/pyproject.toml",
        "py/src/app/__pycache__/a.pyc",
        ".venv/pyvenv.cfg",
        ".venv/lib/a.py",
        ".venv/lib/__pycache__/a.pyc",
    ]);
    let expected = ["native/target/", "node_modules/", "py/src/app/__pycache__/"];
    assert_eq!(workspace.found(options()), expected);
    // Nor are they when the artifact's kind was not asked for.
    let kinds = KindSet::named(&["cargo"]);
    assert_eq!(workspace.found(Options { kinds, ..options() }), ["native/target/"]);
}

#[test]
fn an_artifact_of_two_kinds_is_removed_for_either() {
    let workspace = Workspace::with(&["package.json", "ios/App.swift", "node_modules/a/x"]);
    for kind in ["node", "react-native"] {
        let kinds = KindSet::named(&[kind]);
        assert_eq!(workspace.found(Options { kinds, ..options() }), ["node_modules/"], "{kind}");
    }
    assert_eq!(workspace.found(options()), ["node_modules/"]);
}

#[test]
fn a_doubtful_directory_is_left_alone() {
    for files in [
        // No build tree of CMake's.
        &["CMakeLists.txt", "build/Makefile.am"][..],
        // Projects that bear an artifact's name.
        &["Cargo.toml", "target/Cargo.toml"],
        &["package.json", "node_modules/package.json"],
        &["App.csproj", "bin/Tool.csproj"],
        // Game engines write such files.
        &["App.csproj", "project.godot", "bin/x"],
        // A file with the name of a directory.
        &["Cargo.toml", "target"],
        // Hand-written things beside no project of that kind.
        &["Makefile", "build/x", "bin/x", "vendor/x", "target/x", "node_modules/x/x"],
    ] {
        assert_eq!(Workspace::with(files).found(options()), [""; 0], "{files:?}");
    }
}

#[test]
fn what_people_write_into_an_artifact_stays() {
    for kind in KINDS {
        for artifact in kind.artifacts.iter().filter(|artifact| !artifact.keeps.is_empty()) {
            let workspace = built(kind, artifact);
            workspace.add(&file(&kind.markers[0]));
            let written = format!("{}/{}", artifact.path, artifact.keeps[0]);
            workspace.add(&written);
            let ran = workspace.run(&only(kind));
            assert!(ran.out.contains("(stays: 1 setting)"), "{}", ran.out);
            assert!(workspace.has(&written));
            assert!(!workspace.has(&format!("{}/deep", artifact.path)));
            // A second time there is nothing to do.
            assert_eq!(workspace.run(&only(kind)).out, "nothing to remove (1 left alone)\n");
        }
    }
}
