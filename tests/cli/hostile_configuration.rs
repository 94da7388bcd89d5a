//! Configuration files that are made to hurt: each ends with a clear error, within a second and 100 MB.

use std::fs;
use std::time::Duration;

use crate::harness::{Project, guests};

/// Of the processor: by the clock it may be more where much else runs.
const SECOND: Duration = Duration::from_secs(1);

const MEMORY: u64 = 100_000_000;

/// Reads the file as the configuration of a command, which must not run; gives what is said.
fn refused(project: &Project, name: &str) -> String {
    let ended = project
        .call(["hello", "--config", name])
        .exits(2)
        .prints("")
        .in_processor_time(SECOND)
        .in_memory(MEMORY)
        .without("\u{1b}");
    let stderr = ended.stderr();
    assert!(stderr.len() < 4000, "{} bytes are said of {name}", stderr.len());
    stderr
}

/// The same for a file with this content.
fn refused_text(name: &str, content: impl AsRef<[u8]>) -> String {
    refused(&Project::new().guest(guests::HELLO).file(name, content), name)
}

#[track_caller]
fn assert_says(said: &str, part: &str) {
    assert!(said.contains(part), "no `{part}` in {said}");
}

#[test]
fn duplicate_keys() {
    for (name, text) in [
        ("top.json", r#"{"hello": {}, "hello": {"shout": true}}"#),
        ("top.yaml", "hello: {}\nhello: {shout: true}\n"),
        ("deep.json", r#"{"hello": {"a": {"b": 1, "b": 2}}}"#),
        ("deep.yaml", "hello:\n  a:\n    b: 1\n    b: 2\n"),
        ("escaped.json", r#"{"hello": {}, "hell\u006f": {}}"#),
    ] {
        assert_says(&refused_text(name, text), "is there twice");
    }
}

#[test]
fn an_alias_bomb() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let last = level - 1;
        bomb += &format!("a{level}: &a{level} [{}]\n", format!("*a{last},").repeat(9));
    }
    assert_says(&refused_text("bomb.yaml", bomb), "anchors are not allowed");
}

#[test]
fn a_hundred_thousand_levels() {
    let deep = 100_000;
    for (name, text) in [
        ("arrays.json", format!("{{\"hello\": {}{}}}", "[".repeat(deep), "]".repeat(deep))),
        ("arrays.yaml", format!("hello: {}{}", "[".repeat(deep), "]".repeat(deep))),
        ("dashes.yaml", format!("hello:\n  {}x", "- ".repeat(deep))),
        ("open.json", "[".repeat(deep)),
        ("objects.yaml", "{a: ".repeat(50_000)),
    ] {
        let said = refused_text(name, text);
        assert!(
            said.contains("levels deep") || said.contains("the top level is not an object"),
            "{name}: {said}"
        );
    }
}

#[test]
fn a_hundred_megabytes() {
    for name in ["large.json", "large.yaml"] {
        let project = Project::new().guest(guests::HELLO).file(name, "");
        let file = fs::File::options().write(true).open(project.path(name)).expect("it is there");
        file.set_len(100 * 1024 * 1024).expect("there is room");
        assert_says(&refused(&project, name), "it is longer than 256 KiB");
    }
    let text = format!("{{\"hello\": {{\"x\": \"{}\"}}}}", "a".repeat(300 * 1024));
    assert_says(&refused_text("long.json", text), "it is longer than 256 KiB");
}

#[test]
fn a_byte_order_mark() {
    for name in ["mark.json", "mark.yaml"] {
        let said = refused_text(name, b"\xef\xbb\xbf{\"hello\": {}}");
        assert_says(&said, "it begins with a UTF-8 byte order mark");
        let said = refused_text(name, b"\xff\xfe{\0}\0");
        assert_says(&said, "it begins with a UTF-16 byte order mark");
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    for name in ["bytes.json", "bytes.yaml"] {
        let said = refused_text(name, b"{\"hello\":\n {\"name\": \"\xff\xfe\"}}");
        assert_says(&said, "it is not UTF-8: the byte 0xff");
        assert_says(&said, &format!("[WORKSPACE]/{name}:2:"));
    }
}

#[test]
fn what_steers_a_terminal() {
    let said = refused_text("steers.yaml", "hello: \"\u{1b}[2J\u{1b}]0;owned\u{7}\"\n");
    assert_says(&said, "it has the control character U+001B");
    let said = refused_text("turns.yaml", "\u{202e}ereh: {x: 1}\n");
    assert!(!said.contains('\u{202e}'), "{said}");
}

#[test]
fn a_directory() {
    for name in ["directory.json", "directory.yaml"] {
        let project = Project::new().guest(guests::HELLO).directory(name);
        assert_says(&refused(&project, name), "it is a directory");
    }
    // The same where it is found rather than named.
    let project = Project::new().guest(guests::HELLO).directory("taskrunner.yaml");
    project.call(["hello"]).exits(2).prints("").reporting("it is a directory");
}

#[cfg(unix)]
#[test]
fn what_would_block_or_never_end() {
    let project = Project::new()
        .guest(guests::HELLO)
        .link("zero.json", "/dev/zero")
        .link("circle.yaml", "circle.yaml")
        .link("nowhere.yaml", "nothing-here");
    let fifo = project.path("fifo.yaml");
    let made = std::process::Command::new("mkfifo").arg(fifo).status().expect("mkfifo runs");
    assert!(made.success());
    assert_says(&refused(&project, "fifo.yaml"), "it is not a regular file");
    assert_says(&refused(&project, "zero.json"), "it is not a regular file");
    assert_says(&refused(&project, "circle.yaml"), "cannot read the configuration file");
    assert_says(&refused(&project, "nowhere.yaml"), "cannot read the configuration file");
}

/// A clone that nobody trusts, with something in it for `clean` to look at.
fn clone(configuration: &str) -> Project {
    let project = Project::new().file("Cargo.toml", "").file("taskrunner.yaml", configuration);
    (0..200).fold(project, |project, n| project.file(format!("target/d{n}/f"), ""))
}

fn denials(kind: &str, targets: impl Iterator<Item = String>) -> String {
    let mut text = format!("permissions:\n  clean:\n    deny:\n      {kind}:\n");
    targets.for_each(|target| text.extend(["      - \"", &target, "\"\n"]));
    text
}

#[test]
fn many_denials_slow_no_command_down() {
    let time = Duration::from_secs(20);
    clone("").call(["clean", "--dry-run"]).succeeds().in_processor_time(time);
    for (kind, name) in [("read", "q"), ("write", "a/b/q"), ("env", "Q"), ("http", "q.test:1")] {
        let text = denials(kind, (0..10_000).map(|n| format!("{name}{n}")));
        clone(&text).call(["clean", "--dry-run"]).succeeds().in_processor_time(time);
    }
    // As many globs as there is room for.
    let text = denials("read", (0..600).map(|n| format!("q{n}*")));
    clone(&text).call(["clean", "--dry-run"]).succeeds().in_processor_time(time);
}

#[test]
fn globs_without_an_end() {
    for glob in
        ["?".repeat(950), "{a,bc}".repeat(60), format!("{}a{}", "{".repeat(400), "}".repeat(400))]
    {
        let text = denials("read", (0..259).map(|n| format!("{glob}{n}")));
        let project = clone(&text);
        let ended = project.call(["clean", "--dry-run"]).exits(2).in_processor_time(SECOND * 5);
        let said = ended.stderr();
        assert!(said.contains("taskrunner.yaml") && said.contains("glob"), "{said}");
    }
    let text = denials("read", (0..14_000).map(|n| format!("q{n}*")));
    let said =
        clone(&text).call(["clean", "--dry-run"]).exits(2).in_processor_time(SECOND * 5).stderr();
    assert_says(&said, "taskrunner.yaml:");
    assert_says(&said, "too long together");
}

#[test]
fn grants_of_files_without_an_end() {
    let text = denials("read", (0..14_000).map(|n| format!("q{n}"))).replace("    deny:\n", "");
    let said =
        clone(&text).call(["clean", "--dry-run"]).exits(2).in_processor_time(SECOND * 5).stderr();
    assert_says(&said, "taskrunner.yaml:");
    assert_says(&said, "more than 256 grants of files");
}
