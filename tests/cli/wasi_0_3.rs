//! Programs for WASI 0.3: the same mediation and the same ceilings as for 0.2, where they are called in
//! another way and their contents pass as streams.

#![cfg(unix)]

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::guests::Guest;
use crate::harness::{Ended, Input, Project};
use crate::network::servers::{Deaf, Forbidden, echo, greeter};

/// It does what its arguments say, such as `read:PATH`, and tells by exit code 3 that something failed.
const SHOW: Guest =
    Guest { name: "show", bytes: include_bytes!("../fixtures/programs/prebuilt/rust-0.3.wasm") };

/// It goes to the limit that its first argument names.
const STRAIN: Guest = Guest {
    name: "strain",
    bytes: include_bytes!("../fixtures/programs/prebuilt/rust-0.3-strain.wasm"),
};

/// Much longer than any of these takes, and much shorter than the programs would.
const SOON: Duration = Duration::from_secs(30);

fn project() -> Project {
    Project::new()
        .guest(SHOW)
        .guest(STRAIN)
        .file("taskrunner.yaml", "show: {key: value}\n")
        .file("in/one.txt", "one\n")
        .file("in/two.txt", "two\n")
        .file("out/old.txt", "old\n")
        .beside("outside/canary.txt", "canary")
}

/// What a run of `show` prints after its arguments and its configuration.
fn shown(ended: &Ended<'_>) -> String {
    let stdout = ended.stdout();
    let (_, rest) = stdout.split_once("config: {\"key\":\"value\"}\n").expect("the configuration");
    rest.to_owned()
}

#[test]
fn a_program_gets_its_arguments_its_configuration_and_its_input() {
    let project = project();
    let call = project.call(["show", "a b", "stdin", "env:HOME"]);
    let ended = call.input(Input::Bytes(b"typed\n".to_vec())).succeeds().quietly();
    ended.prints(
        "arguments:\n[a b]\n[stdin]\n[env:HOME]\nconfig: {\"key\":\"value\"}\ntyped\nunset\n",
    );
    let ended = project.call(["--allow-env=HOME", "show", "env:HOME"]).succeeds();
    assert_eq!(shown(&ended), "[ROOT]/home\n");
}

#[test]
fn an_exit_code_is_the_programs_own() {
    let project = project();
    for code in [0, 1, 9, 123] {
        project.call(["show", &format!("exit:{code}")]).exits(code);
    }
    // Those above are the runner's.
    project.call(["show", "exit:200"]).exits(123);
    project.call(["strain", "fail"]).exits(1).quietly();
}

#[test]
fn files_are_read_where_that_is_granted() {
    let project = project();
    let ended = project.call(["--allow-read=in", "show", "read:in/one.txt", "list:in"]);
    assert_eq!(shown(&ended.succeeds().quietly()), "one\none.txt\ntwo.txt\n");
    for path in ["in/one.txt", "out/old.txt", "../outside/canary.txt"] {
        project
            .call(["show", &format!("read:{path}")])
            .exits(3)
            .reporting(&format!("cannot read {path}: "))
            .without("canary\n");
    }
    // What may not be seen is not listed.
    let words = ["--allow-read=in", "--deny-read=in/two.txt", "show", "list:in"];
    let ended = project.call(words).succeeds();
    assert_eq!(shown(&ended), "one.txt\n");
    project
        .call(["show", "list:in"])
        .exits(3)
        .reporting("cannot list in: ErrorCode::Access\n")
        .reporting("[WORKSPACE]/in: not granted");
}

#[test]
fn files_are_written_where_that_is_granted() {
    let project = project();
    let words = ["--allow-write=out", "show", "write:out/new.txt=new", "write:out/old.txt=x"];
    project.call(words).succeeds().quietly();
    assert_eq!(project.text("out/new.txt"), "new");
    assert_eq!(project.text("out/old.txt"), "x");
    project.call(["--allow-write=out", "strain", "append", "out/new.txt", "er", "!"]).succeeds();
    assert_eq!(project.text("out/new.txt"), "newer!");
    for (flag, code) in [("--allow-read=in", "ReadOnly"), ("--allow-write=out", "Access")] {
        project
            .call([flag, "show", "write:in/one.txt=x"])
            .exits(3)
            .reporting(&format!("cannot write in/one.txt: ErrorCode::{code}\n"));
    }
    assert_eq!(project.text("in/one.txt"), "one\n");
}

