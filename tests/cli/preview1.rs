//! What a module of WASI preview 1 may not do, call by call: the same as a component, and with numbers of
//! the standard's own.

use std::time::Duration;

use crate::harness::{Input, Project};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

/// Numbers of errors.
const ACCES: i32 = 2;
const NOENT: i32 = 44;
const NOTSUP: i32 = 58;
const PERM: i32 = 63;
const ROFS: i32 = 69;

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const CREATE: u32 = 1;

/// A module with this body of `_start`, as the command `guest`. A path stands in its memory from 1024 on.
fn guest(path: &str, body: &str) -> Project {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open" (func $path_open
                (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $fd_read
                (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite
                (param i32 i32 i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_filestat_set_times" (func $set_times
                (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff
                (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 1024) "{path}")
            (func (export "_start") {body}))"#
    );
    let module = wat::parse_str(text).expect("it is well-formed");
    Project::new().file(".taskrunner/plugins/guest.wasm", module)
}

/// The call that opens the path, whose number then stands at 512.
fn open(path: &str, open: u32, rights: u64) -> String {
    let length = path.len();
    format!(
        "(call $path_open (i32.const 3) (i32.const 1) (i32.const 1024) (i32.const {length})
            (i32.const {open}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 512))"
    )
}

/// A module that opens a path, and exits with what that comes to.
fn opener(path: &str, flags: u32, rights: u64) -> Project {
    guest(path, &format!("(call $proc_exit {})", open(path, flags, rights)))
        .file("in/own.txt", "own")
        .file("canary.txt", "canary")
        .file(".git/config", "canary")
}

#[test]
fn only_what_is_granted_is_opened() {
    for (path, code) in [
        ("in/own.txt", 0),
        ("in/none", NOENT),
        ("canary.txt", ACCES),
        ("in/../canary.txt", ACCES),
        ("in/../../canary.txt", PERM),
        ("../canary.txt", PERM),
        ("/in/own.txt", PERM),
        ("/etc/passwd", PERM),
    ] {
        let project = opener(path, 0, READ);
        project.call(["--allow-read", "in", "guest"]).exits(code).prints("");
        project.call(["guest"]).exits(if code == PERM { PERM } else { ACCES });
    }
}

/// A module that sets the time of a path's last change, and exits with what that comes to.
fn times(path: &str, follows: bool) -> Project {
    let (length, follows, second) = (path.len(), i32::from(follows), 1_000_000_000_i64);
    let body = format!(
        "(call $proc_exit (call $set_times (i32.const 3) (i32.const {follows}) (i32.const 1024)
            (i32.const {length}) (i64.const 0) (i64.const {}) (i32.const 4)))",
        second * second
    );
    guest(path, &body)
        .file("in/own.txt", "own")
        .file("in/below/file", "own")
        .link("in/link", "own.txt")
        .file("canary.txt", "canary")
}

#[cfg(target_os = "linux")]
#[test]
fn times_are_set_of_what_may_be_written() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    for (path, changed, mode, follows, code) in [
        ("in/own.txt", "in/own.txt", 0o600, false, 0),
        ("in/own.txt", "in/own.txt", 0o200, true, 0),
        ("in/own.txt", "in/own.txt", 0o400, true, 0),
        ("in/below", "in/below", 0o600, false, 0),
        ("in/below/file", "in/below/file", 0o600, false, 0),
        ("in/link", "in/own.txt", 0o600, true, 0),
        // A symlink's own times would take a path.
        ("in/link", "in/own.txt", 0o600, false, NOTSUP),
        ("canary.txt", "canary.txt", 0o600, true, ACCES),
    ] {
        let project = times(path, follows);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(project.path("in/own.txt"), permissions).expect("mine");
        let modified = || project.path(changed).metadata().expect("it is there").mtime();
        let before = modified();
        project.call(["--allow-read", "in", "guest"]).exits(match code {
            NOTSUP | 0 => ROFS,
            code => code,
        });
        assert_eq!(modified(), before, "{path}");
        project.call(["--allow-write", "in", "guest"]).exits(code);
        assert_eq!(modified(), if code == 0 { 1_000_000_000 } else { before }, "{path}");
    }
}

#[test]
fn only_what_is_granted_is_written() {
    for (path, flags, code) in [
        ("in/own.txt", 0, 0),
        ("in/new.txt", CREATE, 0),
        ("canary.txt", 0, ACCES),
        ("new.txt", CREATE, ACCES),
        ("in/../../new.txt", CREATE, PERM),
    ] {
        let project = opener(path, flags, WRITE);
        project.call(["--allow-write", "in", "guest"]).exits(code);
        assert_eq!(project.text("canary.txt"), "canary");
    }
    for path in ["in/own.txt", "in/new.txt"] {
        opener(path, CREATE, WRITE).call(["--allow-read", "in", "guest"]).exits(ROFS);
    }
    for (path, flags) in [(".git/config", 0), (".git/hooks", CREATE)] {
        let project = opener(path, flags, WRITE);
        project.call(["--allow-write", ".", "guest"]).exits(ROFS);
        assert_eq!(project.text(".git/config"), "canary");
    }
}

#[cfg(unix)]
#[test]
fn a_link_leads_nowhere_else() {
    for (path, target) in [
        ("in/link", "../canary.txt"),
        ("in/link/canary.txt", ".."),
        ("in/link/passwd", "/etc"),
        ("in/link", "/etc/passwd"),
    ] {
        let project = opener(path, 0, READ).link("in/link", target);
        project.call(["--allow-read", "in", "guest"]).exits(PERM).prints("");
    }
    opener("in/link", 0, READ)
        .link("in/link", "own.txt")
        .call(["--allow-read", "in", "guest"])
        .succeeds();
}

