//! What git and the runner would act on later: no command writes, creates, truncates, removes, renames, links
//! or dates any of it, whatever it was granted, by whichever path. Reading is another matter.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Project, guests};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const CANARY: &str = "the canary, which nobody touches\n";

/// The operations that change nothing at the path; the last only writes the path into a link elsewhere.
const HARMLESS: [&str; 9] = [
    "open",
    "open-nofollow",
    "open-directory",
    "stat",
    "stat-nofollow",
    "hash",
    "hash-nofollow",
    "readlink",
    "symlink-to",
];

/// Of these, none touches the link itself that a path ends with.
const THROUGH_LINKS: [&str; 6] =
    ["open-write", "open-create", "open-truncate", "open-exclusive", "set-times", "mkdir"];

/// What a file or directory is, as far as anybody could have changed it.
type Seen = BTreeMap<PathBuf, (u64, u64, i64, i64, u32, Vec<u8>)>;

fn look(path: &Path, seen: &mut Seen) {
    let Ok(metadata) = path.symlink_metadata() else { return };
    let content = match metadata.file_type() {
        kind if kind.is_file() => fs::read(path).expect("it can be read"),
        kind if kind.is_symlink() => {
            fs::read_link(path).expect("a link").into_os_string().into_encoded_bytes()
        }
        _ => Vec::new(),
    };
    let times = (metadata.mtime(), metadata.mtime_nsec());
    let (inode, links) = (metadata.ino(), metadata.nlink());
    seen.insert(path.to_owned(), (inode, links, times.0, times.1, metadata.mode(), content));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("it can be listed") {
            look(&entry.expect("an entry").path(), seen);
        }
    }
}

fn seen(paths: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    for path in paths {
        look(path, &mut seen);
    }
    seen
}

/// Tries every operation on a path, and looks at these files before and after.
fn try_all(project: &Project, within: &str, path: &str, own: &[PathBuf], options: &[&str]) {
    let before = seen(own);
    let call = project.call(["probe", within, "--path", path]).with(options.iter().copied());
    let ended = call.succeeds().in_time(SOON);
    assert_eq!(seen(own), before, "{path}: {ended}");
    let lines = ended.stdout();
    assert!(!lines.is_empty(), "{ended}");
    for line in lines.lines() {
        let (tried, result) = line.rsplit_once(": ").expect("what came of it");
        let operation = tried.split(' ').next().expect("a word");
        assert!(result != "ok" || HARMLESS.contains(&operation), "{line}");
    }
    assert!(ended.stderr().contains("probe was denied:\n"), "{path}: {ended}");
}

/// A workspace with all of the runner's files and those of git.
fn project() -> Project {
    let project = Project::new()
        .guest(guests::PROBE)
        .file("own.txt", "own")
        .file("taskrunner.yaml", "")
        .file(".git/config", CANARY)
        .file(".git/hooks/pre-commit", CANARY)
        .file("module/.git", "gitdir: ../.git/modules/module\n")
        .file("sub/.git/hooks/pre-commit", CANARY)
        .file("case/.Git/hooks/pre-commit", CANARY)
        .file("other.yaml", "")
        .directory("records");
    project.call(["update", "--accept"]).succeeds();
    project.call(["trust", "--yes"]).succeeds();
    project
}

#[test]
fn in_the_workspace() {
    let project = project();
    let own: Vec<PathBuf> = [
        ".git",
        ".GIT",
        ".taskrunner",
        "taskrunner.yaml",
        "taskrunner.yml",
        "taskrunner.json",
        "taskrunner.lock",
        "TaskRunner.Lock",
        "module/.git",
        "sub/.git",
        "case/.Git",
    ]
    .map(|path| project.path(path))
    .to_vec();
    let options = ["--allow-write=."];
    for path in [
        // Of git, at any depth, whether there or not.
        ".git",
        ".git/config",
        ".git/hooks",
        ".git/hooks/pre-commit",
        ".git/hooks/post-checkout",
        "./sub/../.git/hooks/pre-commit",
        "module/.git",
        "sub/.git",
        "sub/.git/hooks/pre-commit",
        "records/.git",
        // On a file system that knows no case these are the same files.
        ".GIT",
        "case/.Git",
        "case/.Git/hooks/pre-commit",
        "case/.Git/hooks/new",
        "TASKRUNNER.YAML",
        "TaskRunner.Lock",
        ".TaskRunner",
        // The runner's own.
        ".taskrunner",
        ".taskrunner/plugins",
        ".taskrunner/plugins/probe.wasm",
        ".taskrunner/plugins/new.wasm",
        ".taskrunner/plugins/clean.json",
        "taskrunner.yaml",
        "taskrunner.yml",
        "taskrunner.json",
        "taskrunner.lock",
    ] {
        try_all(&project, "/", path, &own, &options);
        // By way of a handle below.
        try_all(&project, "records", &format!("../{path}"), &own, &options);
    }
}

