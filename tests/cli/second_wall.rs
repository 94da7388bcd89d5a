//! The second wall as the user meets it, and the first one without the second. What the second one stops
//! alone is in `tests/walls`.

use std::net::TcpListener;

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

/// What is not granted stays out of reach though only the first wall stands.
#[test]
fn the_first_wall_holds_alone() {
    let project = Project::new()
        .guest(guests::FILES)
        .guest(guests::CONNECT)
        .file("inside/file", "inside")
        .file("canary", "canary")
        .link("inside/link", "../canary");
    let reaches = |arguments: &[&str]| {
        let call = project.call(["files"]).with(arguments.iter().copied());
        call.with(["--allow-write=inside"]).without_walls()
    };
    reaches(&["read", "/inside/file"]).succeeds().prints("ok: inside\n");
    for denied in [
        &["read", "/canary"][..],
        &["read", "/inside/../canary"],
        &["read", "/inside/link"],
        &["write", "/canary", "dead"],
        &["write", "/inside/link", "dead"],
        &["remove", "/canary"],
        &["rename", "/canary", "/inside/canary"],
    ] {
        reaches(denied).succeeds().printing("error: ");
    }
    assert_eq!(project.text("canary"), "canary");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("it can wait for nothing");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    project.call(["connect", &port]).without_walls().succeeds();
    assert!(listener.accept().is_err(), "nobody has come");
}