#[test]
fn no_path_leads_out() {
    let project = project()
        .link("in/out", "../../outside")
        .link("in/absolute", "/")
        .link("in/file", "../../outside/canary.txt");
    for path in
        ["../outside/canary.txt", "in/../../outside/canary.txt", "in/out/canary.txt", "in/file"]
    {
        for verb in ["read:", "write:"] {
            let ended = project.call(["--allow-write=in", "show", &format!("{verb}{path}")]);
            ended.exits(3).reporting("NotPermitted\n").without("canary\n");
        }
    }
    assert_eq!(std::fs::read(project.beside_path("outside/canary.txt")).expect("it is"), b"canary");
}

#[test]
fn each_decision_is_a_line_of_the_audit() {
    let project = project();
    project
        .call(["--allow-read=in", "--audit=audit.jsonl", "show"])
        .with(["read:in/one.txt", "read:out/old.txt", "write:in/one.txt=x"])
        .exits(3);
    let text = project.masked(&project.text("audit.jsonl"));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of the audit"))
        .map(|line: Value| json!([line["operation"], line["target"], line["decision"]]))
        .collect();
    for line in [
        json!(["read", "[WORKSPACE]/in/one.txt", "allowed"]),
        json!(["read", "[WORKSPACE]/out/old.txt", "denied"]),
        json!(["write", "[WORKSPACE]/in/one.txt", "denied"]),
    ] {
        assert!(lines.contains(&line), "{line} in {lines:?}");
    }
}

#[test]
fn waiting_ends_at_the_time_limit() {
    let project = project();
    for what in ["sleep", "spin", "echo"] {
        project
            .call(["--time-limit=300ms", "strain", what])
            .input(Input::Silence)
            .exits(124)
            .after(Duration::from_millis(300))
            .in_time(SOON)
            .reporting("strain: took longer than the 300ms allowed");
    }
}

#[test]
fn who_waits_for_nobody_ends_at_once() {
    project()
        .call(["strain", "wait"])
        .exits(134)
        .in_time(SOON)
        .reporting("strain: crashed: wasm trap: deadlock detected");
}

#[test]
fn output_is_metered() {
    let project = project();
    let full = "strain: wrote more than the 1.0 MiB of output allowed";
    let limit = "--output-limit=1MiB";
    let ended = project.call([limit, "strain", "flood"]).exits(153).reporting(full);
    assert_eq!(ended.bytes().len(), 1 << 20);
    // The guest has no part in it: the host's input is put out by the host.
    let input = Input::Bytes(vec![b'x'; 3 << 20]);
    let ended = project.call([limit, "strain", "echo"]).input(input).exits(153).reporting(full);
    assert_eq!(ended.bytes().len(), 1 << 20);
}

#[test]
fn output_that_nobody_reads_ends_the_run() {
    project().call(["strain", "flood"]).unread().exits(141).in_time(SOON).quietly();
}

#[test]
fn output_on_a_terminal_is_escaped() {
    let project = project().file("in/hostile.txt", "\u{1b}]0;title\u{7}\u{1b}[2J");
    for words in [["show", "read:in/hostile.txt", ""], ["strain", "copy", "in/hostile.txt"]] {
        let call = project.call(["--allow-read=in"]).with(words).on_terminal();
        let ended = call.succeeds();
        let shown = String::from_utf8_lossy(ended.bytes()).into_owned();
        assert!(shown.contains("title") && !shown.contains("\u{1b}]"), "{shown:?}");
        assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{7}'), "{shown:?}");
    }
}

#[test]
fn what_is_written_is_metered() {
    let project = project();
    let flags = ["--allow-write=out", "--disk-limit=1MiB", "strain"];
    let full = "strain: writes more than the 1.0 MiB to files allowed";
    project.call(flags).with(["fill", "out/big"]).exits(153).in_time(SOON).reporting(full);
    let size = |path| project.path(path).metadata().expect("it is there").len();
    assert!(size("out/big") <= 1 << 20);
    // A gap counts as if it were written.
    project.call(flags).with(["gap", "out/gap"]).exits(153).reporting(full);
    assert_eq!(size("out/gap"), 0);
}

