//! Every capability × every place that plugins come from (but the system's directories, where only root may
//! put one) × every way to grant or to deny it: what is
//! granted is reached, and what is not stays as it is. A policy that is read and not enforced somewhere fails
//! here, and so does one that gives more than it says.

#![cfg(unix)]

use std::fs;
use std::time::Duration;

use crate::harness::guests::Guest;
use crate::harness::{Call, Project, guests};
use crate::network::servers::{Deaf, Forbidden, echo, greeter, web};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const CANARY: &str = "the canary";

/// Where a plugin comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Workspace,
    User,
    CommandLine,
    Environment,
    Configured,
}

impl Place {
    /// A project whose plugins all come from there.
    fn project(self) -> Project {
        let project = Project::new().file("in/file.txt", CANARY).file("taskrunner.yaml", "");
        [guests::FILES, guests::ENV, guests::SOCKETS, guests::FETCH].into_iter().fold(
            project,
            |project, guest| {
                let file = format!("{}.wasm", guest.name);
                match self {
                    Self::Workspace => project.guest(guest),
                    Self::User => {
                        project.beside(format!("data/taskrunner/plugins/{file}"), guest.bytes)
                    }
                    _ => project.file(format!("tools/{file}"), guest.bytes),
                }
            },
        )
    }

    fn prepare(self, call: Call<'_>) -> Call<'_> {
        match self {
            Self::CommandLine => call.with(["--plugin-dir=tools"]),
            Self::Environment => call.env("TASKRUNNER_PLUGIN_PATH", "tools"),
            _ => call,
        }
    }

    /// What the workspace's configuration says beside the permissions.
    fn line(self) -> &'static str {
        match self {
            Self::Configured => "plugins: {path: [tools]}\n",
            _ => "",
        }
    }
}

/// A way to say what is granted and denied.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Nothing,
    Flag,
    UsersFile,
    WorkspacesFile,
    TrustedFile,
    Remembered,
    FlagAgainstFlag,
    FlagAgainstUsersFile,
    FlagAgainstWorkspacesFile,
    UsersFileAgainstFlag,
}

const WAYS: [Way; 10] = [
    Way::Nothing,
    Way::Flag,
    Way::UsersFile,
    Way::WorkspacesFile,
    Way::TrustedFile,
    Way::Remembered,
    Way::FlagAgainstFlag,
    Way::FlagAgainstUsersFile,
    Way::FlagAgainstWorkspacesFile,
    Way::UsersFileAgainstFlag,
];

impl Way {
    /// What the user's own file, the workspace's file and the flags say.
    fn says(self, probe: &Probe) -> [String; 3] {
        let Probe { guest, kind, target, .. } = probe;
        let allows = format!("permissions: {{{}: {{{kind}: ['{target}']}}}}\n", guest.name);
        let denies =
            format!("permissions: {{{}: {{deny: {{{kind}: ['{target}']}}}}}}\n", guest.name);
        let [allow, deny] = ["allow", "deny"].map(|word| format!("--{word}-{kind}={target}"));
        let nothing = String::new;
        match self {
            Self::Nothing => [nothing(), nothing(), nothing()],
            Self::Flag | Self::Remembered => [nothing(), nothing(), allow],
            Self::UsersFile => [allows, nothing(), nothing()],
            Self::WorkspacesFile | Self::TrustedFile => [nothing(), allows, nothing()],
            Self::FlagAgainstFlag => [nothing(), nothing(), format!("{allow} {deny}")],
            Self::FlagAgainstUsersFile => [denies, nothing(), allow],
            // A denial needs no trust.
            Self::FlagAgainstWorkspacesFile => [nothing(), denies, allow],
            Self::UsersFileAgainstFlag => [allows, nothing(), deny],
        }
    }

    fn reaches(self, kind: &str) -> bool {
        match self {
            Self::Flag | Self::UsersFile | Self::TrustedFile | Self::Remembered => true,
            // What stays inside the workspace takes no trust.
            Self::WorkspacesFile => ["read", "write"].contains(&kind),
            _ => false,
        }
    }
}

/// One use of a capability.
struct Probe {
    kind: &'static str,
    guest: Guest,
    words: Vec<String>,
    target: String,
    /// What the guest prints if it was reached.
    reached: &'static str,
}

