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
    try_all_with(project, within, path, own, options, &[]);
}

fn try_all_with(
    project: &Project,
    within: &str,
    path: &str,
    own: &[PathBuf],
    options: &[&str],
    variables: &[(&str, &str)],
) {
    let before = seen(own);
    let call = project.call(["probe", within, "--path", path]).with(options.iter().copied());
    let call = variables.iter().fold(call, |call, (name, value)| call.env(name, *value));
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

/// One way in which a path of the workspace becomes the runner's, git's or a CI system's.
struct Way {
    what: &'static str,
    /// Files, and links with what they lead to.
    files: &'static [(&'static str, &'static str)],
    links: &'static [(&'static str, &'static str)],
    variables: &'static [(&'static str, &'static str)],
    options: &'static [&'static str],
    /// What is tried.
    paths: &'static [&'static str],
    /// Links on the way, which lead to what is nobody's.
    ways: &'static [&'static str],
}

const WAY: Way =
    Way { what: "", files: &[], links: &[], variables: &[], options: &[], paths: &[], ways: &[] };

/// The operations that change a link, and not what it leads to.
const OF_LINKS: [&str; 9] = [
    "unlink",
    "rmdir",
    "rename-from",
    "rename-to",
    "link-from",
    "link-to",
    "symlink-at",
    "mkdir",
    "set-times-nofollow",
];

const WAYS: &[Way] = &[
    Way {
        what: "`.git` is a link",
        files: &[("store/config", CANARY)],
        links: &[(".git", "store")],
        paths: &["store", "store/config", "store/hooks", ".git/config", ".git/new"],
        ..WAY
    },
    Way {
        what: "`.git` is a link to a link",
        files: &[("deep/store/config", CANARY)],
        links: &[(".git", "one"), ("one", "two/store"), ("two", "deep")],
        paths: &["one", "deep/store/config", "deep/store/new"],
        ways: &["two"],
        ..WAY
    },
    Way {
        what: "`.git` is a file that names a directory",
        files: &[(".git", "gitdir: store\n"), ("store/config", CANARY)],
        paths: &["store", "store/config", "store/hooks", ".git"],
        ..WAY
    },
    Way {
        what: "a directory below has such a file",
        files: &[("sub/deep/.git", "gitdir: ../store\n"), ("sub/store/config", CANARY)],
        links: &[("sub/.git", "store")],
        paths: &["sub/store", "sub/store/config", "sub/store/hooks"],
        ..WAY
    },
    Way {
        what: "the directory shares another one",
        files: &[
            (".git", "gitdir: store"),
            ("store/commondir", "../common\n"),
            ("common/config", CANARY),
        ],
        paths: &["store/commondir", "common", "common/config", "common/hooks"],
        ..WAY
    },
    Way {
        what: "a bare repository anywhere",
        files: &[
            ("a/bare/HEAD", "ref: refs/heads/main\n"),
            ("a/bare/objects/x", CANARY),
            ("a/bare/refs/x", CANARY),
        ],
        paths: &["a/bare", "a/bare/HEAD", "a/bare/config", "a/bare/objects/x", "a/bare/refs"],
        ..WAY
    },
    Way {
        what: "the git directory of a worktree",
        files: &[("a/tree/HEAD", "ref: refs/heads/main\n"), ("a/tree/commondir", "../..\n")],
        paths: &["a/tree", "a/tree/HEAD", "a/tree/commondir", "a/tree/config.worktree"],
        ..WAY
    },
    Way {
        what: "git's variables name it",
        files: &[("meta/config", CANARY), ("objects/x", CANARY), ("git.config", CANARY)],
        variables: &[
            ("GIT_DIR", "meta"),
            ("GIT_OBJECT_DIRECTORY", "objects"),
            ("GIT_CONFIG_GLOBAL", "git.config"),
        ],
        paths: &["meta", "meta/config", "objects/x", "objects/new", "git.config"],
        ..WAY
    },
    Way {
        what: "the lock file is a link",
        files: &[("conf/lock.yaml", "version: 1\nplugins: {}\n")],
        links: &[("taskrunner.lock", "conf/lock.yaml")],
        paths: &["taskrunner.lock", "conf/lock.yaml"],
        ..WAY
    },
    Way {
        what: "the lock file is a link by a linked directory",
        files: &[("real/lock.yaml", "version: 1\nplugins: {}\n")],
        links: &[("conf", "real"), ("taskrunner.lock", "conf/lock.yaml")],
        paths: &["real/lock.yaml"],
        ways: &["conf"],
        ..WAY
    },
    Way {
        what: "the lock file is a link to what is still to be made",
        files: &[("conf/x", "")],
        links: &[(".taskrunner/notes", "../conf/new.yaml")],
        paths: &["conf/new.yaml"],
        ..WAY
    },
    Way {
        what: "the configuration is a link",
        files: &[("conf/run.yaml", "{}")],
        links: &[("taskrunner.yaml", "conf/run.yaml")],
        paths: &["taskrunner.yaml", "conf/run.yaml"],
        ..WAY
    },
    Way {
        what: "a named configuration is a link",
        files: &[("conf/run.yaml", "{}")],
        links: &[("ci.yaml", "conf/run.yaml")],
        options: &["--config=ci.yaml"],
        paths: &["ci.yaml", "conf/run.yaml"],
        ..WAY
    },
    Way {
        what: "a plugin is a link",
        files: &[("build/x.wasm", "")],
        links: &[(".taskrunner/plugins/x.wasm", "../../build/x.wasm")],
        paths: &["build/x.wasm"],
        ..WAY
    },
    Way {
        what: "a manifest beside a plugin is a link",
        files: &[("build/x.yaml", "summary: x\n")],
        links: &[(".taskrunner/plugins/x.yaml", "../../build/x.yaml")],
        paths: &["build/x.yaml"],
        ..WAY
    },
    Way {
        what: "a variable names a directory of plugins",
        files: &[("tools/x.wasm", "")],
        variables: &[("TASKRUNNER_PLUGIN_PATH", "other:tools")],
        paths: &["tools", "tools/x.wasm", "tools/new.wasm", "other"],
        ..WAY
    },
    Way {
        what: "it does so by a link",
        files: &[("real/tools/x.wasm", ""), ("build/y.wasm", "")],
        links: &[("way", "real"), ("real/tools/y.wasm", "../../build/y.wasm")],
        variables: &[("TASKRUNNER_PLUGIN_PATH", "way/tools")],
        paths: &["real/tools/x.wasm", "real/tools/new.wasm", "build/y.wasm"],
        ways: &["way"],
        ..WAY
    },
    Way {
        what: "the command line names such a directory",
        files: &[("tools/x.wasm", ""), ("build/y.wasm", "")],
        links: &[("tools/y.wasm", "../build/y.wasm")],
        options: &["--plugin-dir=tools"],
        paths: &["tools/x.wasm", "tools/new.wasm", "build/y.wasm"],
        ..WAY
    },
    Way {
        what: "the configuration names such a directory",
        files: &[("taskrunner.yaml", "plugins: {path: [tools]}\n"), ("tools/x.wasm", "")],
        paths: &["tools", "tools/x.wasm", "tools/new.wasm"],
        ..WAY
    },
    Way {
        what: "it is for the next step of a CI job",
        files: &[("ci/env", CANARY), ("ci/path", CANARY), ("ci/summary", CANARY)],
        links: &[("ci/link", "output")],
        variables: &[
            ("GITHUB_ENV", "ci/env"),
            ("GITHUB_PATH", "ci/path"),
            ("GITHUB_STEP_SUMMARY", "ci/summary"),
            ("GITHUB_OUTPUT", "ci/link"),
            ("BUILDKITE_ENV_FILE", "ci/buildkite"),
        ],
        paths: &["ci/env", "ci/path", "ci/summary", "ci/output", "ci/link", "ci/buildkite"],
        ..WAY
    },
    Way {
        what: "a shell begins with it",
        files: &[("ci/profile", CANARY)],
        variables: &[("BASH_ENV", "ci/profile"), ("ENV", "ci")],
        paths: &["ci/profile"],
        ..WAY
    },
];

