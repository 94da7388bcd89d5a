//! Files of a project that are links to files of the user's: no message shows what is in those.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::harness::{Project, guests};

const SECRET: &str = "hunter2-secret-value";

/// Files in which something is wrong at another place each: for the parser, for a type, for a key, for a schema.
const FILES: [&str; 9] = [
    "machine example.org login me password hunter2-secret-value\n",
    "-----BEGIN PRIVATE KEY-----\nhunter2-secret-value\n-----END PRIVATE KEY-----\n",
    "password: hunter2-secret-value\n",
    "hunter2-secret-value: {}\n",
    "logging: hunter2-secret-value\n",
    "logging: {level: hunter2-secret-value}\n",
    "permissions: {hello: {read: hunter2-secret-value}}\n",
    "version: hunter2-secret-value\nplugins: hunter2-secret-value\n",
    "hello: {hunter2-secret-value: 1}\nsummary: [hunter2-secret-value]\n",
];

/// All that can come of it: it is a mistake, a denial, no command, or nothing that this command reads.
const CODES: [i32; 6] = [0, 1, 2, 125, 126, 127];

fn project(secret: &[u8]) -> Project {
    Project::new().guest(guests::HELLO).beside("home/.netrc", secret)
}

#[test]
fn no_message_shows_what_is_in_them() {
    let calls: &[(&str, &[&str])] = &[
        ("taskrunner.yaml", &["hello"]),
        ("taskrunner.yml", &["clean", "--dry-run"]),
        ("taskrunner.yaml", &["list"]),
        ("taskrunner.yaml", &["trust"]),
        ("taskrunner.lock", &["--locked", "hello"]),
        ("taskrunner.lock", &["update", "--accept"]),
        ("ci.yaml", &["hello", "--config=ci.yaml"]),
        ("plugin.yaml", &["plugin", "build"]),
        ("plugin.yaml", &["plugin", "check"]),
        ("cases.yaml", &["plugin", "test", ".taskrunner/plugins/hello.wasm"]),
        (".taskrunner/plugins/hello.yaml", &["list"]),
        (".taskrunner/plugins/hello.yaml", &["hello"]),
        (".taskrunner/plugins/hello.yaml", &["inspect", "hello"]),
    ];
    for file in FILES.map(str::as_bytes).iter().chain(&[&b"\xffhunter2-secret-value"[..]]) {
        for (link, words) in calls {
            let target = if link.contains('/') { "../../../home/.netrc" } else { "../home/.netrc" };
            let project = project(file).link(link, target);
            let ended = project.call(*words).with(["--log-level=trace"]).exits_with_one_of(&CODES);
            let said = ended.stdout() + &ended.stderr();
            let text = String::from_utf8_lossy(file);
            assert!(!said.contains(SECRET), "{link} {words:?} {text}: {ended}");
            assert!(!said.contains("PRIVATE KEY") && !said.contains("example.org"), "{ended}");
        }
    }
}

#[test]
fn the_message_names_the_link_and_where_it_leads() {
    for (link, words) in
        [("taskrunner.yaml", &["hello"][..]), ("taskrunner.lock", &["--locked", "hello"])]
    {
        let project = project(FILES[0].as_bytes()).link(link, "../home/.netrc");
        let ended = project.call(words).exits(2).prints("");
        let said = ended.stderr().replace("\n  │ ", "");
        assert!(said.contains(link) && said.contains("home/.netrc"), "{ended}");
    }
}

/// What a project links within itself, or a user at home, is shown as any other file.
#[test]
fn links_within_are_shown() {
    let project = Project::new()
        .guest(guests::HELLO)
        .file("conf/run.yaml", "logging: {level: loud}\n")
        .link("taskrunner.yaml", "conf/run.yaml");
    project.call(["hello"]).exits(2).reporting("logging: {level: loud}");
    let project = Project::new()
        .guest(guests::HELLO)
        .beside("outside/dotfiles/config.yaml", "logging: {level: loud}\n");
    let directory = project.beside_path("config/taskrunner");
    fs::create_dir_all(&directory).expect("made");
    symlink("../../outside/dotfiles/config.yaml", directory.join("config.yaml")).expect("a link");
    project.call(["hello"]).exits(2).reporting("logging: {level: loud}");
}

/// A file from outside gives a command nothing to read before the user trusts that.
#[test]
fn a_section_from_outside_takes_trust() {
    let project = Project::new()
        .guest(guests::ECHO)
        .beside("outside/shared.yaml", "echo: {title: from outside}\n")
        .link("taskrunner.yaml", "../outside/shared.yaml");
    let echo = || project.call(["echo", "one"]).succeeds();
    echo().without("from outside\"").reporting("sections of commands, from");
    project.call(["trust", "--yes"]).succeeds().reporting("sections of commands, from");
    let _ = echo().printing("from outside").quietly();
}

/// Nothing but a regular file of a bounded size is read, by whatever link.
#[test]
fn what_has_no_end_is_not_read() {
    let project = Project::new().guest(guests::HELLO);
    let fifo = project.beside_path("outside/fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a FIFO");
    let sparse = project.beside_path("outside/sparse");
    fs::File::create_new(&sparse).and_then(|file| file.set_len(50_000_000_000)).expect("sparse");
    let calls: &[(&str, &[&str])] = &[
        ("taskrunner.yaml", &["hello"]),
        ("taskrunner.lock", &["--locked", "hello"]),
        ("plugin.yaml", &["plugin", "build"]),
        ("cases.yaml", &["plugin", "test", ".taskrunner/plugins/hello.wasm"]),
        (".taskrunner/plugins/x.wasm", &["x"]),
        (".taskrunner/plugins/x.yaml", &["list"]),
        (".taskrunner/plugins/hello.yaml", &["trust", "--yes"]),
        (".git", &["hello", "--allow-write=."]),
    ];
    for target in [fifo.as_path(), &sparse, "/dev/zero".as_ref(), "/proc/kmsg".as_ref()] {
        for (link, words) in calls {
            symlink(target, project.path(link)).expect("a link");
            let ended = project.call(*words).exits_with_one_of(&CODES);
            let _ = ended.in_time(Duration::from_secs(20)).in_memory(512 * 1024 * 1024);
            fs::remove_file(project.path(link)).expect("the link");
        }
    }
}
