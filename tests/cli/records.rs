//! Records: where they may be written, what they say, how large they become, and what is left of them when
//! many commands change them at once.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Project, guests};
use crate::network::servers::{greeter, web};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const PROFILE: &str = "# mine\n";

/// A clone with the guest `files`, beside it a file of the user's own.
fn clone() -> Project {
    Project::new()
        .guest(guests::FILES)
        .file(".git/HEAD", "ref: refs/heads/main\n")
        .file("logs/old", "old")
        .file("sub/file.txt", "text")
        .beside("home/.profile", PROFILE)
}

/// A file beside the workspace.
fn beside(project: &Project, path: &str) -> String {
    fs::read_to_string(project.beside_path(path)).expect("it is there")
}

/// The lines of an audit.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
}

/// Calls `files` with an audit: what the guest printed, and the lines about paths in the workspace, as
/// operation, decision and result.
fn recorded(project: &Project, flags: &[&str], words: &[&str]) -> (String, Vec<Value>) {
    let _ = fs::remove_file(project.path("audit.jsonl"));
    let call = project.call(flags.iter().copied()).with(["--audit=audit.jsonl", "files"]);
    let printed = call.with(words.iter().copied()).succeeds().stdout();
    let lines = lines(&project.text("audit.jsonl")).into_iter().map(|line| {
        assert_eq!(line["version"], 2);
        json!([line["operation"], line["decision"], line["result"]])
    });
    (printed, lines.collect())
}

#[test]
fn no_record_is_written_through_a_link_of_the_project() {
    let project = clone()
        .link("last.json", "../home/.profile")
        .link("dangling.json", "../home/.new")
        .link("nowhere.json", "/dev/null")
        .link("away", "../home")
        .link("inside.json", "logs/old")
        .link("sub/up.json", "../../home/.profile")
        .link("top.json", "../home/.profile");
    let plugins = project.path(".taskrunner/plugins").display().to_string();
    for option in ["--audit", "--receipt"] {
        for (within, path) in [
            ("", "last.json"),
            ("", "dangling.json"),
            ("", "nowhere.json"),
            ("", "away/new.json"),
            ("", "./sub/../away/new.json"),
            ("", "inside.json"),
            ("", "sub/up.json"),
            ("sub", "up.json"),
            // The link stands beside the directory that one is in, in the same repository.
            ("sub", "../top.json"),
        ] {
            let call = project.call([option, path, "--allow-write=.", "files", "write", "/w", "x"]);
            let call = call.with(["--plugin-dir", &plugins]).within(within);
            call.exits(2).prints("").reporting("leads through the symlink");
        }
    }
    let both = ["--audit", "one.json", "--receipt", "./sub/../one.json", "files", "read", "/x"];
    project.call(both).exits(2).reporting("cannot hold two records");
    for path in ["logs", "sub/", "."] {
        project.call(["--audit", path, "files", "read", "/x"]).exits(2).reporting("a directory");
        project.call(["--receipt", path, "files", "read", "/x"]).exits(2).reporting("a directory");
    }
    assert_eq!(beside(&project, "home/.profile"), PROFILE);
    assert_eq!(project.text("logs/old"), "old");
    assert!(!project.path("w").exists() && !project.beside_path("home/.new").exists());
    assert!(!project.beside_path("home/new.json").exists());
}

#[test]
fn no_record_is_written_under_another_name_or_into_a_pipe_of_the_project() {
    let project = clone();
    fs::hard_link(project.beside_path("home/.profile"), project.path("hard.json")).expect("a link");
    let fifo = Command::new("mkfifo").arg(project.path("fifo.json")).status();
    assert!(fifo.expect("it runs").success());
    for (path, reason) in [("hard.json", "hard link"), ("fifo.json", "not a regular file")] {
        for option in ["--audit", "--receipt"] {
            let call = project.call([option, path, "files", "read", "/x"]);
            call.exits(2).prints("").in_time(SOON).reporting(reason);
        }
    }
    assert_eq!(beside(&project, "home/.profile"), PROFILE);
}

