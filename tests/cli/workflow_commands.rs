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
    for (mark, written) in [(b"\xff\xfe", b"\xff\\\xfe"), (b"\xfe\xff", b"\xfe\\\xff")] {
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

/// A line that has no end yet is not held back.
#[test]
fn nothing_is_held_back() {
    let project = project();
    for text in [":", "##", "x", "##vso"] {
        on_github(project.call(["recite", "stdout", &hex(text)])).succeeds().prints(text).quietly();
    }
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