/// Each capability's use. A port where nobody may come takes the place of a server's.
fn probes(tcp: u16, udp: u16, http: u16) -> [Probe; 7] {
    let probe = |kind, guest, words: &[&str], target: &str, reached| Probe {
        kind,
        guest,
        words: words.iter().map(ToString::to_string).collect(),
        target: target.to_owned(),
        reached,
    };
    let at = |port: u16| format!("127.0.0.1:{port}");
    let [tcp, udp, http] = [tcp, udp, http].map(at);
    [
        probe("read", guests::FILES, &["read", "/in/file.txt"], "in/file.txt", "ok: the canary"),
        probe("write", guests::FILES, &["append", "/in/file.txt", "!"], "in/file.txt", "ok: done"),
        probe("env", guests::ENV, &[], "CANARY", "CANARY=the canary"),
        probe("connect", guests::SOCKETS, &[&format!("tcp={tcp}")], &tcp, ": hello"),
        probe("udp", guests::SOCKETS, &[&format!("udp={udp}")], &udp, ": re: ping"),
        probe("resolve", guests::SOCKETS, &["resolve=localhost"], "localhost", ": found"),
        probe("http", guests::FETCH, &[&format!("http://{http}/")], &http, ": 200 hello"),
    ]
}

/// Whether a use reaches what it wants to, and the canary is what that makes of it.
#[track_caller]
fn reaches(project: &Project, place: Place, probe: &Probe, flags: &str) -> bool {
    fs::write(project.path("in/file.txt"), CANARY).expect("written");
    let call = project.call([probe.guest.name]).with(probe.words.iter().map(String::as_str));
    let call = place.prepare(call.with(flags.split_whitespace()));
    // Who gets through to a port where nobody may come waits there.
    let call = call.with(["--time-limit=20s"]);
    let ended = call.env("CANARY", CANARY).succeeds().in_time(SOON);
    let reached = ended.stdout().contains(probe.reached);
    let expected = if reached && probe.kind == "write" { "the canary!" } else { CANARY };
    assert_eq!(project.text("in/file.txt"), expected);
    if !reached {
        assert!(!ended.stdout().contains(CANARY), "{ended}");
        // That a variable is not there is no attempt.
        let told = ended.stderr().contains(&format!("{} was denied:\n", probe.guest.name));
        assert!(told || probe.kind == "env", "{ended}");
    }
    reached
}

fn write_files(project: &Project, place: Place, users: &str, workspaces: &str) {
    let users_file = project.beside_path("config/taskrunner/config.yaml");
    fs::create_dir_all(users_file.parent().expect("it has one")).expect("a directory");
    fs::write(users_file, users).expect("written");
    let text = format!("{}{workspaces}", place.line());
    fs::write(project.path("taskrunner.yaml"), text).expect("written");
}

/// All capabilities of plugins of one place, in every way.
fn every_way(place: Place) {
    let (tcp, udp, http) = (greeter(), echo(), web());
    let (no_tcp, no_udp, no_http) = (Forbidden::new(), Deaf::new(), Forbidden::new());
    let reached = probes(tcp, udp, http);
    let kept = probes(no_tcp.port(), no_udp.port(), no_http.port());
    let project = place.project();
    for (granted, denied) in reached.iter().zip(&kept) {
        for way in WAYS {
            let expected = way.reaches(granted.kind);
            let probe = if expected { granted } else { denied };
            let [users, workspaces, flags] = way.says(probe);
            write_files(&project, place, &users, &workspaces);
            let runner = |words: &[&str]| place.prepare(project.call(words)).succeeds();
            let mut given = flags.as_str();
            match way {
                Way::TrustedFile => drop(runner(&["trust", "--yes"])),
                Way::Remembered => {
                    runner(&["permissions", "grant", probe.guest.name, &flags]);
                    given = "";
                }
                _ => {}
            }
            let result = reaches(&project, place, probe, given);
            assert_eq!(result, expected, "{place:?}, {}, {way:?}", probe.kind);
            match way {
                Way::TrustedFile => drop(runner(&["trust", "--revoke"])),
                Way::Remembered => drop(runner(&["permissions", "revoke", probe.guest.name])),
                _ => {}
            }
        }
    }
    no_tcp.nobody_came();
    no_udp.nothing_came();
    no_http.nobody_came();
}

#[test]
fn plugins_of_the_workspace() {
    every_way(Place::Workspace);
}

#[test]
fn plugins_of_the_user() {
    every_way(Place::User);
}

