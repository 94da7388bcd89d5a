//! Under a CI system that obeys commands in what a step writes, a plugin cannot give it any; elsewhere
//! nothing is changed.

use crate::harness::{Call, Project, guests};

/// What would be obeyed, and what is written in its place.
const COMMANDS: [(&str, &str); 9] = [
    ("::add-mask::x", r":\:add-mask::x"),
    ("one\n::set-env name=PATH::x\n", "one\n:\\:set-env name=PATH::x\n"),
    (" \t::stop-commands::token", " \t:\\:stop-commands::token"),
    ("\u{a0}\u{2003}::error::x", "\u{a0}\u{2003}:\\:error::x"),
    ("one\r::warning::x\r\n::notice::x", "one\r:\\:warning::x\r\n:\\:notice::x"),
    ("a line with ##[add-mask]x", r"a line with ##\[add-mask]x"),
    ("###[group]x", r"###\[group]x"),
    ("x ##vso[task.setvariable variable=x]y", r"x ##vso\[task.setvariable variable=x]y"),
    ("##teamcity[setParameter name='x']", r"##teamcity\[setParameter name='x']"),
];

/// The variables by which the systems are known.
const SYSTEMS: [(&str, &str); 3] =
    [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True"), ("TEAMCITY_VERSION", "2025.11")];

fn hex(text: impl AsRef<[u8]>) -> String {
    text.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn project() -> Project {
    Project::new().guest(guests::RECITE)
}

fn on_github(call: Call<'_>) -> Call<'_> {
    call.env("GITHUB_ACTIONS", "true")
}

#[test]
fn output_gives_none_however_it_is_cut() {
    let project = project();
    for (command, written) in COMMANDS {
        let cut = command.len() + 1;
        for way in ["stdout", "stderr"] {
            let call = || project.call(["recite", way, &hex(command), "--cut"]);
            let bytes = |call: Call<'_>| {
                let ended = call.succeeds();
                [ended.bytes(), ended.error_bytes()].concat()
            };
            let text = |text: &str| format!("{text}\n").repeat(cut).into_bytes();
            assert_eq!(bytes(on_github(call())), text(written), "{way}");
            assert_eq!(bytes(call()), text(command), "{way}: without a system");
            assert_eq!(bytes(call().env("CI", "true")), text(command), "{way}: another system");
        }
    }
    for (name, value) in SYSTEMS {
        let (command, written) = COMMANDS[7];
        project
            .call(["recite", "stdout", &hex(command)])
            .env(name, value)
            .succeeds()
            .prints(written);
        project.call(["recite", "stdout", &hex(command)]).env(name, "").succeeds().prints(command);
    }
}

#[test]
fn the_rest_of_the_output_is_what_it_was() {
    let project = project();
    for text in [
        "a::b ##c #[d] [##] # [e]\n#!/bin/sh\n## [title]\n",
        ": :\n",
        "\u{1b}[1mbold",
        "\0\x01\x7f",
    ] {
        on_github(project.call(["recite", "stdout", &hex(text)])).succeeds().prints(text).quietly();
    }
}

/// Behind such a mark the runners of GitHub and Azure read UTF-16.
#[test]
fn no_byte_order_mark_changes_how_the_rest_is_read() {
    let project = project();
    // The second byte, too, could be the first of such a mark.
    for (mark, written) in [(b"\xff\xfe", b"\xff\\\xfe\n"), (b"\xfe\xff", b"\xfe\\\xff\n")] {
        let ended = on_github(project.call(["recite", "stdout", &hex(mark)])).succeeds();
        assert_eq!(ended.bytes(), written);
        assert_eq!(project.call(["recite", "stdout", &hex(mark)]).succeeds().bytes(), mark);
    }
}

/// `2>&1` makes one pipe of both streams, and the log's lines stand between the plugin's own.
#[test]
fn two_streams_together_give_none() {
    let project = project();
    let both = || on_github(project.call(["recite", "both", &hex("::add-mask::x"), "--cut"]));
    // Cut before the first colon, between the two, behind the second, and so on.
    let ended = both().succeeds();
    assert!(ended.stderr().starts_with(r":\:add-mask::x\:add-mask::xadd-mask::x"), "{ended}");
    #[cfg(unix)]
    {
        let ended = both().on_terminal().succeeds();
        assert_eq!(ended.stdout(), ":\\:add-mask::x\n".repeat(14));
    }
    // The first line of the log ends what the plugin began.
    let ended =
        on_github(project.call(["recite", "around-log", &hex("begun::add-mask::x"), "--cut"]))
            .with(["--color=never"])
            .succeeds();
    let obeyed = |line: &str| line.trim_start().starts_with("::");
    assert!(!ended.stderr().lines().any(obeyed), "{ended}");
    assert!(ended.stderr().contains("in between\n:\\:add-mask::x"), "{ended}");
}

#[test]
fn messages_give_none() {
    let project = project();
    for (command, written) in COMMANDS {
        for way in ["log", "progress", "fail", "retry"] {
            let code = match way {
                "fail" => 1,
                "retry" => 75,
                _ => 0,
            };
            let call = |format: &'static str| {
                on_github(project.call(["recite", way, &hex(command), "--color=never"]))
                    .with(["--attempts=2", "--backoff-delay=1ms", "--format", format])
                    .with(["--log-format", format])
                    .exits(code)
            };
            let human = call("human");
            let obeyed = |line: &str| {
                line.trim_start().starts_with("::")
                    || ["##[", "##vso[", "##teamcity["].iter().any(|begin| line.contains(begin))
            };
            assert!(!human.stderr().lines().any(obeyed), "{human}");
            // What programs read is the same value.
            let json = call("json");
            assert!(!json.stderr().lines().any(obeyed), "{json}");
            let said = json.json_lines().iter().any(|line| {
                let texts =
                    [&line["message"], &line["progress"]["message"], &line["error"]["help"]];
                texts.iter().any(|text| text.as_str() == Some(command))
            });
            assert!(said, "{command:?} as {written:?}: {json}");
        }
    }
}

#[test]
fn neither_does_help() {
    let project = project();
    for arguments in [
        &["help", "recite"][..],
        &["recite", "--help"],
        &["man", "recite"],
        &["man"],
        &["list"],
        &["list", "--format=json"],
        &["completions", "zsh"],
        &[],
    ] {
        let ended = on_github(project.call(arguments)).exits(i32::from(arguments.is_empty()));
        for line in ended.stdout().lines() {
            assert!(!line.trim_start().starts_with("::"), "{arguments:?}: {line}");
            for begin in ["##[", "##vso[", "##teamcity["] {
                assert!(!line.contains(begin), "{arguments:?}: {line}");
            }
        }
    }
    let summary = |call: Call<'_>| {
        let commands = call.succeeds().json()["commands"].clone();
        let all = commands.as_array().expect("a list").clone();
        all.into_iter().find(|one| one["name"] == "recite").expect("it is there")["summary"].clone()
    };
    let list = || project.call(["list", "--format=json"]);
    assert_eq!(summary(on_github(list())), "##[add-mask]summary");
    assert_eq!(summary(list()), "##[add-mask]summary");
}

