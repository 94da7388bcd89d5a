//! TCP, UDP and look-ups of names.

use super::servers::{Deaf, Forbidden, echo, greeter, stranger, web};
use crate::harness::{Project, guests};

/// Takes one step with sockets under some flags: what came of it, and what was told of it.
fn take(step: &str, flags: &[String]) -> (String, String) {
    let project = Project::new().guest(guests::SOCKETS);
    let ended = project.call(["sockets", step]).with(flags.iter().map(String::as_str)).succeeds();
    let stdout = ended.stdout();
    let result = stdout.strip_prefix(&format!("{step}: ")).expect("the step comes first");
    (result.trim_end().to_owned(), ended.stderr())
}

/// A step that nothing stops.
#[track_caller]
fn gives(step: &str, flags: &[String], expected: &str) {
    assert_eq!(take(step, flags), (expected.to_owned(), String::new()), "{step} with {flags:?}");
}

/// A step that is refused, with this said in the log.
#[track_caller]
fn is_refused(step: &str, flags: &[String], told: &str) {
    let (result, log) = take(step, flags);
    assert_eq!(result, "error: access-denied", "{step} with {flags:?}: {log}");
    // Where nothing is granted, there is not even a socket that could name its peer.
    let (operation, _) = told.split_once(' ').expect("what was tried");
    let told = match flags {
        [] if operation != "resolve" => format!("  {operation} HOST:PORT: not granted"),
        _ => format!("  {told}"),
    };
    assert!(log.contains(&told), "{step} with {flags:?}: {log}");
}

#[test]
fn tcp_goes_where_it_is_granted() {
    let port = greeter();
    let step = format!("tcp=127.0.0.1:{port}");
    for flag in [
        format!("--allow-connect=127.0.0.1:{port}"),
        "--allow-connect=127.0.0.1:*".to_owned(),
        format!("--allow-connect=127.0.0.0/8:{port}"),
        format!("--allow-connect=localhost:{port}"),
        format!("--allow-connect=[::ffff:127.0.0.1]:{port}"),
    ] {
        gives(&step, &[flag], "hello");
    }
    // A grant of a name includes its look-up.
    gives(
        &format!("tcp=localhost:{port}"),
        &[format!("--allow-connect=LocalHost.:{port}")],
        "hello",
    );
}

#[test]
fn tcp_goes_nowhere_else() {
    let server = Forbidden::new();
    let port = server.port();
    let other = port ^ 1;
    let step = format!("tcp=127.0.0.1:{port}");
    let told = format!("connect 127.0.0.1:{port}: ");
    for flags in [
        vec![],
        vec![format!("--allow-connect=127.0.0.1:{other}")],
        vec![format!("--allow-connect=127.0.0.2:{port}")],
        vec![format!("--allow-udp=127.0.0.1:{port}")],
        vec![format!("--allow-http=127.0.0.1:{port}"), "--allow-resolve=*".to_owned()],
        // Everything is not the machine itself.
        vec![format!("--allow-connect=*:{port}")],
        vec!["--allow-connect=*:*".to_owned(), "--allow-connect=0.0.0.0/0:*".to_owned()],
        vec!["--allow-connect=127.0.0.1:*".to_owned(), format!("--deny-connect=*:{port}")],
        vec![
            format!("--allow-connect=localhost:{port}"),
            "--deny-connect=127.0.0.0/8:*".to_owned(),
        ],
    ] {
        is_refused(&step, &flags, &told);
    }
    server.nobody_came();
}

#[test]
fn an_address_in_another_dress_is_the_same() {
    let server = Forbidden::new();
    let port = server.port();
    let all = ["--allow-connect=*:*".to_owned(), "--allow-connect=[::]/0:*".to_owned()];
    // WASI knows neither of these two as an address to connect to.
    for mapped in ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0"] {
        let (result, _) = take(&format!("tcp={mapped}:{port}"), &all);
        assert_eq!(result, "error: invalid-argument", "{mapped}");
    }
    for odd in ["127.1", "0x7f000001", "2130706433", "0177.0.0.1"] {
        let (result, _) = take(&format!("tcp={odd}:{port}"), &all);
        assert_eq!(result, "error: invalid-argument", "{odd}");
    }
    is_refused(&format!("tcp=localhost:{port}"), &all, &format!("connect localhost:{port}: "));
    server.nobody_came();
}

/// Whatever the machine's own names are: where they lead to loopback, only `localhost` may.
#[test]
fn a_name_does_not_lead_to_the_machine_itself() {
    let server = Forbidden::new();
    let port = server.port();
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = hosts
        .lines()
        .filter_map(|line| line.strip_prefix("127.0.0.1"))
        .flat_map(str::split_whitespace)
        .take_while(|word| !word.starts_with('#'))
        .filter(|name| *name != "localhost");
    for name in names {
        let flags = [format!("--allow-connect={name}:{port}")];
        let told = format!(
            "connect {name}:{port}: connect {name}:{port} (command line) does not reach 127.0.0.1, a loopback"
        );
        is_refused(&format!("tcp={name}:{port}"), &flags, &told);
    }
    server.nobody_came();
}