#[test]
fn plugins_of_a_directory_of_the_command_line() {
    every_way(Place::CommandLine);
}

#[test]
fn plugins_of_a_directory_of_the_environment() {
    every_way(Place::Environment);
}

#[test]
fn plugins_of_a_directory_of_the_configuration() {
    every_way(Place::Configured);
}

/// As much of each capability as one flag gives on this machine, without names of hosts.
const WIDEST: [(&str, &str); 7] = [
    ("read", "--allow-read=."),
    ("write", "--allow-write=."),
    ("env", "--allow-env=*"),
    ("connect", "--allow-connect=127.0.0.0/8:*"),
    ("udp", "--allow-udp=127.0.0.0/8:*"),
    ("resolve", "--allow-resolve=*"),
    ("http", "--allow-http=127.0.0.0/8:*"),
];

/// A grant of one capability is none of another one, however wide it is.
#[test]
fn a_grant_gives_itself_alone() {
    let project = Place::User.project();
    let (no_tcp, no_udp, no_http) = (Forbidden::new(), Deaf::new(), Forbidden::new());
    for probe in probes(no_tcp.port(), no_udp.port(), no_http.port()) {
        for (kind, flag) in WIDEST {
            // Who may write a file may read it.
            if kind == probe.kind || (kind, probe.kind) == ("write", "read") {
                continue;
            }
            assert!(!reaches(&project, Place::User, &probe, flag), "{} by {flag}", probe.kind);
        }
        let flags: Vec<&str> = WIDEST
            .iter()
            .filter(|(kind, _)| *kind != probe.kind && (*kind, probe.kind) != ("write", "read"))
            .map(|(_, flag)| *flag)
            .collect();
        assert!(!reaches(&project, Place::User, &probe, &flags.join(" ")), "{}", probe.kind);
    }
    no_tcp.nobody_came();
    no_udp.nothing_came();
    no_http.nobody_came();
}

/// The embedded commands have what they request inside the workspace, and a denial takes it from them.
#[test]
fn embedded_commands_obey_every_denial() {
    let new = || {
        Project::new()
            .file("taskrunner.yaml", "")
            .file("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
            .file("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
            .file("target/canary", CANARY)
    };
    let denies = |command: &str, kind: &str, target: &str| {
        format!("permissions: {{{command}: {{deny: {{{kind}: ['{target}']}}}}}}\n")
    };
    // It finds nothing, or cannot remove what it finds.
    for (kind, target, code) in
        [("write", ".", 1), ("write", "target/**", 1), ("read", "target", 0)]
    {
        for place in ["flag", "user", "workspace"] {
            let project = new();
            let text = denies("clean", kind, target);
            let call = match place {
                "flag" => project.call(["clean"]).with([&*format!("--deny-{kind}={target}")]),
                "user" => {
                    write_files(&project, Place::Workspace, &text, "");
                    project.call(["clean"])
                }
                _ => {
                    write_files(&project, Place::Workspace, "", &text);
                    project.call(["clean"])
                }
            };
            call.exits(code).in_time(SOON);
            assert_eq!(project.text("target/canary"), CANARY, "{kind} {target} by {place}");
        }
    }
    for (denied, code) in [("--deny-write=dist", 1), ("--deny-read=src", 2)] {
        let project = new()
            .file("src/a.json", "{}")
            .file("build.json", r#"{"build": {"inputs": ["src/**"]}}"#);
        let before = project.files();
        project.call(["build", "--config=build.json", denied]).exits(code).in_time(SOON);
        assert_eq!(project.files(), before, "{denied}");
    }
    let project = new();
    project.call(["clean"]).succeeds();
    assert!(!project.path("target").exists());
}

/// What they do not request is no capability of theirs, whatever is granted.
#[test]
fn embedded_commands_are_proven_to_have_no_other_capability() {
    let project = Project::new();
    for command in ["clean", "build"] {
        let forbid = "--forbid=network";
        project.call(["inspect", command, forbid]).succeeds();
        let flags =
            ["--allow-env=CANARY", "--allow-connect=127.0.0.1:1", "--allow-http=127.0.0.1:1"];
        let shown = project.call(["permissions", "show", command]).with(flags);
        let shown = shown.env("CANARY", CANARY).succeeds();
        assert!(!shown.stdout().contains(CANARY), "{shown}");
    }
}
