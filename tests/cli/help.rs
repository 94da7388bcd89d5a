//! What the program says of itself and of its commands.

use crate::harness::{Project, guests};

#[test]
fn alone_it_prints_the_commands_and_fails() {
    let project = Project::new().guest(guests::HELLO).guest(guests::CAT);
    let ended = project.call([""; 0]).exits(1).quietly();
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn alone_it_says_which_files_are_no_plugins() {
    Project::new()
        .file(".taskrunner/plugins/broken.wasm", "x")
        .call([""; 0])
        .exits(1)
        .printing("Commands:")
        .reporting("warning: [WORKSPACE]/.taskrunner/plugins/broken.wasm: not a WebAssembly file");
}

#[test]
fn a_list_is_sorted_and_tells_where_each_command_comes_from() {
    let project = Project::new().guest(guests::HELLO).guest(guests::CAT);
    let ended = project.call(["list"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn a_list_as_json_has_a_documented_shape() {
    let project = Project::new()
        .guest(guests::HELLO)
        .file(".taskrunner/plugins/broken.wasm", "x")
        .beside("data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    let ended = project.call(["list", "--format", "json"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    // So has the overview, with its own exit code.
    project.call(["--format", "json"]).exits(1).prints(&ended.stdout());
}

#[test]
fn help_of_the_runner() {
    let project = Project::new().guest(guests::HELLO);
    let ended = project.call(["--help"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    for same in [vec!["-h"], vec!["help"]] {
        project.call(same).succeeds().prints(&ended.stdout()).quietly();
    }
}

#[test]
fn help_of_a_command_is_built_from_its_manifest() {
    let project = Project::new().guest(guests::ECHO);
    let ended = project.call(["help", "echo"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    project.call(["echo", "--help"]).succeeds().prints(&ended.stdout()).quietly();
    // The short form is shorter, and it runs nothing either.
    project.call(["echo", "-h"]).succeeds().printing("-t, --title <TEXT>").without("For tests.");
    project.call(["echo", "--version"]).succeeds().prints("taskrunner echo 1.2.3\n");
}

#[test]
fn help_of_a_subcommand_of_the_runners_own() {
    let project = Project::new();
    project.call(["help", "list"]).succeeds().printing("List the commands").quietly();
    project.call(["list", "--help"]).succeeds().printing("List the commands").quietly();
}

#[test]
fn help_of_what_is_not_there() {
    Project::new().call(["help", "cleen"]).exits(127).prints("").reporting("did you mean `clean`?");
}

#[test]
fn the_version() {
    for argument in ["--version", "-V"] {
        let version = concat!("taskrunner ", env!("CARGO_PKG_VERSION"), "\n");
        Project::new().call([argument]).succeeds().prints(version).quietly();
    }
}

#[test]
fn an_unknown_command_is_told_with_the_nearest_names() {
    let project = Project::new().guest(guests::HELLO);
    let ended = project.call(["hallo"]).exits(127).prints("");
    insta::assert_snapshot!(ended.stderr());
    project.call(["xyzzy"]).exits(127).prints("").reporting("`taskrunner list` shows the commands");
    let error = project.call(["hallo", "--format=json"]).exits(127).prints("").json_lines();
    assert_eq!(error[0]["error"]["exit-code"], 127);
    assert_eq!(error[0]["error"]["help"], "did you mean `hello`?");
}