#[test]
fn through_links_in_the_workspace() {
    let project = project()
        .link("notes.txt", ".git/hooks/pre-commit")
        .link("settings.txt", "taskrunner.yaml")
        .link("new.txt", ".git/hooks/post-merge")
        .link("harmless", ".git")
        .link("tools", ".taskrunner/plugins")
        .link("round", "harmless/hooks");
    let own: Vec<PathBuf> =
        [".git", ".taskrunner", "taskrunner.yaml"].map(|path| project.path(path)).to_vec();
    for path in ["notes.txt", "settings.txt", "new.txt"] {
        for only in THROUGH_LINKS {
            let before = seen(&own);
            let call = project.call(["probe", "/", "--path", path, "--only", only]);
            let ended = call.with(["--allow-write=."]).succeeds().in_time(SOON);
            assert!(!ended.stdout().ends_with(": ok\n"), "{ended}");
            assert_eq!(seen(&own), before, "{only} {path}");
        }
    }
    for path in [
        "harmless/config",
        "harmless/hooks/pre-commit",
        "harmless/hooks/new",
        "round/pre-commit",
        "round/new",
        "tools/probe.wasm",
        "tools/new.wasm",
    ] {
        try_all(&project, "/", path, &own, &["--allow-write=."]);
    }
}

/// A grant of the very file is none, either.
#[test]
fn by_a_grant_that_names_them() {
    let project = project();
    let own = [project.path(".git"), project.path(".taskrunner"), project.path("taskrunner.lock")];
    let before = seen(&own);
    for target in [".git", ".git/hooks", ".git/hooks/pre-commit", ".taskrunner", "taskrunner.lock"]
    {
        let flag = format!("--allow-write={target}");
        let ended = project.call(["probe", "/", "--path", target, &flag]).exits(126).prints("");
        assert!(ended.stderr().contains("no plugin writes to"), "{ended}");
    }
    // By way of a pattern it is granted, and held all the same.
    try_all(&project, "/", ".git/hooks/pre-commit", &own, &["--allow-write=**/*"]);
    assert_eq!(seen(&own), before);
}

#[test]
fn what_the_command_line_names() {
    let project = project();
    let options = [
        "--allow-write=.",
        "--audit=records/audit.jsonl",
        "--receipt=records/receipt.json",
        "--config=other.yaml",
    ];
    project.call(["probe", "/", "--path=own.txt", "--only=stat"]).with(options).succeeds();
    let receipt = [project.path("other.yaml")];
    for path in ["records/audit.jsonl", "records/receipt.json", "other.yaml"] {
        try_all(&project, "/", path, &receipt, &options);
        assert!(project.path(path).is_file());
        // Nothing but the runner has written there.
        for line in project.text("records/audit.jsonl").lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line of the audit");
            assert_eq!(line["command"], "probe");
        }
        serde_json::from_str::<serde_json::Value>(&project.text("records/receipt.json"))
            .expect("a receipt");
    }
    // Nor is what holds them moved away.
    let call = project.call(["probe", "/", "--path=records", "--only=rename-from"]).with(options);
    call.succeeds().prints("rename-from \"records\": cross-device\n");
}

/// The user's own configuration, plugins, cache and state, where somebody grants what is around them.
#[test]
fn in_the_users_directories() {
    let project = project()
        .beside("config/taskrunner/config.yaml", "")
        .beside("data/taskrunner/plugins/clock.wasm", guests::CLOCK.bytes);
    project.call(["list"]).succeeds();
    for (directory, paths) in [
        ("config", &["taskrunner", "taskrunner/config.yaml", "taskrunner/config.json"][..]),
        (
            "data",
            &[
                "taskrunner",
                "taskrunner/plugins",
                "taskrunner/plugins/clock.wasm",
                "taskrunner/plugins/new.wasm",
            ],
        ),
        ("cache", &["taskrunner", "taskrunner/manifests", "taskrunner/compiled/new.cwasm"]),
        ("state", &["taskrunner", "taskrunner/trust", "taskrunner/trust/new.json"]),
    ] {
        let host = project.beside_path(directory);
        fs::write(host.join("own.txt"), "own").expect("written");
        let within = host.to_str().expect("a text").trim_start_matches('/').to_owned();
        let own = [host.join("taskrunner")];
        let flag = format!("--allow-write=../{directory}");
        for path in paths {
            try_all(&project, &within, path, &own, &[&flag]);
        }
        symlink("taskrunner", host.join("harmless")).expect("a link");
        for path in paths.iter().filter_map(|path| path.strip_prefix("taskrunner/")) {
            try_all(&project, &within, &format!("harmless/{path}"), &own, &[&flag]);
        }
    }
    // Where they are deeper, what holds them is not moved away.
    let deep = project.beside_path("outside/deep");
    fs::create_dir_all(deep.join("taskrunner")).expect("made");
    let within = project.beside_text("outside");
    let call = project.call(["probe", within.trim_start_matches('/'), "--path=deep"]);
    call.with(["--only=rename-from", "--allow-write=../outside"])
        .env("XDG_CONFIG_HOME", &deep)
        .succeeds()
        .prints("rename-from \"deep\": cross-device\n");
    assert!(deep.join("taskrunner").is_dir());
}

/// What a path argument names is granted by that, and the runner's own is not.
#[test]
fn by_a_path_argument() {
    let project = project().guest(guests::FILES).directory(".git/new");
    let own = [project.path(".git"), project.path("taskrunner.yaml")];
    let before = seen(&own);
    for (option, path) in [
        ("--writes", ".git/hooks/pre-commit"),
        ("--writes", ".git/hooks/new"),
        ("--writes", "taskrunner.yaml"),
        ("--fills", ".git"),
        ("--fills", ".git/hooks"),
    ] {
        let inside = format!("/{path}");
        let call = project.call(["files", "write", &inside, "dead", option, path]);
        let ended = call.exits(126).in_time(SOON).prints("");
        assert!(ended.stderr().contains("no plugin writes to"), "{ended}");
    }
    assert_eq!(seen(&own), before);
}