#[test]
fn nor_what_was_typed() {
    let project = project();
    for arguments in [["##[add-mask]x", ""], ["help", "##[add-mask]x"], ["list", "\n::add-mask::x"]]
    {
        let code = if arguments[0] == "list" { 2 } else { 127 };
        let ended = on_github(project.call(arguments)).exits(code).without("##[");
        assert!(!ended.stderr().lines().any(|line| line.trim_start().starts_with("::")), "{ended}");
    }
}

/// Nobody obeys what is in a file.
#[test]
fn a_file_gets_every_byte() {
    let project = project();
    for (command, _) in COMMANDS {
        on_github(project.call(["recite", "stdout", &hex(command)]))
            .into_file("out.txt")
            .succeeds()
            .prints("");
        assert_eq!(project.text("out.txt"), command);
    }
}

/// A line that has no end yet is not held back. It gets one where it could be the first half of a command.
#[test]
fn nothing_is_held_back() {
    let project = project();
    for text in ["x", "a:", "##-", "::", "\u{1b}[1m", " "] {
        let written = text.replace("::", r":\:");
        let call = || project.call(["recite", "stdout", &hex(text)]);
        on_github(call()).succeeds().prints(&written).quietly();
    }
    for text in [":", "#", "##", "##vso", "a\n \t:"] {
        let call = || project.call(["recite", "stdout", &hex(text)]);
        on_github(call()).succeeds().prints(&format!("{text}\n")).quietly();
        call().succeeds().prints(text).quietly();
        on_github(call()).into_file("out.txt").succeeds().prints("").quietly();
        assert_eq!(project.text("out.txt"), text);
    }
}