#[test]
fn a_record_is_written_where_the_users_own_path_leads() {
    let project = clone();
    std::os::unix::fs::symlink("home", project.beside_path("mine")).expect("a link");
    for (path, found) in [("../mine/a.json", "home/a.json"), ("../home/b.json", "home/b.json")] {
        project.call(["--audit", path, "files", "read", "/x"]).succeeds();
        assert!(!lines(&beside(&project, found)).is_empty());
        fs::remove_file(project.beside_path(found)).expect("it was there");
        project.call(["--receipt", path, "files", "read", "/x"]).succeeds();
        let receipt: Value = serde_json::from_str(&beside(&project, found)).expect("JSON");
        assert_eq!(receipt["version"], 2);
        let mode = fs::metadata(project.beside_path(found)).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for option in ["--audit", "--receipt"] {
        project.call([option, "/dev/null", "files", "read", "/x"]).succeeds();
        for path in ["/dev/stderr", "/dev/fd/2"] {
            let call = project.call([option, path, "files", "read", "/x"]).succeeds();
            assert!(call.stderr().contains("\"operation\""), "{option} {path}: {call}");
        }
    }
}

#[test]
fn other_files_of_the_runner_follow_no_link_of_the_project_either() {
    let module = wat::parse_str("(module (func (export \"_start\")))").expect("a module");
    let project = clone()
        .file("m.wasm", &module)
        .file("m.yaml", "summary: a program\n")
        .link("out.wasm", "../home/.profile")
        .link("new", "../home/empty")
        .link("away", "../home");
    fs::create_dir(project.beside_path("home/empty")).expect("a directory");
    for words in [
        &["plugin", "componentize", "m.wasm", "-o", "out.wasm", "--world", "command"][..],
        &["plugin", "embed", "m.wasm", "--manifest", "m.yaml", "-o", "out.wasm"],
        &["plugin", "embed", "m.wasm", "--manifest", "m.yaml", "-o", "away/out.wasm"],
        &["plugin", "new", "thing", "--lang", "c", "--directory", "new"],
        &["plugin", "new", "thing", "--lang", "c", "--directory", "away/thing"],
    ] {
        let ended = project.call(words.iter().copied()).exits(2);
        ended.reporting("leads through the symlink");
    }
    assert_eq!(beside(&project, "home/.profile"), PROFILE);
    assert_eq!(fs::read_dir(project.beside_path("home/empty")).expect("listed").count(), 0);
    assert!(!project.beside_path("home/thing").exists());
}

#[test]
fn each_line_has_what_came_of_it() {
    let project = clone().link("in-link", "sub").file("full/x", "x");
    let all = ["--allow-write=."];
    for (words, printed, expected) in [
        (&["read", "/sub/file.txt"][..], "ok: ", json!(["read", "allowed", "ok"])),
        (&["read", "/none"], "error: ", json!(["read", "allowed", "not-found"])),
        (&["write", "/new", "x"], "ok: ", json!(["create", "allowed", "ok"])),
        (&["write", "/sub", "x"], "error: ", json!(["read", "allowed", "is-a-directory"])),
        (&["mkdir", "/sub"], "error: ", json!(["create", "allowed", "already-exists"])),
        (&["mkdir", "/made"], "ok: ", json!(["create", "allowed", "ok"])),
        (&["rmdir", "/full"], "error: ", json!(["remove", "allowed", "not-empty"])),
        (&["rmdir", "/made"], "ok: ", json!(["remove", "allowed", "ok"])),
        (&["remove", "/none"], "error: ", json!(["remove", "allowed", "not-found"])),
        (&["rename", "/new", "/moved"], "ok: ", json!(["rename", "allowed", "ok"])),
        (&["rename", "/none", "/moved"], "error: ", json!(["rename", "allowed", "not-found"])),
        (&["link", "/moved", "/second"], "ok: ", json!(["create", "allowed", "ok"])),
        (&["symlink", "moved", "/third"], "ok: ", json!(["create", "allowed", "ok"])),
        (&["readlink", "/third"], "ok: ", json!(["stat", "allowed", "ok"])),
        (&["readlink", "/moved"], "error: ", json!(["stat", "allowed", "invalid-argument"])),
        (&["list", "/sub"], "ok: ", json!(["list", "allowed", "ok"])),
        (&["stat", "/none"], "error: ", json!(["stat", "allowed", "not-found"])),
        (&["stat", "/sub/file.txt"], "ok: ", json!(["stat", "allowed", "ok"])),
        (&["truncate", "/sub/file.txt"], "ok: ", json!(["write", "allowed", "ok"])),
        (&["write", "/.git/HEAD", "x"], "error: ", json!(["write", "denied", "read-only"])),
    ] {
        let (said, lines) = recorded(&project, &all, words);
        assert!(said.starts_with(printed), "{words:?}: {said}");
        assert!(lines.contains(&expected), "{words:?}: {lines:?}");
        assert!(!lines.iter().any(|line| line[2] == "unknown"), "{words:?}: {lines:?}");
    }
    let (_, lines) = recorded(&project, &[], &["read", "/sub/file.txt"]);
    assert!(lines.contains(&json!(["read", "denied", "access-denied"])), "{lines:?}");
    let (_, lines) = recorded(&project, &["--allow-read=sub"], &["write", "/sub/file.txt", "x"]);
    assert!(lines.contains(&json!(["write", "denied", "read-only"])), "{lines:?}");
}

/// What the rules allow and the second wall does not: a directory in the place of a file to be made.
#[cfg(target_os = "linux")]
#[test]
fn what_was_allowed_and_failed_is_told_from_what_was_done() {
    let project = clone().file("taskrunner.yaml", "permissions: {files: {write: [out]}}\n");
    let records = ["--audit=audit.jsonl", "--receipt=receipt.json"];
    let ended = project.call(["files", "mkdir", "/out"]).with(records).succeeds();
    assert!(ended.stdout().starts_with("error: Permission denied"), "{ended}");
    assert!(!project.path("out").exists());
    let line = lines(&project.text("audit.jsonl"));
    let line = line.iter().find(|line| line["operation"] == "create").expect("a line");
    assert_eq!((&line["decision"], &line["result"]), (&json!("allowed"), &json!("access-denied")));
    let receipt: Value = serde_json::from_str(&project.text("receipt.json")).expect("JSON");
    assert_eq!(receipt["used"], json!([]));
    assert_eq!(receipt["denied"], json!([]));
    assert_eq!(receipt["failed"][0]["operation"], "create");
    assert_eq!(receipt["failed"][0]["result"], "access-denied");
    for file in ["audit.jsonl", "receipt.json"] {
        let suggested = project.call(["permissions", "suggest", file]).succeeds().stdout();
        let told = "files was allowed, and the system refused: create out (access-denied)";
        assert!(suggested.contains(told) && !suggested.contains("write:"), "{suggested}");
    }
}

#[test]
fn variables_have_a_result_too() {
    let project = Project::new().guest(guests::GREEDY);
    let call = project.call(["greedy", "--audit=audit.jsonl", "--allow-env=SECRET"]);
    call.env("SECRET", "hush-hush").env("TOKEN", "hush").exits(1);
    let found: Vec<Value> = lines(&project.text("audit.jsonl"))
        .iter()
        .filter(|line| line["operation"] == "environment")
        .map(|line| json!([line["target"], line["decision"], line["result"]]))
        .collect();
    assert!(found.contains(&json!(["SECRET", "allowed", "ok"])), "{found:?}");
    assert!(found.iter().all(|line| line[1] == "allowed" || line[2] == "absent"), "{found:?}");
}

/// Takes a step on the network with an audit: its lines, as operation, decision, result and status.
fn on_network(guest: guests::Guest, words: &[&str]) -> Vec<Value> {
    let project = Project::new().guest(guest);
    project.call(words.iter().copied()).with(["--audit=audit.jsonl"]).succeeds();
    lines(&project.text("audit.jsonl"))
        .iter()
        .map(|line| json!([line["operation"], line["decision"], line["result"], line["status"]]))
        .collect()
}

#[test]
fn the_network_has_results() {
    let port = greeter();
    let step = format!("tcp=127.0.0.1:{port}");
    let allow = "--allow-connect=*:*";
    let local = format!("--allow-connect=127.0.0.1:{port}");
    let found = on_network(guests::SOCKETS, &["sockets", &step, &local]);
    assert_eq!(found, [json!(["connect", "allowed", "ok", null])]);
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = listener.local_addr().expect("an address").port();
    drop(listener);
    let step = format!("tcp=127.0.0.1:{closed}");
    let local = format!("--allow-connect=127.0.0.1:{closed}");
    let found = on_network(guests::SOCKETS, &["sockets", &step, &local]);
    assert_eq!(found, [json!(["connect", "allowed", "connection-refused", null])]);
    let found = on_network(guests::SOCKETS, &["sockets", &step, allow]);
    assert_eq!(found, [json!(["connect", "denied", "access-denied", null])]);

    let port = crate::network::servers::echo();
    for step in ["udp", "datagram"] {
        let step = format!("{step}=127.0.0.1:{port}");
        let local = format!("--allow-udp=127.0.0.1:{port}");
        let found = on_network(guests::SOCKETS, &["sockets", &step, &local]);
        assert_eq!(found, [json!(["udp", "allowed", "ok", null])], "{step}");
    }

    let port = web();
    let (url, allow) = (format!("http://127.0.0.1:{port}/"), format!("127.0.0.1:{port}"));
    let found = on_network(guests::FETCH, &["fetch", &url, "--allow-http", &allow]);
    assert_eq!(found, [json!(["http", "allowed", "ok", 200])]);
    let (url, allow) = (format!("http://127.0.0.1:{closed}/"), format!("127.0.0.1:{closed}"));
    let found = on_network(guests::FETCH, &["fetch", &url, "--allow-http", &allow]);
    assert_eq!(found, [json!(["http", "allowed", "connection-refused", null])]);
    let found = on_network(guests::FETCH, &["fetch", &url]);
    assert_eq!(found, [json!(["http", "denied", "access-denied", null])]);
}

/// A module that opens a long path that nobody granted, so many times or for ever, and then writes a file.
fn flood(times: u32) -> Vec<u8> {
    let again = match times {
        0 => "(br $again)".to_owned(),
        times => format!("(br_if $again (i32.lt_u (local.get $n) (i32.const {times})))"),
    };
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open" (func $open
                (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "in/late")
            (func (export "_start") (local $n i32)
                (memory.fill (i32.const 1024) (i32.const 120) (i32.const 200))
                (loop $again
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 200)
                        (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 8)))
                    {again})
                (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 7)
                    (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 8)))))"#
    );
    wat::parse_str(text).expect("it is well-formed")
}

