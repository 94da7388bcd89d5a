//! Standard output belongs to the command; what reaches a terminal cannot steer it.

use crate::harness::{Input, Project, guests};

/// What the guest `say` writes with `--hostile`.
const HOSTILE: &[u8] = b"\x1b[2J\x1b]0;owned\x07\xe2\x80\xae\xff!";

/// The same as it is shown.
const SHOWN: &str = r"\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\xff!";

#[test]
fn bytes_go_through_a_pipe_untouched() {
    let project = Project::new().guest(guests::SAY).guest(guests::CAT);
    let ended = project.call(["say", "stdout", "--hostile"]).succeeds().quietly();
    assert_eq!(ended.bytes(), HOSTILE);
    let ended = project.call(["say", "stderr", "--hostile"]).succeeds().prints("");
    assert_eq!(ended.error_bytes(), HOSTILE);
    // All of them, in and out.
    let bytes: Vec<u8> =
        (0..1_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let ended = project.call(["cat"]).input(Input::Bytes(bytes.clone())).succeeds().quietly();
    assert!(ended.bytes() == bytes, "{} bytes arrived", ended.bytes().len());
    project.call(["cat"]).succeeds().prints("").quietly();
}

#[cfg(unix)]
#[test]
fn bytes_are_made_visible_on_a_terminal() {
    let project = Project::new().guest(guests::SAY);
    for way in ["stdout", "stderr"] {
        project.call(["say", way, "--hostile"]).on_terminal().succeeds().prints(SHOWN);
    }
    let text = "żółć 漢字\ttab\nline\n";
    project.call(["say", "stdout", "--text", text]).on_terminal().succeeds().prints(text);
    project
        .call(["say", "log", "--hostile", "--log-level=error", "--color=never"])
        .on_terminal()
        .succeeds()
        .printing(r"error \u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}")
        .without("\u{1b}");
}

#[cfg(unix)]
#[test]
fn progress_is_a_bar_on_a_terminal() {
    let project = Project::new().guest(guests::SAY);
    let ended = project
        .call(["say", "progress", "--text=packing", "--times=40"])
        .on_terminal()
        .succeeds()
        .printing("say [")
        .printing("packing");
    assert!(!ended.stdout().contains("say: 1/40"), "no lines beside it: {ended}");
    // It is gone when the command has ended.
    assert!(ended.stdout().trim_end().ends_with("\u{1b}[2K"), "{:?}", ended.stdout());
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let project = Project::new().guest(guests::FLOOD).guest(guests::ECHO);
    project.call(["flood"]).unread().exits(141).quietly();
    for own in [vec!["list"], vec!["--help"], vec!["echo", "--help"], vec!["completions", "bash"]] {
        project.call(own).unread().exits(141).quietly();
    }
}

#[test]
fn standard_output_belongs_to_the_command() {
    let project = Project::new().guest(guests::HELLO).file("taskrunner.yaml", "hello: {x: 1}");
    project.call(["hello"]).exits(2).prints("");
    let project = project.file("taskrunner.yaml", "");
    let arguments = ["hello", "--timings", "--format=json", "--log-level=trace"];
    let ended = project.call(arguments).with(["--log-format=json"]).succeeds();
    assert_eq!(ended.stdout(), "Hello, world!\n");
    assert!(ended.json_lines().iter().any(|line| line.get("timings").is_some()), "{ended}");
}

#[test]
fn color_is_for_terminals_unless_asked_for() {
    let project = Project::new();
    let colored = |call: crate::harness::Call<'_>| {
        let ended = call.exits(127);
        ended.stdout().contains("\u{1b}[") || ended.stderr().contains("\u{1b}[")
    };
    assert!(!colored(project.call(["none"])));
    assert!(colored(project.call(["none", "--color=always"])));
    assert!(colored(project.call(["none", "--color=always"]).env("NO_COLOR", "1")));
    #[cfg(unix)]
    {
        assert!(colored(project.call(["none"]).on_terminal()));
        assert!(!colored(project.call(["none", "--color=never"]).on_terminal()));
        assert!(!colored(project.call(["none"]).env("NO_COLOR", "1").on_terminal()));
        assert!(!colored(project.call(["none"]).env("TERM", "dumb").on_terminal()));
    }
}

#[test]
fn what_was_typed_cannot_steer_the_terminal() {
    let project = Project::new().guest(guests::ECHO);
    let hostile = "\u{1b}[2J\u{202e}\u{9b}m";
    let option = format!("--{hostile}");
    for (arguments, code) in [
        (vec![hostile], 127),
        (vec!["help", hostile], 127),
        (vec![option.as_str()], 2),
        (vec!["echo", option.as_str()], 2),
        (vec!["echo", "x", "--paint", hostile], 2),
        (vec!["echo", "x", "--count", hostile], 2),
        (vec!["echo", "x", "--source", hostile], 2),
        (vec!["list", "--log-level", hostile], 2),
        (vec!["list", "--config", hostile], 2),
        (vec!["list", "-C", hostile], 2),
        (vec!["list", "--plugin-dir", hostile], 2),
        (vec!["echo", "x", "--allow-read", hostile], 2),
        (vec!["echo", "x", "--allow-env", hostile], 2),
    ] {
        for (color, escape) in [("--color=never", "\u{1b}"), ("--color=always", "\u{1b}[2J")] {
            project
                .call(&arguments)
                .with([color])
                .exits(code)
                .prints("")
                .without(escape)
                .without("\u{202e}")
                .without("\u{9b}");
        }
    }
}

#[cfg(unix)]
#[test]
fn nor_can_the_name_of_a_file() {
    Project::new()
        .file(".taskrunner/plugins/\u{1b}[2J\u{202e}.wasm", "")
        .file(".taskrunner/plugins/\u{1b}[2Jgood.wasm", guests::HELLO.bytes)
        .call(["list"])
        .succeeds()
        .reporting(r"\u{1b}[2J\u{202e}.wasm: the file is empty")
        .printing(r"\u{1b}[2Jgood.wasm")
        .without("\u{1b}")
        .without("\u{202e}");
}

#[test]
fn json_is_for_mistakes_in_usage_too() {
    let project = Project::new().file(".taskrunner/plugins/broken.wasm", "no wasm");
    for words in [&["clean", "--nope"][..], &["--nope"], &["nosuch"]] {
        let code = if words == ["nosuch"] { 127 } else { 2 };
        let ended = project.call(["--format", "json"]).with(words.iter().copied()).exits(code);
        let lines = ended.json_lines();
        assert_eq!(lines.last().expect("a line")["error"]["exit-code"], code, "{words:?}");
    }
    let warning = &project.call(["--format=json", "nosuch"]).exits(127).json_lines()[0]["warning"];
    assert_eq!(warning["message"], "not a WebAssembly file");
}

/// Standard output has its own answer to whether it is a terminal.
#[test]
fn help_in_a_pipe_has_no_colors() {
    let help = Project::new();
    assert!(!help.call(["help", "clean"]).succeeds().stdout().contains('\u{1b}'));
    assert!(help.call(["help", "clean", "--color=always"]).succeeds().stdout().contains('\u{1b}'));
}