/// What each system looks for, in a line of its own or anywhere.
#[track_caller]
fn obeys_nothing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.split(['\n', '\r']) {
        let begins = ["##[", "##vso[", "##teamcity["];
        let is_obeyed =
            line.trim_start().starts_with("::") || begins.iter().any(|begin| line.contains(begin));
        assert!(!is_obeyed, "{line:?} in {text:?}");
    }
    assert!(!bytes.windows(2).any(|pair| pair == [0xfe, 0xff] || pair == [0xff, 0xfe]), "{text:?}");
}

/// Halves of commands: what an attempt or a run ends with, and what the next begins with.
const HALVES: [(&[u8], &[u8]); 10] = [
    (b":", b":add-mask::x"),
    (b" \t:", b":error::x"),
    (b"\xc2\xa0:", b":error::x"),
    (b"#", b"#[add-mask]x"),
    (b"##", b"[add-mask]x"),
    (b"x ##v", b"so[task.setvariable variable=x]y"),
    (b"##vso", b"[task.complete]"),
    (b"##teamc", b"ity[setParameter name='x']"),
    (b"\xff", b"\xfe:\0:\0"),
    (b"\xfe", b"\xff\0:\0:"),
];

/// A program that writes the second half of a command and then the first, to one stream or to both, and ends like this.
fn halves(first: &[u8], second: &[u8], streams: (u8, u8), end: &str) -> Vec<u8> {
    let escaped =
        |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("\\{byte:02x}")).collect() };
    let second = [second, b"\n"].concat();
    let text = format!(
        r#"(module
          (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (import "wasi_snapshot_preview1" "path_open"
            (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\64\00\00\00\{:02x}\00\00\00\c8\00\00\00\{:02x}\00\00\00")
          (data (i32.const 100) "{}")
          (data (i32.const 200) "{}")
          (func (export "_start")
            (drop (call $write (i32.const {}) (i32.const 0) (i32.const 1) (i32.const 20)))
            (drop (call $write (i32.const {}) (i32.const 8) (i32.const 1) (i32.const 20)))
            {end}))"#,
        second.len(),
        first.len(),
        escaped(&second),
        escaped(first),
        streams.0,
        streams.1,
    );
    wat::parse_str(text).expect("a module")
}

const TRY_AGAIN: &str = "(call $exit (i32.const 75))";

fn halves_project(first: &[u8], second: &[u8], streams: (u8, u8), end: &str) -> Project {
    Project::new().file(".taskrunner/plugins/halves.wasm", halves(first, second, streams, end))
}

const STREAMS: [(u8, u8); 4] = [(1, 1), (2, 2), (1, 2), (2, 1)];

#[test]
fn no_command_is_put_together_over_attempts() {
    let twice = ["--attempts=2", "--backoff-delay=1ms", "--color=never", "halves"];
    for (first, second) in HALVES {
        for streams in STREAMS {
            let project = halves_project(first, second, streams, TRY_AGAIN);
            let ended = on_github(project.call(twice)).exits(75);
            obeys_nothing(ended.bytes());
            obeys_nothing(ended.error_bytes());
            #[cfg(unix)]
            obeys_nothing(on_github(project.call(twice)).on_terminal().exits(75).bytes());
        }
    }
}

#[test]
fn no_command_is_put_together_over_runs() {
    for end in ["", TRY_AGAIN, "unreachable"] {
        for (first, second) in HALVES {
            let project = halves_project(first, second, STREAMS[0], end);
            let code = match end {
                "" => 0,
                TRY_AGAIN => 75,
                _ => 134,
            };
            let run = || on_github(project.call(["--color=never", "halves"])).exits(code);
            let (one, other) = (run(), run());
            obeys_nothing(&[one.bytes(), other.bytes()].concat());
            obeys_nothing(&[one.error_bytes(), other.error_bytes()].concat());
        }
    }
}

/// It cannot say what it has left behind.
#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_process_is_killed_ends_its_lines() {
    use crate::harness::kernel;

    let (first, second) = HALVES[0];
    for streams in STREAMS {
        let project = halves_project(first, second, streams, "(loop $forever (br $forever))");
        // It is compiled.
        project.call(["--time-limit=10ms", "halves"]).exits(124);
        let run = || {
            let kill = |runner| {
                let worker = kernel::worker(runner);
                // What it does when it has written is to spin.
                std::thread::sleep(std::time::Duration::from_secs(1));
                kernel::signal(worker, rustix::process::Signal::KILL);
            };
            on_github(project.call(["--color=never", "halves"])).meanwhile(kill).exits(137)
        };
        let (one, other) = (run(), run());
        assert!(one.bytes().ends_with(b"\n"), "{one}");
        obeys_nothing(&[one.bytes(), other.bytes()].concat());
        obeys_nothing(&[one.error_bytes(), other.error_bytes()].concat());
    }
}