#[test]
fn an_audit_ends_at_its_limit_and_the_run_with_it() {
    let project = Project::new().file(".taskrunner/plugins/flood.wasm", flood(0));
    let call = project.call(["--audit=audit.jsonl", "--record-limit=1MiB", "--time-limit=60s"]);
    let ended = call.with(["flood"]).exits(153).in_time(SOON);
    assert!(ended.stderr().contains("needs more than the 1.0 MiB of records allowed"), "{ended}");
    assert!(ended.stderr().contains("`--record-limit` or `limits.records`"), "{ended}");
    let text = project.text("audit.jsonl");
    // What the worker had already been told is in it as well.
    assert!(text.len() > 1 << 20 && text.len() < 5 << 20, "{}", text.len());
    assert!(text.ends_with('\n'));
    lines(&text);
    let file = fs::metadata(project.path("audit.jsonl")).expect("it is there");
    assert!(file.blocks() * 512 < file.len() + 64 * 1024, "the rest of its room is given back");
    // The receipt sums up, and is bounded.
    let call = project.call(["--receipt=receipt.json", "--time-limit=2s", "flood"]);
    call.exits(124);
    assert!(project.text("receipt.json").len() < 1 << 20);
}

/// Runs with a limit on the size of files.
#[cfg(target_os = "linux")]
#[test]
fn where_no_more_can_be_recorded_the_run_ends_and_what_was_done_is_recorded() {
    let project =
        Project::new().file(".taskrunner/plugins/flood.wasm", flood(20_000)).directory("in");
    let call = project.call(["--audit=audit.jsonl", "--allow-write=in", "flood"]);
    let limit = |process: u32| {
        // Before the first line is written, or soon after.
        let process = rustix::process::Pid::from_raw(process.cast_signed());
        let limit = rustix::process::Rlimit { current: Some(4 << 20), maximum: Some(4 << 20) };
        let _ = rustix::process::prlimit(process, rustix::process::Resource::Fsize, limit);
    };
    let ended = call.meanwhile(limit).exits(125).in_time(SOON);
    assert!(ended.stderr().contains("the record"), "{ended}");
    let text = project.text("audit.jsonl");
    assert!(text.len() <= 4 << 20 && text.ends_with('\n'), "{}", text.len());
    lines(&text);
    assert!(!project.path("in/late").exists(), "it went on");
}

