//! What a plugin finds around it beside files: variables if they are granted, no network, and what is
//! everybody's.

use std::net::TcpListener;

use crate::harness::{Project, guests};

#[test]
fn no_variable_is_granted_by_default() {
    Project::new()
        .guest(guests::ENV)
        .call(["env"])
        .env("SECRET", "hush")
        .succeeds()
        .prints("arguments: []\ndirectory: /\n")
        .quietly();
}

#[test]
fn variables_are_granted_by_name() {
    let project = Project::new().guest(guests::ENV);
    project
        .call(["env", "--allow-env", "SECRET", "--allow-env=OTHER", "--allow-env=NOT_SET"])
        .env("SECRET", "hush")
        .env("OTHER", "żółć = x")
        .env("THIRD", "third")
        .succeeds()
        .printing("SECRET=hush\n")
        .printing("OTHER=żółć = x\n")
        .without("NOT_SET")
        .without("third")
        .without("HOME");
    project
        .call(["env", "--allow-env", "A=B"])
        .exits(2)
        .prints("")
        .reporting("`A=B` is not the name");
}

#[test]
fn the_network_is_out_of_reach() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("it can wait for nothing");
    let port = listener.local_addr().expect("it is bound").port();
    let project = Project::new().guest(guests::CONNECT);
    let ended = project.call(["connect", &port.to_string()]).succeeds();
    insta::assert_snapshot!(ended.stdout());
    let error = listener.accept().expect_err("nobody has come");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn clocks_and_random_numbers_are_everybodys() {
    let project = Project::new().guest(guests::CLOCK);
    let random = || {
        let text = project.call(["clock"]).succeeds().printing("waited: true\n").stdout();
        let line = |name| text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        let seconds: u64 = line("seconds: ").parse().expect("a number");
        assert!(seconds > 1_700_000_000, "{seconds}");
        line("random: ").to_owned()
    };
    assert_ne!(random(), random());
}

#[test]
fn a_grant_without_a_request_is_told_to_have_no_effect() {
    let project = Project::new().guest(guests::HELLO).directory("out");
    project
        .call(["hello", "--allow-write=out", "--allow-env=SECRET", "--allow-connect=a.example:1"])
        .succeeds()
        .reporting("`--allow-write out` has no effect: `hello` does not request it")
        .reporting("`--allow-env SECRET` has no effect")
        .reporting("`--allow-connect a.example:1` has no effect");
}

#[test]
fn a_request_is_not_a_grant() {
    let project = Project::new().guest(guests::GREEDY).directory("out");
    let nothing = "read: false\nwrite: false\nvariable: false\n";
    let call = project.call(["greedy"]).env("SECRET", "hush");
    let ended = call.exits(1).prints(nothing);
    // It says what would have allowed it.
    insta::assert_snapshot!(ended.stderr());
    project
        .call(["greedy", "--allow-write=.", "--allow-env=SECRET"])
        .env("SECRET", "hush")
        .exits(1)
        .prints("read: true\nwrite: true\nvariable: true\n")
        .quietly()
        .leaving(&["out/file"]);
}