#[test]
fn datagrams_go_where_they_are_granted() {
    let port = echo();
    let flags = [format!("--allow-udp=127.0.0.1:{port}")];
    gives(&format!("udp=127.0.0.1:{port}"), &flags, "re: ping");
    gives(&format!("datagram=127.0.0.1:{port}"), &flags, "re: ping");
    let flags = [format!("--allow-udp=localhost:{port}")];
    gives(&format!("udp=localhost:{port}"), &flags, "re: ping");
}

#[test]
fn datagrams_go_nowhere_else() {
    let server = Deaf::new();
    let port = server.port();
    let other = port ^ 1;
    for step in [format!("udp=127.0.0.1:{port}"), format!("datagram=127.0.0.1:{port}")] {
        for flags in [
            vec![],
            vec![format!("--allow-udp=127.0.0.1:{other}")],
            vec![format!("--allow-connect=127.0.0.1:{port}")],
            vec!["--allow-udp=*:*".to_owned()],
            vec![format!("--allow-udp=127.0.0.1:{port}"), "--deny-udp=localhost:*".to_owned()],
        ] {
            is_refused(&step, &flags, &format!("udp 127.0.0.1:{port}: "));
        }
    }
    server.nothing_came();
}

#[test]
fn answers_come_from_granted_peers_alone() {
    let port = stranger();
    let step = format!("datagram=127.0.0.1:{port}");
    gives(&step, &[format!("--allow-udp=127.0.0.1:{port}")], "silence");
    gives(&step, &["--allow-udp=127.0.0.1:*".to_owned()], "re: ping");
}

#[test]
fn nobody_listens() {
    let all = ["connect", "udp"].map(|kind| format!("--allow-{kind}=localhost:*"));
    is_refused("listen=127.0.0.1:0", &all, "listen 127.0.0.1:0: ");
    is_refused("listen=0.0.0.0:0", &all, "listen 0.0.0.0:");
    is_refused("listen=127.0.0.1:18080", &all, "listen 127.0.0.1:18080: ");
    is_refused("bind-udp=127.0.0.1:18080", &all, "listen 127.0.0.1:18080: ");
}

#[test]
fn names_are_looked_up_if_that_is_granted() {
    let found = |flag: &str| gives("resolve=localhost", &[flag.to_owned()], "found");
    found("--allow-resolve=localhost");
    found("--allow-resolve=*");
    found("--allow-connect=localhost:1");
    found("--allow-udp=localhost:1");
    let refused = |step: &str, flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let name = step.strip_prefix("resolve=").expect("a name");
        is_refused(step, &flags, &format!("resolve {}: ", name.to_lowercase()));
    };
    refused("resolve=localhost", &[]);
    refused("resolve=localhost", &["--allow-resolve=*.localhost"]);
    refused("resolve=LOCALHOST", &["--allow-resolve=*", "--deny-resolve=localhost"]);
    refused("resolve=localhost", &["--allow-http=localhost:*"]);
    refused("resolve=localhost", &["--allow-connect=127.0.0.1:*"]);
    // A look-up is no connection.
    let port = greeter();
    is_refused(
        &format!("tcp=localhost:{port}"),
        &["--allow-resolve=localhost".to_owned()],
        &format!("connect localhost:{port}: "),
    );
    // An address needs no look-up.
    gives("resolve=1.1.1.1", &[], "found");
    let (result, _) = take("resolve=no such name", &["--allow-resolve=*".to_owned()]);
    assert_eq!(result, "error: invalid-argument");
}

#[test]
fn a_grant_for_http_gives_no_socket_and_the_reverse() {
    let port = web();
    let project = Project::new().guest(guests::FETCH).guest(guests::SOCKETS);
    let url = format!("http://127.0.0.1:{port}/");
    project
        .call(["fetch", &url, &format!("--allow-connect=127.0.0.1:{port}")])
        .succeeds()
        .prints(&format!("{url}: error: HttpRequestDenied\n"));
    project
        .call([
            "sockets",
            &format!("tcp=127.0.0.1:{port}"),
            &format!("--allow-http=127.0.0.1:{port}"),
        ])
        .succeeds()
        .printing("error: access-denied");
}

#[test]
fn what_is_no_endpoint_is_a_mistake() {
    let project = Project::new().guest(guests::SOCKETS);
    for (flag, reported) in [
        ("--allow-connect=example.org", "there is no port: write `example.org:443`"),
        ("--deny-udp=127.1:53", "`127.1` is no host"),
        ("--allow-connect=example.org:0", "`0` is no port"),
        ("--allow-resolve=127.0.0.1", "what is looked up is a name"),
        ("--allow-http=ftp://example.org", "only `http://` and `https://`"),
        ("--allow-connect=10.1.0.0/8:1", "write `10.0.0.0/8`"),
    ] {
        project.call(["sockets", "x=y", flag]).exits(2).prints("").reporting(reported);
    }
}