#[test]
fn a_device_that_takes_nothing_ends_the_run() {
    let project =
        Project::new().file(".taskrunner/plugins/flood.wasm", flood(200_000)).directory("in");
    let call = project.call(["--audit=/dev/full", "--allow-write=in", "flood"]);
    call.exits(125).in_time(SOON).reporting("/dev/full");
    assert!(!project.path("in/late").exists(), "it went on");
}

#[test]
fn twenty_grants_at_once_are_all_kept() {
    let project = Project::new().guest(guests::ENV);
    project.call(["env"]).succeeds();
    thread::scope(|scope| {
        for number in 0..20 {
            let (project, flag) = (&project, format!("--allow-env=V{number}"));
            scope.spawn(move || {
                project.call(["permissions", "grant", "env", &flag]).succeeds();
            });
        }
    });
    let shown = project.call(["permissions", "show", "env", "--format=json"]).succeeds().json();
    assert_eq!(shown["granted"].as_array().expect("a list").len(), 20, "{shown}");
    // As many at once are taken back.
    thread::scope(|scope| {
        for number in 0..20 {
            let (project, flag) = (&project, format!("--allow-env=V{number}"));
            scope.spawn(move || {
                project.call(["permissions", "revoke", "env", &flag]).succeeds();
            });
        }
    });
    let shown = project.call(["permissions", "show", "env", "--format=json"]).succeeds().json();
    assert_eq!(shown["granted"], json!([]));
}