#[test]
fn by_every_way_in_which_a_path_becomes_ours() {
    for way in WAYS {
        let mut project = Project::new().guest(guests::PROBE).file("own.txt", "own");
        for (path, content) in way.files {
            project = project.file(path, content);
        }
        for (path, target) in way.links {
            project = project.link(path, target);
        }
        let own: Vec<PathBuf> = way.paths.iter().map(|path| project.path(path)).collect();
        let options = [&["--allow-write=."], way.options].concat();
        for path in way.paths {
            try_all_with(&project, "/", path, &own, &options, way.variables);
        }
        for (path, only) in way.ways.iter().flat_map(|path| OF_LINKS.map(|only| (path, only))) {
            let before = seen(&[project.path(path)]);
            let call = project.call(["probe", "/", "--path", path, "--only", only]);
            let call = call.with(options.iter().copied());
            let call =
                way.variables.iter().fold(call, |call, (name, value)| call.env(name, *value));
            let ended = call.succeeds();
            assert!(!ended.stdout().ends_with(": ok\n"), "{}: {only} {path}: {ended}", way.what);
            assert_eq!(seen(&[project.path(path)]), before, "{}: {only} {path}", way.what);
        }
    }
}

/// Every variable by which a CI system names such a file.
#[test]
fn each_file_that_a_ci_system_names() {
    let project = Project::new().guest(guests::PROBE).file("own.txt", "own").directory("ci");
    for system in ["GITHUB", "GITEA", "FORGEJO"] {
        for name in ["ENV", "PATH", "OUTPUT", "STATE", "STEP_SUMMARY"] {
            is_held(&project, &format!("{system}_{name}"), "ci/file");
        }
    }
    for name in [
        "BITBUCKET_PIPELINES_VARIABLES_PATH",
        "BUILDKITE_ENV_FILE",
        "CIRRUS_ENV",
        "DRONE_OUTPUT",
        "BASH_ENV",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
    ] {
        is_held(&project, name, "ci/file");
    }
    let whole = project.path("ci/file");
    is_held(&project, "ENV", whole.to_str().expect("Unicode"));
    // As most use it, it is no file.
    let call = project.call(["probe", "/", "--path=ci/stage", "--only=open-create"]);
    call.with(["--allow-write=."]).env("ENV", "ci").succeeds().printing(": ok");
}

