//! A new plugin is a new file: nothing else is built, registered or written.

use crate::harness::{Project, guests};

#[test]
fn a_component_that_is_dropped_in_is_a_command() {
    let project = Project::new().file("config.json", r#"{"hello": {"shout": true}}"#);
    project.call(["hello"]).exits(127);

    let project = project.file(".taskrunner/plugins/any-name.wasm", guests::HELLO.bytes);
    project
        .call(["list"])
        .succeeds()
        .printing("hello  Greet somebody")
        .printing("[workspace: [WORKSPACE]/.taskrunner/plugins/any-name.wasm]")
        .quietly();
    let ended = project.call(["hello", "--help"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    project.call(["hello"]).succeeds().prints("Hello, world!\n").quietly();
    project.call(["hello", "--shout", "Ada"]).succeeds().prints("HELLO, ADA!\n").quietly();
    project.call(["hello", "Ada", "--config", "config.json"]).succeeds().prints("HELLO, ADA!\n");
    project
        .call(["hello", "Ada"])
        .env("TASKRUNNER_HELLO_SHOUT", "1")
        .succeeds()
        .prints("HELLO, ADA!\n");
    project.call(["hello", "--shuot"]).exits(2).prints("").reporting("'--shout'");

    std::fs::remove_file(project.path(".taskrunner/plugins/any-name.wasm")).expect("it is there");
    project.call(["hello"]).exits(127);
}

#[test]
fn a_file_that_changes_is_another_plugin() {
    let project = Project::new().file(".taskrunner/plugins/it.wasm", guests::HELLO.bytes);
    project.call(["hello"]).succeeds().prints("Hello, world!\n");
    let project = project.file(".taskrunner/plugins/it.wasm", guests::ECHO.bytes);
    project.call(["hello"]).exits(127);
    project.call(["echo", "x"]).succeeds().printing("\"command\":\"echo\"");
}

#[test]
fn it_is_found_from_below_the_workspace() {
    Project::new()
        .guest(guests::HELLO)
        .file("taskrunner.yaml", "")
        .directory("a/b")
        .call(["hello"])
        .within("a/b")
        .succeeds()
        .prints("Hello, world!\n");
}
