//! The log: the runner's lines and the plugins', to standard error, as much as was asked for.

use serde_json::json;

use crate::harness::{Project, guests};

fn project() -> Project {
    Project::new().guest(guests::SAY)
}

#[test]
fn a_plugins_lines_come_under_its_name() {
    let project = project();
    let ended = project.call(["say", "log", "--log-level=trace"]).succeeds().prints("");
    let own: String = ended
        .stderr()
        .lines()
        .filter(|line| line.split_whitespace().nth(2) == Some("say"))
        .map(|line| format!("{line}\n"))
        .collect();
    insta::assert_snapshot!(own);
}

#[test]
fn a_line_as_json() {
    let project = project();
    let ended = project.call(["say", "log", "--log-level=info", "--log-format=json"]).succeeds();
    let mut lines = ended.json_lines();
    assert_eq!(lines.len(), 3);
    for line in &mut lines {
        let time = line["time"].take();
        assert_eq!(time, "[TIME]", "{line}");
    }
    assert_eq!(
        lines[0],
        json!({
            "time": null,
            "level": "info",
            "target": "say",
            "message": "info hello",
            "fields": { "number": "1", "words": "two words" },
        })
    );
    assert_eq!(lines[2]["level"], "error");
    assert_eq!(lines[2]["fields"], json!({ "text": "hello" }));
}

#[test]
fn each_level_lets_through_what_is_as_urgent() {
    let project = project();
    for (level, lines) in
        [("off", 0), ("error", 1), ("warn", 2), ("info", 3), ("debug", 4), ("TRACE", 5)]
    {
        let ended = project.call(["say", "log", "--log-level", level]).succeeds();
        let own = ended.stderr().lines().filter(|line| line.contains(" say ")).count();
        assert_eq!(own, lines, "{level}: {ended}");
    }
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let lines = |project: &Project, flag: Option<&str>, variable: Option<&str>| {
        let mut call = project.call(["say", "log"]).with(flag);
        if let Some(level) = variable {
            call = call.env("TASKRUNNER_LOG", level);
        }
        call.succeeds().stderr().lines().filter(|line| line.contains(" say ")).count()
    };
    let project = project();
    assert_eq!(lines(&project, None, None), 2, "warn is the default");
    let project = project.file("taskrunner.json", r#"{"logging": {"level": "INFO"}}"#);
    assert_eq!(lines(&project, None, None), 3);
    assert_eq!(lines(&project, None, Some("error")), 1);
    assert_eq!(lines(&project, Some("--log-level=off"), Some("error")), 0);
    // The user's file is beneath the project's.
    let project =
        project.beside("config/taskrunner/config.yaml", "logging: {level: 'off', format: json}");
    assert_eq!(lines(&project, None, None), 0, "the format is the user's");
    let ended = project.call(["say", "log"]).succeeds();
    assert_eq!(ended.json_lines().len(), 3);
    let ended = project.call(["say", "log", "--log-format=human"]).succeeds();
    assert_eq!(ended.stderr().lines().filter(|line| line.contains(" say ")).count(), 3);
}

#[test]
fn a_level_that_is_none_is_told() {
    let project = project();
    let ended = project.call(["say", "log"]).env("TASKRUNNER_LOG", "loud\u{1b}[2J").exits(2);
    insta::assert_snapshot!(ended.stderr());
}

#[test]
fn a_line_is_one_line_and_steers_no_terminal() {
    let project = project();
    let text = "one\ntwo\u{1b}[2J\u{202e}\r";
    let ended = project
        .call(["say", "log", "--text", text, "--log-level=error", "--color=never"])
        .succeeds()
        .reporting(r"error one\ntwo\u{1b}[2J\u{202e}\r text=one\ntwo\u{1b}[2J\u{202e}\r")
        .without("\u{1b}");
    assert_eq!(ended.stderr().lines().count(), 1);
    // For programs it is what it was.
    let ended = project
        .call(["say", "log", "--text", text, "--log-level=error", "--log-format=json"])
        .succeeds()
        .without("\u{1b}");
    assert_eq!(ended.json_lines()[0]["fields"]["text"], text);
}

#[test]
fn a_line_has_a_bounded_length() {
    let project = project();
    let text = "é".repeat(40_000);
    let ended = project
        .call(["say", "log", "--text", &text, "--log-level=error", "--log-format=json"])
        .succeeds();
    let line = &ended.json_lines()[0];
    for kept in [&line["message"], &line["fields"]["text"]] {
        let length = kept.as_str().expect("a text").len();
        assert!((16 * 1024 - 1..=16 * 1024).contains(&length), "{length} bytes");
    }
}

#[test]
fn progress_is_a_line_now_and_then_where_there_is_no_terminal() {
    let project = project();
    // The first, and the last; those between come too soon.
    project
        .call(["say", "progress", "--text=files", "--times=1000"])
        .succeeds()
        .prints("")
        .reports("say: 1/1000 files\nsay: 1000/1000 files\n");
    project
        .call(["say", "spinner", "--text=files", "--times=1000"])
        .succeeds()
        .reports("say: 1 files\n");
    let ended = project
        .call(["say", "progress", "--text=files", "--times=1000", "--log-format=json"])
        .succeeds();
    assert_eq!(
        ended.json_lines(),
        [1, 1000].map(|done| json!({
            "target": "say",
            "progress": { "message": "files", "done": done, "total": 1000 },
        }))
    );
}

#[test]
fn progress_steers_no_terminal() {
    project()
        .call(["say", "progress", "--hostile"])
        .succeeds()
        .reporting(r"say: 1/1 \u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}")
        .without("\u{1b}");
}

#[test]
fn the_runners_own_lines_have_its_modules_as_target() {
    let project = project();
    let ended = project.call(["say", "stdout", "--log-level=trace"]).succeeds();
    let lines = ended.stderr();
    let foreign = lines.lines().find(|line| !line.contains(" taskrunner"));
    assert_eq!(foreign, None, "only its own lines, and not those of its libraries");
}