#[test]
fn each_call_is_recorded() {
    for (path, rights, grant, operation, decision) in [
        ("in/own.txt", READ, "--allow-read", "read", "allowed"),
        ("in/own.txt", WRITE, "--allow-write", "write", "allowed"),
        ("in/own.txt", WRITE, "--allow-read", "write", "denied"),
        ("canary.txt", READ, "--allow-read", "read", "denied"),
    ] {
        let project = opener(path, 0, rights);
        let code = match (decision, path) {
            ("allowed", _) => 0,
            (_, "canary.txt") => ACCES,
            _ => ROFS,
        };
        project.call(["--audit", "audit.jsonl", grant, "in", "guest"]).exits(code);
        let audit = project.text("audit.jsonl");
        let operation = format!(r#""operation":"{operation}""#);
        let found: Vec<_> = audit.lines().filter(|line| line.contains(&operation)).collect();
        assert_eq!(found.len(), 1, "{audit}");
        assert!(found[0].contains(path) && found[0].contains(decision), "{audit}");
    }
}

#[test]
fn a_sleep_ends_at_the_time_limit() {
    // One relative time of an hour.
    guest(
        "",
        "(i32.store (i32.const 16) (i32.const 1))
         (i64.store (i32.const 24) (i64.const 3600000000000))
         (call $proc_exit (call $poll_oneoff
            (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))",
    )
    .call(["--time-limit", "300ms", "guest"])
    .exits(124)
    .after(Duration::from_millis(300))
    .in_time(SOON)
    .reporting("guest: took longer than the 300ms allowed");
}

#[test]
fn waiting_for_input_ends_at_the_time_limit() {
    let to_read = "(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 9))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 512)))";
    let to_wait = "(i32.store8 (i32.const 8) (i32.const 1))
        (drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512)))";
    for body in [to_read, to_wait] {
        let project = guest("", body);
        let call = project.call(["--time-limit", "300ms", "guest"]);
        call.input(Input::Silence).exits(124).in_time(SOON);
        project.call(["--time-limit", "30s", "guest"]).succeeds();
    }
}

#[test]
fn an_endless_loop_ends_at_the_time_limit() {
    let project = guest("", "(loop $again (br $again))");
    project.call(["--time-limit", "300ms", "guest"]).exits(124).in_time(SOON);
}

#[test]
fn handles_end_at_their_limit() {
    let body = format!("(loop $again (br_if $again (i32.eqz {})))", open("in", 0, READ));
    guest("in", &format!("{body} (call $proc_exit (i32.const 1))"))
        .directory("in")
        .call(["--allow-read", "in", "--handle-limit", "20", "guest"])
        .exits(153)
        .in_time(SOON)
        .reporting("guest: holds more than the 20 open handles allowed");
}

#[test]
fn a_memory_bomb_ends_at_the_memory_limit() {
    let body = "(loop $again
        (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) (unreachable)";
    guest("", body)
        .call(["--memory-limit", "4MiB", "guest"])
        .exits(137)
        .in_time(SOON)
        .reporting("guest: needs more than the 4.0 MiB of memory allowed");
}

#[test]
fn what_is_written_ends_at_the_disk_limit() {
    // One byte, far behind the end.
    let body = format!(
        "(drop {}) (i32.store (i32.const 4) (i32.const 1))
         (call $proc_exit (call $fd_pwrite (i32.load (i32.const 512))
            (i32.const 0) (i32.const 1) (i64.const 1000000) (i32.const 516)))",
        open("in/new", CREATE, WRITE)
    );
    let project = guest("in/new", &body).directory("in");
    project
        .call(["--allow-write", "in", "--disk-limit", "900KiB", "guest"])
        .exits(153)
        .reporting("guest: writes more than the 900.0 KiB to files allowed");
    project.call(["--allow-write", "in", "--disk-limit", "1MiB", "guest"]).succeeds();
}

#[test]
fn files_end_at_their_limit() {
    // The last character of the name is another one each time.
    let body = format!(
        "(loop $again
            (br_if $again (i32.eqz {}
                (i32.store8 (i32.const 1028) (i32.add (i32.load8_u (i32.const 1028)) (i32.const 1))))))
         (call $proc_exit (i32.const 1))",
        open("in/n0", CREATE, WRITE)
    );
    guest("in/n0", &body)
        .directory("in")
        .call(["--allow-write", "in", "--file-limit", "3", "guest"])
        .exits(153)
        .leaving(&["in/n0", "in/n1", "in/n2"])
        .reporting("guest: creates more than the 3 files and directories allowed");
}

#[test]
fn an_exit_code_is_cut_to_what_is_not_the_runners_own() {
    for (code, found) in [(0u32, 0), (7, 7), (123, 123), (124, 123), (255, 123), (u32::MAX, 123)] {
        let project = guest("", &format!("(call $proc_exit (i32.const {code}))"));
        project.call(["guest"]).exits(found).quietly();
    }
}

#[test]
fn what_is_outside_of_the_memory_is_a_crash() {
    let body = "(drop (call $fd_read (i32.const 0) (i32.const 65532) (i32.const 9) (i32.const 0)))";
    guest("", body).call(["guest"]).exits(134).reporting("guest: crashed");
}
