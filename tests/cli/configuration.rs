//! The configuration: which files it is in, what they say together, and how a mistake is shown.

use serde_json::{Value, json};

use crate::harness::{Call, Ended, Project, guests};

fn project() -> Project {
    Project::new().guest(guests::ECHO).guest(guests::HELLO)
}

/// The source and the value of an argument of `echo`.
fn given(ended: &Ended<'_>, name: &str) -> Value {
    ended.json()["arguments"][name].clone()
}

#[test]
fn a_file_and_a_flag_agree() {
    let project = project()
        .file("config.json", r#"{"logging": {"level": "INFO"}, "hello": {"shout": true}}"#);
    let shouted = "HELLO, WORLD!\n";
    project.call(["hello", "--config", "config.json"]).succeeds().prints(shouted).quietly();
    project.call(["hello", "--shout"]).succeeds().prints(shouted).quietly();
    project.call(["hello"]).succeeds().prints("Hello, world!\n");
}

#[test]
fn every_format_says_the_same() {
    for (name, text) in [
        ("taskrunner.json", r#"{"echo": {"title": "a", "tags": ["x", "y"], "count": 2}}"#),
        ("taskrunner.yaml", "echo:\n  title: a\n  tags:\n    - x\n    - y\n  count: 2\n"),
        ("taskrunner.yml", "{echo: {title: a, tags: [x, y], count: 2}}"),
    ] {
        let project = project().file(name, text);
        let ended = project.call(["echo", "-"]).succeeds().quietly();
        assert_eq!(given(&ended, "title"), json!(["configuration", "a"]), "{name}");
        assert_eq!(given(&ended, "tag"), json!(["configuration", ["x", "y"]]), "{name}");
        assert_eq!(given(&ended, "count"), json!(["configuration", 2]), "{name}");
        let section = json!({ "title": "a", "tags": ["x", "y"], "count": 2 });
        assert_eq!(ended.json()["configuration"], section, "{name}");
    }
}

#[test]
fn it_is_found_upward() {
    let project = project()
        .file("taskrunner.yaml", "echo: {title: top}")
        .file("a/taskrunner.json", r#"{"echo": {"title": "a"}}"#)
        .directory("a/b/c")
        .directory("d");
    let title = |directory: &str| {
        let plugins = project.path(".taskrunner/plugins");
        let call = project.call(["echo", "-"]).within(directory);
        given(&call.env("TASKRUNNER_PLUGIN_PATH", plugins).succeeds(), "title")
    };
    assert_eq!(title("a/b/c"), json!(["configuration", "a"]));
    assert_eq!(title("d"), json!(["configuration", "top"]));
    // The one that is named is the only one.
    let named = project.call(["echo", "-", "--config=../taskrunner.yaml"]).within("a").succeeds();
    assert_eq!(given(&named, "title"), json!(["configuration", "top"]));
}

#[test]
fn the_command_line_goes_over_the_environment_over_the_file_over_the_default() {
    let project = project().file(
        "taskrunner.yaml",
        "echo: {title: file, loud: true, tags: [file], count: 1, ratio: 1, paint: red}",
    );
    let environment = |call: Call<'_>| {
        given_all(
            call.env("TASKRUNNER_ECHO_TITLE", "variable")
                .env("TASKRUNNER_ECHO_LOUD", "no")
                .env("TASKRUNNER_ECHO_TAGS", "variable")
                .env("TASKRUNNER_ECHO_COUNT", "2")
                .env("TASKRUNNER_ECHO_RATIO", "2.5")
                .env("TASKRUNNER_ECHO_PAINT", "green"),
        )
    };
    insta::assert_snapshot!(
        [
            format!("default         {}", given_all(self::project().call(["echo", "-"]))),
            format!("file            {}", given_all(project.call(["echo", "-"]))),
            format!("environment     {}", environment(project.call(["echo", "-"]))),
            format!(
                "command line    {}",
                environment(project.call([
                    "echo",
                    "--loud",
                    "--title=typed",
                    "--tag=a",
                    "--tag=b",
                    "--count=3",
                    "--ratio=3.5",
                    "--paint=blue",
                    "-",
                ]))
            ),
        ]
        .join("\n")
    );
}

fn given_all(call: Call<'_>) -> String {
    let ended = call.succeeds().quietly();
    ["loud", "title", "tag", "count", "ratio", "paint"]
        .map(|name| given(&ended, name).to_string())
        .join(" ")
}

#[test]
fn a_flag_of_the_file_can_be_turned_off() {
    let project = project().file("taskrunner.yaml", "hello: {shout: true}");
    project.call(["hello", "--no-shout"]).succeeds().prints("Hello, world!\n");
    // The last word counts.
    project.call(["hello", "--no-shout", "-s"]).succeeds().prints("HELLO, WORLD!\n");
    project.call(["hello", "-s", "--no-shout"]).succeeds().prints("Hello, world!\n");
    project.call(["hello"]).env("TASKRUNNER_HELLO_SHOUT", "0").succeeds().prints("Hello, world!\n");
    project
        .call(["hello"])
        .env("TASKRUNNER_HELLO_SHOUT", "on")
        .succeeds()
        .prints("HELLO, WORLD!\n");
}

#[test]
fn the_users_file_is_beneath_the_projects() {
    let project = project()
        .beside(
            "config/taskrunner/config.yaml",
            "{echo: {title: user, extra: {a: 1, b: 1}}, elsewhere: {key: 1}}",
        )
        .file("taskrunner.yaml", "echo: {count: 1, extra: {b: 2}}");
    let ended = project.call(["echo", "-"]).succeeds().quietly();
    assert_eq!(given(&ended, "title"), json!(["configuration", "user"]));
    assert_eq!(given(&ended, "count"), json!(["configuration", 1]));
    let section = json!({ "title": "user", "count": 1, "extra": { "a": 1, "b": 2 } });
    assert_eq!(ended.json()["configuration"], section);
    // A mistake is shown in the file that it is in.
    let project = project.beside("config/taskrunner/config.yaml", "echo:\n  title: [user]\n");
    project
        .call(["echo", "-"])
        .exits(2)
        .prints("")
        .reporting("[ROOT]/config/taskrunner/config.yaml:2:");
}

#[test]
fn the_users_file_alone_is_enough() {
    project()
        .beside("config/taskrunner/config.json", r#"{"hello": {"shout": true}, "other": {}}"#)
        .call(["hello"])
        .succeeds()
        .prints("HELLO, WORLD!\n")
        .quietly();
}

#[test]
fn two_files_of_one_project_are_an_error() {
    project()
        .file("taskrunner.yaml", "")
        .file("taskrunner.json", "{}")
        .call(["hello"])
        .exits(2)
        .prints("")
        .reporting(
            "both `[WORKSPACE]/taskrunner.yaml` and `[WORKSPACE]/taskrunner.json` are there",
        );
}

#[test]
fn a_section_may_hold_what_is_no_argument() {
    let project = project().file("taskrunner.yaml", "echo: {extra: {deep: [1, {x: null}]}}");
    let ended = project.call(["echo", "-"]).succeeds();
    assert_eq!(ended.json()["configuration"], json!({ "extra": { "deep": [1, { "x": null }] } }));
    // Without a section, the plugin gets an empty one.
    let ended = self::project();
    let ended = ended.call(["echo", "-"]).succeeds();
    assert_eq!(ended.json()["configuration"], json!({}));
}

/// Files with one mistake each. No guest code runs: the outputs stay empty.
const MISTAKES: &[(&str, &str)] = &[
    ("unknown-format.toml", "[logging]\nlevel = \"info\"\n"),
    ("syntax.json", "{\n  \"logging\": {\n    \"level\": \"info\",\n  }\n}\n"),
    ("unclosed.json", "{\"echo\": {\"title\": \"a\"\n"),
    ("syntax.yaml", "logging:\n  level: info\n bad: [1,\n"),
    ("tab.yaml", "echo:\n\ttitle: a\n"),
    ("list.yaml", "- logging\n"),
    ("number.json", "1\n"),
    ("unknown-command.yaml", "logging: {level: info}\nehco:\n  title: a\n"),
    ("unknown-key.yaml", "logging:\n  levle: info\n"),
    ("wrong-level.yaml", "logging:\n  level: loud\n"),
    ("wrong-type.json", "{\n  \"limits\": {\n    \"time\": 2\n  }\n}\n"),
    ("wrong-time.yaml", "commands:\n  echo:\n    limits:\n      time: soon\n"),
    ("wrong-retry.yaml", "retry:\n  on: [retryable, usage]\n"),
    ("not-an-object.yaml", "echo: loud\n"),
    ("schema-type.yaml", "echo:\n  title: a\n  count: many\n"),
    ("schema-item.json", "{\"echo\": {\n  \"tags\": [\"good\", \"Bad\"]\n}}\n"),
    ("schema-key.yaml", "echo:\n  title: a\n  titel: b\n"),
    ("schema-choice.yaml", "echo: {title: a, paint: mauve}\n"),
    ("argument-range.yaml", "echo:\n  count: 6\n"),
    ("same-key.yaml", "echo: {title: a}\nlogging: {level: info}\necho: {title: b}\n"),
    ("same-key.json", "{\"echo\": {\"title\": \"a\", \"title\": \"b\"}}\n"),
];

#[test]
fn a_mistake_is_shown_with_its_file_its_line_and_its_column() {
    let project = MISTAKES.iter().fold(project(), |project, (name, text)| project.file(name, text));
    let mut said = String::new();
    for name in std::iter::once("missing.yaml").chain(MISTAKES.iter().map(|(name, _)| *name)) {
        let ended = project.call(["echo", "-", "--config", name]).exits(2).prints("");
        said += &format!("$ taskrunner echo - --config {name}\n{}\n", ended.stderr());
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_key_that_no_argument_names_is_a_mistake_where_there_is_no_schema() {
    let project = project().file("taskrunner.yaml", "hello:\n  shuot: true\n");
    let ended = project.call(["hello"]).exits(2).prints("");
    insta::assert_snapshot!(ended.stderr());
    let project = project.file("taskrunner.yaml", "hello:\n  shout: 1\n");
    let ended = project.call(["hello"]).exits(2).prints("");
    insta::assert_snapshot!(ended.stderr());
}

#[test]
fn a_variable_that_does_not_fit_is_a_mistake() {
    let project = project();
    project
        .call(["echo", "-"])
        .env("TASKRUNNER_ECHO_COUNT", "many")
        .exits(2)
        .prints("")
        .reporting("TASKRUNNER_ECHO_COUNT: `many` is not a whole number");
    project
        .call(["echo", "-"])
        .env("TASKRUNNER_ECHO_LOUD", "\u{1b}[2J")
        .exits(2)
        .prints("")
        .reporting("TASKRUNNER_ECHO_LOUD: `\\u{1b}[2J` is neither true nor false")
        .without("\u{1b}");
}

#[test]
fn a_mistake_as_json_has_its_place() {
    let project = project().file("taskrunner.yaml", "echo:\n  title: a\n  count: many\n");
    let error = project.call(["echo", "-", "--format=json"]).exits(2).prints("").json_lines();
    assert_eq!(error[0]["version"], 1);
    assert_eq!(error[0]["error"]["exit-code"], 2);
    let place = json!({ "path": "[WORKSPACE]/taskrunner.yaml", "line": 3, "column": 10 });
    assert_eq!(error[0]["error"]["location"], place);
}

#[test]
fn the_section_of_another_command_is_not_looked_into() {
    project()
        .file("taskrunner.yaml", "echo: {count: many}\nhello: {shout: true}\n")
        .call(["hello"])
        .succeeds()
        .prints("HELLO, WORLD!\n");
}

#[test]
fn a_schema_holds_without_a_file_too() {
    let project = Project::new().guest(guests::NEEDY);
    project.call(["needy"]).exits(2).prints("").reporting("token");
    let project = project.file("taskrunner.yaml", "needy: {}\n");
    project.call(["needy"]).exits(2).prints("").reporting("taskrunner.yaml:1:");
    let project = project.file("taskrunner.yaml", "needy: {token: x}\n");
    project.call(["needy"]).succeeds().prints("it ran\n");
}

#[test]
fn settings_for_commands_that_are_not_there_are_mistakes() {
    for (text, part) in [
        ("commands: {biuld: {limits: {time: 5m}}}\n", "did you mean `build`?"),
        ("plugins: {replace: [nope]}\n", "there is no embedded command `nope` to replace"),
    ] {
        Project::new().file("taskrunner.yaml", text).call(["clean"]).exits(2).reporting(part);
    }
}

#[test]
fn what_helps_works_where_the_configuration_is_broken() {
    let project = Project::new().file("taskrunner.yaml", "{");
    project.call(["--version"]).succeeds().printing("taskrunner ");
    project.call(["--help"]).exits(2).printing("--config").reporting("taskrunner.yaml:1:");
}
