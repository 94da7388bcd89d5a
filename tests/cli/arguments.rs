//! The command line of a command: the runner parses and checks it, and the plugin gets both what was
//! typed and what it means.

use serde_json::{Value, json};

use crate::harness::{Ended, Project, guests};

fn project() -> Project {
    Project::new().guest(guests::ECHO)
}

/// What the plugin was given: for each argument its source and its value.
fn given(ended: &Ended<'_>) -> Value {
    ended.json()["arguments"].clone()
}

#[test]
fn every_shape_and_type_arrives() {
    let project = project().file("in.txt", "").directory("dir");
    let arguments = [
        "echo",
        "-l",
        "--quick",
        "--title=a b",
        "--tag",
        "x",
        "--tag=y",
        "-n",
        "-5",
        "--size",
        "9223372036854775807",
        "--ratio",
        "-1e3",
        "--paint",
        "green",
        "--source",
        "in.txt",
        "--target",
        "out.txt",
        "--from",
        "dir",
        "--into",
        "made",
        "one",
        "two",
        "three",
        "four",
    ];
    let ended = project.call(arguments).succeeds().quietly();
    assert_eq!(ended.json()["raw"], json!(arguments[1..]));
    assert_eq!(ended.json()["command"], "echo");
    assert_eq!(ended.json()["attempt"], 1);
    assert_eq!(
        given(&ended),
        json!({
            "loud": ["command-line", true],
            "quick": ["command-line", true],
            "title": ["command-line", "a b"],
            "tag": ["command-line", ["x", "y"]],
            "count": ["command-line", -5],
            "size": ["command-line", 9_223_372_036_854_775_807_i64],
            "ratio": ["command-line", -1000.0],
            "paint": ["command-line", "green"],
            "source": ["command-line", "/in.txt"],
            "target": ["command-line", "/out.txt"],
            "from": ["command-line", "/dir"],
            "into": ["command-line", "/made"],
            "first": ["command-line", "one"],
            "second": ["command-line", "two"],
            "rest": ["command-line", ["three", "four"]],
        })
    );
}

#[test]
fn what_is_not_given_has_its_default_or_nothing() {
    let project = project();
    let ended = project.call(["echo", "one"]).succeeds();
    assert_eq!(
        given(&ended),
        json!({
            "loud": ["default", false],
            "quick": ["default", false],
            "title": ["default", "none"],
            "tag": ["default", []],
            "count": ["default", null],
            "size": ["default", null],
            "ratio": ["default", 0.5],
            "paint": ["default", null],
            "source": ["default", null],
            "target": ["default", null],
            "from": ["default", null],
            "into": ["default", null],
            "first": ["command-line", "one"],
            "second": ["default", null],
            "rest": ["default", []],
        })
    );
}

#[test]
fn after_two_dashes_everything_is_a_value() {
    let project = project();
    let words = ["echo", "--quick", "--", "--loud", "--config", "x.json", "--", "-C"];
    let ended = project.call(words).succeeds();
    let given = given(&ended);
    assert_eq!(given["quick"], json!(["command-line", true]));
    assert_eq!(given["loud"], json!(["default", false]));
    assert_eq!(given["first"][1], "--loud");
    assert_eq!(given["second"][1], "--config");
    assert_eq!(given["rest"][1], json!(["x.json", "--", "-C"]));
    assert_eq!(ended.json()["raw"], json!(words[1..]));
}

#[test]
fn text_is_left_as_it_is() {
    let project = project();
    for text in ["", " ", "a=b", "żółć 🎉", "\u{1b}[2J", "two\nlines", "-", "*.txt", "$HOME"]
    {
        let ended = project.call(["echo", "--title", text, "x"]).succeeds();
        assert_eq!(given(&ended)["title"][1], text);
    }
}

#[test]
fn mistakes_are_told_before_the_plugin_runs() {
    let project = project().file("file", "").directory("directory");
    let mistakes: [&[&str]; 16] = [
        &[],
        &["one", "--unknown"],
        &["one", "--titel", "x"],
        &["one", "--title"],
        &["one", "--title", "x", "--title", "y"],
        &["one", "--quick=yes"],
        &["one", "-n", "6"],
        &["one", "-n", "-6"],
        &["one", "-n", "1.5"],
        &["one", "--size", "9223372036854775808"],
        &["one", "--ratio", "NaN"],
        &["one", "--paint", "gren"],
        &["one", "--source", "missing"],
        &["one", "--source", "directory"],
        &["one", "--from", "file"],
        &["one", "--source", ""],
    ];
    let mut said = String::new();
    for mistake in mistakes {
        let arguments = ["echo"].iter().chain(mistake).copied();
        let ended = project.call(arguments).exits(2).prints("");
        said += &format!("$ taskrunner echo {}\n{}\n", mistake.join(" "), ended.stderr());
    }
    insta::assert_snapshot!(said);
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_unicode_is_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let bad = OsStr::from_bytes(b"a\xff\x1b[2J");
    project()
        .call([OsStr::new("echo"), bad])
        .exits(2)
        .prints("")
        .reporting("is not Unicode, which plugins need")
        .without("\u{1b}");
}

#[test]
fn the_runners_options_stand_before_or_after_the_command() {
    let project = project().file("sub/taskrunner.json", r#"{"echo": {"title": "from sub"}}"#);
    for words in [
        ["--config", "sub/taskrunner.json", "echo", "x"],
        ["echo", "--config", "sub/taskrunner.json", "x"],
        ["echo", "x", "--config", "sub/taskrunner.json"],
        ["-C", "sub", "echo", "x"],
        ["echo", "x", "-C", "sub"],
    ] {
        // With `-C`, the plugins are those of the other directory.
        let plugins = project.path(".taskrunner/plugins");
        let ended = project.call(words).env("TASKRUNNER_PLUGIN_PATH", plugins).succeeds().quietly();
        assert_eq!(given(&ended)["title"], json!(["configuration", "from sub"]), "{words:?}");
        assert_eq!(ended.json()["raw"], json!(["x"]), "{words:?}");
    }
}

#[test]
fn a_mistake_in_the_runners_options_is_told() {
    let project = project();
    let mistakes: [&[&str]; 12] = [
        &["--frobnicate"],
        &["--config"],
        &["--format", "xml"],
        &["--log-level", "loud"],
        &["--time-limit", "soon"],
        &["--memory-limit", "64 megs"],
        &["--output-limit", "0"],
        &["--handle-limit", "0"],
        &["--attempts", "0"],
        &["--backoff", "fibonacci"],
        &["--retry-on", "usage"],
        &["--timings", "--timings"],
    ];
    let mut said = String::new();
    for mistake in mistakes {
        let ended = project.call(mistake).exits(2).prints("");
        said += &format!("$ taskrunner {}\n{}\n", mistake.join(" "), ended.stderr());
    }
    insta::assert_snapshot!(said);
    project.call(["-C", "none", "list"]).exits(2).prints("").reporting("cannot go to");
    project.call(["list", "extra"]).exits(2).prints("").reporting("unexpected argument 'extra'");
}