#[test]
fn what_was_revoked_does_not_come_back() {
    let project = Project::new().guest(guests::ENV);
    for round in 0..10 {
        project.call(["permissions", "grant", "env", "--allow-env=SECRET"]).succeeds();
        thread::scope(|scope| {
            let (project, other) = (&project, format!("--allow-env=OTHER{round}"));
            scope.spawn(move || {
                project.call(["permissions", "revoke", "env", "--allow-env=SECRET"]).succeeds();
            });
            scope.spawn(move || {
                project.call(["permissions", "grant", "env", &other]).succeeds();
            });
        });
        let shown = project.call(["permissions", "show", "env"]).succeeds().stdout();
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(shown.contains(&format!("OTHER{round}")), "{shown}");
    }
}

#[test]
fn twelve_updates_at_once_leave_a_whole_lock_and_the_trust() {
    let names: Vec<String> = (0..12).map(|number| format!("one-{number}")).collect();
    let module = wat::parse_str("(module (func (export \"_start\")))").expect("a module");
    let mut project = Project::new().guest(guests::GREEDY);
    for name in &names {
        project = project.file(format!(".taskrunner/plugins/{name}.wasm"), &module);
    }
    project.call(["update", "greedy", "--accept"]).succeeds();
    project.call(["trust", "--yes"]).succeeds();
    thread::scope(|scope| {
        for name in &names {
            let project = &project;
            scope.spawn(move || {
                project.call(["update", name, "--accept"]).succeeds();
            });
        }
    });
    let lock = project.text("taskrunner.lock");
    for name in names.iter().map(String::as_str).chain(["greedy"]) {
        assert!(lock.contains(&format!("  {name}:\n")), "{name} is not in {lock}");
    }
    project.call(["trust", "--list"]).succeeds().without("changed").without("added");
    project.call(["--locked", "one-7"]).succeeds();
    assert!(!project.files().iter().any(|file| file.starts_with(".taskrunner.lock")));
}

#[test]
fn trust_that_is_revoked_during_an_update_stays_revoked() {
    let module = wat::parse_str("(module (func (export \"_start\")))").expect("a module");
    for round in 0..6 {
        let project = Project::new().guest(guests::GREEDY).file("taskrunner.yaml", "");
        project.call(["update", "--accept"]).succeeds();
        project.call(["trust", "--yes"]).succeeds();
        let project = project.file(".taskrunner/plugins/new.wasm", &module);
        project.call(["trust", "--yes"]).succeeds();
        thread::scope(|scope| {
            let project = &project;
            scope.spawn(move || project.call(["update", "new", "--accept"]).succeeds());
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(20 * round));
                project.call(["trust", "--revoke"]).succeeds();
            });
        });
        let listed = project.call(["trust", "--list"]).succeeds().stdout();
        assert!(!listed.contains("[WORKSPACE]"), "{round}: {listed}");
    }
}

#[test]
fn records_at_once_in_one_file_are_whole() {
    let project = clone();
    project.call(["files", "read", "/x"]).succeeds();
    thread::scope(|scope| {
        for _ in 0..12 {
            let project = &project;
            scope.spawn(move || {
                let records = ["--audit=audit.jsonl", "--receipt=receipt.json"];
                let call = project.call(["--allow-read=sub"]).with(records);
                call.with(["files", "read", "/sub/file.txt"]).succeeds();
            });
        }
    });
    let lines = lines(&project.text("audit.jsonl"));
    let read = lines.iter().filter(|line| line["operation"] == "read" && line["result"] == "ok");
    assert_eq!(read.count() % 12, 0);
    let receipt: Value = serde_json::from_str(&project.text("receipt.json")).expect("JSON");
    assert_eq!(receipt["outcome"], "success");
    assert_eq!(project.files().iter().filter(|file| file.contains(".tmp")).count(), 0);
}