#[test]
fn memory_ends_at_its_limit() {
    project()
        .call(["--memory-limit=32MiB", "strain", "grow"])
        .exits(137)
        .in_time(SOON)
        .reporting("strain: needs more than the 32.0 MiB of memory allowed");
}

#[test]
fn what_the_host_keeps_for_a_guest_ends_at_the_limit_of_handles() {
    let project = project();
    for (what, path) in [
        ("descriptors", "in/one.txt"),
        ("readers", "in/one.txt"),
        ("listings", "in"),
        ("streams", ""),
        ("outputs", ""),
        ("tasks", ""),
    ] {
        project
            .call(["--allow-read=in", "--handle-limit=50", "strain", what, path])
            .exits(153)
            .in_time(SOON)
            .in_memory(200 << 20)
            .reporting("strain: holds more than the 50 open handles allowed");
    }
}

#[test]
fn a_program_may_use_two_versions_at_once() {
    project().call(["strain", "worlds"]).succeeds().prints("2\ntrue 16\n").quietly();
}

#[test]
fn bytes_pass_unchanged_between_ends_of_the_hosts() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let project = project().file("in/bytes", &bytes);
    let ended = project.call(["--allow-read=in", "strain", "copy", "in/bytes"]).succeeds();
    assert!(ended.bytes() == bytes);
    let ended = project.call(["strain", "echo"]).input(Input::Bytes(bytes.clone())).succeeds();
    assert!(ended.bytes() == bytes);
}

#[test]
fn sockets_go_where_it_is_granted() {
    let (port, datagrams) = (greeter(), echo());
    let project = project();
    // The greeter closes without having read: it is told nothing.
    for (step, target, text, flag, answer) in [
        ("connect", format!("127.0.0.1:{port}"), "", "connect=127.0.0.1:*", "hello\n"),
        ("udp", format!("127.0.0.1:{datagrams}"), "ping", "udp=127.0.0.1:*", "ping\n"),
        ("resolve", "127.0.0.1".to_owned(), "", "resolve=localhost", "1\n"),
        ("resolve", "localhost".to_owned(), "", "resolve=localhost", "\n"),
    ] {
        let flag = format!("--allow-{flag}");
        let ended = project.call([&flag, "strain", step, &target, text]).succeeds();
        ended.quietly().printing(answer).without("ErrorCode");
    }
}

#[test]
fn sockets_go_nowhere_else() {
    let (server, datagrams) = (Forbidden::new(), Deaf::new());
    let (tcp, udp) = (server.port(), datagrams.port());
    let project = project();
    let denied = |step: &str, target: &str, flag: &str, told: &str, stopped: &str| {
        project
            .call(Some(flag).filter(|flag| !flag.is_empty()))
            .with(["strain", step, target, "ping"])
            .succeeds()
            .prints(&format!("{stopped}ErrorCode::AccessDenied\n"))
            .reporting(told);
    };
    let (peer, other) = (format!("127.0.0.1:{tcp}"), format!("--allow-connect=127.0.0.1:{udp}"));
    denied("connect", &peer, "", "  connect HOST:PORT: not granted", "create ");
    denied("connect", &peer, &other, &format!("  connect {peer}: not granted"), "connect ");
    let (peer, other) = (format!("127.0.0.1:{udp}"), format!("--allow-udp=127.0.0.1:{tcp}"));
    denied("udp", &peer, "", "  udp HOST:PORT: not granted", "create ");
    denied("udp", &peer, &other, &format!("  udp {peer}: not granted"), "send ");
    denied("bind", "", &other, "  listen 0.0.0.0:0: nobody may listen", "listen ");
    denied("resolve", "example.org", "", "  resolve example.org: not granted", "");
    denied("resolve", "example.org", "--allow-resolve=localhost", "not granted", "");
    server.nobody_came();
    datagrams.nothing_came();
}

#[test]
fn requests_are_not_offered() {
    // An import that the runner does not have is told by its name.
    let component = wat::parse_str(
        r#"(component
            (import "wasi:http/client@0.3.0" (instance $client (export "send" (func))))
            (core module $m (func (export "run") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.3.0" (instance $run)))"#,
    )
    .expect("it is well-formed");
    Project::new()
        .guest(Guest { name: "http", bytes: component.leak() })
        .call(["http"])
        .exits(125)
        .reporting("`wasi:http/client@0.3.0`");
}