/// What is said when the time is over is written past all that could wait.
#[test]
fn what_is_said_at_the_time_limit_gives_none() {
    let manifest = r###"{"version": "1.0.0", "summary": "x", "requests": [{"read": "a", "reason": "::add-mask::x ##[add-mask]x"},
        {"read": "##vso[task.complete]", "reason": "x"}]}"###;
    let project = halves_project(b"##", b"x", (2, 2), "(loop $forever (br $forever))")
        .file(".taskrunner/plugins/halves.json", manifest);
    let ended =
        on_github(project.call(["--time-limit=300ms", "--color=never", "halves"])).exits(124);
    obeys_nothing(ended.error_bytes());
    let _ = ended.reporting(r"##\[add-mask]x");
}

/// Who stops reading one stream does not silence the other.
#[test]
fn a_stalled_reader_ends_at_the_time_limit() {
    let project = Project::new().guest(guests::FLOOD);
    on_github(project.call(["flood", "--time-limit=500ms"]))
        .stalled()
        .exits(124)
        .in_time(std::time::Duration::from_secs(20))
        .reporting("flood: took longer than the 500ms allowed");
}

/// A record among what a CI system reads: what it holds commands nothing, and the audit, whose lines would come
/// between those of the command, is refused there.
#[cfg(unix)]
#[test]
fn records_give_none() {
    let project = Project::new().guest(guests::FILES);
    let target = "##[add-mask]zz";
    let read = ["files", "read", target, "--allow-read=."];
    for stream in ["/dev/stderr", "/dev/stdout", "/dev/fd/2", "/proc/self/fd/1"] {
        let call = project.call(read).with(["--audit", stream]);
        on_github(call).exits(2).prints("").reporting("this CI system obeys").reporting(stream);
    }
    let ended = on_github(project.call(read).with(["--receipt", "/dev/stderr"])).succeeds();
    obeys_nothing(ended.error_bytes());
    let _ = ended.reporting(r"##\u005badd-mask]zz");
    let audit = project.beside_text("audit.jsonl");
    let _ = on_github(project.call(read).with(["--audit", &audit])).succeeds();
    let text = std::fs::read_to_string(&audit).expect("a file");
    assert!(text.contains(r"##\u005badd-mask]zz") && !text.contains(target), "{text}");
    // Nobody obeys anything here.
    let _ =
        project.call(read).with(["--audit", "/dev/stderr"]).succeeds().reporting(r"##\u005badd");
}