#[track_caller]
fn is_held(project: &Project, variable: &str, value: &str) {
    let call = project.call(["probe", "/", "--path=ci/file", "--only=open-create"]);
    let ended = call.with(["--allow-write=."]).env(variable, value).succeeds();
    assert!(!ended.stdout().ends_with(": ok\n"), "{variable}: {ended}");
    assert!(!project.path("ci/file").exists(), "{variable}");
}

/// A command makes no git directory out of one that is none.
#[test]
fn no_git_directory_is_made() {
    let project = Project::new()
        .guest(guests::PROBE)
        .file("own.txt", "own")
        .file("almost/HEAD", "")
        .directory("almost/objects")
        .file("tree/commondir", "");
    for path in ["almost/refs", "almost/commondir", "tree/HEAD"] {
        for only in ["open-create", "mkdir", "rename-to", "symlink-at", "link-to"] {
            let call = project.call(["probe", "/", "--path", path, "--only", only]);
            let ended = call.with(["--allow-write=."]).succeeds();
            assert!(!ended.stdout().ends_with(": ok\n"), "{only} {path}: {ended}");
            assert!(!project.path(path).exists(), "{only} {path}");
        }
    }
    for path in ["almost/config", "tree/objects", "HEAD"] {
        let call = project.call(["probe", "/", "--path", path, "--only=open-create"]);
        call.with(["--allow-write=."]).succeeds().printing(": ok");
    }
}

/// What is still to be made is not led elsewhere by a link above it.
#[test]
fn no_link_takes_the_place_of_what_will_hold_them() {
    let project = Project::new()
        .guest(guests::PROBE)
        .file("mine/taskrunner/config.yaml", "")
        .file("own.txt", "own")
        .link("link", "mine");
    let probe = |path: &str, only: &str, own: &str| {
        let call = project.call(["probe", "/", "--path", path, "--only", only, "--own", own]);
        let config = project.path("new/config");
        call.with(["--allow-write=."]).env("XDG_CONFIG_HOME", config).succeeds().stdout()
    };
    for (only, own) in
        [("symlink-at", "mine"), ("rename-to", "link"), ("link-to", "link"), ("rename-to", "mine")]
    {
        let said = probe("new", only, own);
        assert!(!said.ends_with(": ok\n"), "{said}");
        assert!(project.path("new").symlink_metadata().is_err(), "{only} {own}");
    }
    assert!(probe("new", "mkdir", "mine").ends_with(": ok\n"), "a directory is the user's");
    assert!(!probe("new/config/taskrunner", "mkdir", "mine").ends_with(": ok\n"));
}

/// Other names of `.git`, of the state and of a single file by bind mounts, in a mount namespace of its own. Where nobody may
/// make one, the test says nothing.
#[cfg(target_os = "linux")]
#[test]
fn by_a_bind_mount() {
    let project = project().directory("other").directory("st").directory("hooks").file("a", "");
    let script = "
        mount --bind .git other && mount --bind .git/hooks hooks
        mount --bind \"$XDG_STATE_HOME\" st && mount --bind taskrunner.yaml a || exit 99
        for path in other/new other/hooks/new hooks/new st/taskrunner/new st/new a; do
            \"$0\" --allow-write . probe / --path $path --only open-truncate
            \"$0\" --allow-write . probe / --path $path --only open-create
        done";
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    unshare.arg(env!("CARGO_BIN_EXE_taskrunner")).current_dir(project.path(""));
    for name in ["config", "data", "cache", "state"] {
        let variable = format!("XDG_{}_HOME", name.to_uppercase());
        unshare.env(variable, project.beside_path(name));
    }
    let Ok(ended) = unshare.env("HOME", project.beside_path("home")).output() else { return };
    let said = String::from_utf8_lossy(&ended.stdout);
    if ended.status.code() != Some(0) && said.is_empty() {
        return;
    }
    let allowed: Vec<&str> = said.lines().filter(|line| line.ends_with(": ok")).collect();
    assert_eq!(said.lines().count(), 12, "{said}{}", String::from_utf8_lossy(&ended.stderr));
    // What is beside the runner's directory in the user's state is not the runner's.
    assert_eq!(allowed, ["open-create \"st/new\": ok"], "{said}");
    assert_eq!(project.text(".git/config"), CANARY);
    for path in [".git/new", ".git/hooks/new"] {
        assert!(!project.path(path).exists(), "{path}");
    }
}
