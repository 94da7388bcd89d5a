//! The second wall as the user meets it, and the first one without the second. What the second one stops
//! alone is in `tests/walls`.

use std::net::TcpListener;

use crate::canaries::{ATTEMPTS, CANARY, FILES};
use crate::harness::{Project, guests};

#[test]
fn it_stands() {
    Project::new()
        .guest(guests::HELLO)
        .call(["hello", "--log-level=debug"])
        .succeeds()
        .reporting("DEBUG taskrunner::sandbox the second wall stands (Landlock ");
}

#[test]
fn it_can_be_asked_for() {
    let project = Project::new().guest(guests::HELLO);
    project.call(["hello", "--require-sandbox"]).succeeds().prints("Hello, world!\n").quietly();
}

#[test]
fn that_it_is_missing_is_said_once() {
    let project = Project::new().guest(guests::FLAKY);
    let ended = project
        .call(["flaky", "3", "--attempts=3", "--backoff-delay=1ms"])
        .without_walls()
        .succeeds()
        .reporting("WARN taskrunner::sandbox the second wall around plugins does not stand: ")
        .reporting("Landlock is absent: the kernel does not have it; seccomp is absent: ");
    assert_eq!(ended.stderr().matches("second wall").count(), 1, "{ended}");
}

#[test]
fn nothing_runs_where_it_is_asked_for_and_missing() {
    let project = Project::new().guest(guests::HELLO);
    let refused = |arguments: &[&str]| {
        project
            .call(arguments)
            .with(["--require-sandbox"])
            .without_walls()
            .exits(126)
            .prints("")
            .reporting(
                "`--require-sandbox` asks for a wall that does not stand: Landlock is absent",
            )
    };
    // Asking it what it is is running it.
    refused(&["hello"]);
    refused(&["list"]);
    // It is known, and compiled.
    project.call(["hello"]).succeeds();
    refused(&["hello"]);
    let ended = refused(&["hello", "--format=json"]);
    assert_eq!(ended.json_lines()[0]["error"]["outcome"], "no-sandbox");
}

/// A guest, behind the first wall alone or behind both: what native code does not get out of the second one
/// (`tests/walls/shared.rs`) it does not get out of the first.
fn is_held(walls: bool) {
    let project = Project::new().guest(guests::FILES).guest(guests::CONNECT);
    let project = project.directory("write/below").file("taskrunner.yaml", "");
    let project = FILES.iter().fold(project, |project, path| project.file(path, CANARY));
    let call = |words: &[&str]| {
        let call = project.call(words);
        if walls { call } else { call.without_walls() }
    };
    let reaches = |operation: &str, path: &str, other: &str| {
        let [path, other] = [path, other].map(|path| format!("/{path}"));
        let grants = ["--allow-read=read", "--allow-write=write"];
        let ended = call(&["files", operation, &path, &other]).with(grants).succeeds();
        ended.stdout().starts_with("ok: ")
    };
    let before = project.files();
    for (operation, path, other) in ATTEMPTS {
        assert!(!reaches(operation, path, other), "{operation} {path} {other}");
        assert_eq!(project.files(), before, "{operation} {path} {other}");
    }
    for path in FILES {
        assert_eq!(project.text(path), CANARY);
    }
    for (operation, path) in
        [("read", "read/file"), ("write", "write/file"), ("mkdir", "write/new")]
    {
        assert!(reaches(operation, path, ""), "{operation} {path}");
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("it can wait for nothing");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let ended = call(&["connect", &port]).succeeds();
    assert_eq!(ended.stdout().matches(": access-denied\n").count(), 4, "{ended}");
    assert!(listener.accept().is_err(), "nobody has come");
}

#[test]
fn the_first_wall_holds_alone() {
    is_held(false);
}

#[test]
fn both_hold_together() {
    is_held(true);
}

/// Links lead nowhere, though only the first wall stands.
#[test]
fn the_first_wall_holds_links_alone() {
    let project = Project::new()
        .guest(guests::FILES)
        .file("write/file", CANARY)
        .file("canary", CANARY)
        .link("write/link", "../canary")
        .link("write/absolute", "/etc/passwd")
        .link("write/up", "..");
    for words in [
        ["read", "/write/link", ""],
        ["write", "/write/link", "dead"],
        ["truncate", "/write/link", ""],
        ["read", "/write/absolute", ""],
        ["read", "/write/up/canary", ""],
        ["remove", "/write/up/canary", ""],
        ["list", "/write/up", ""],
    ] {
        let call = project.call(["files"]).with(words).with(["--allow-write=write"]);
        call.without_walls().succeeds().printing("error: ");
    }
    assert_eq!(project.text("canary"), CANARY);
}
