//! What is said of a plugin without running it, and what its imports prove.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Call, Project, guests};

/// What a file could do, and what was forbidden of that.
fn verdict(call: Call<'_>, code: i32) -> (Vec<String>, Value) {
    let said = call.with(["--format=json"]).exits(code).json();
    let able = said["abilities"].as_array().expect("a list").iter();
    let able = able.filter(|ability| ability["possible"] == true);
    (
        able.map(|it| it["name"].as_str().expect("a word").into()).collect(),
        said["forbidden"].clone(),
    )
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is well-formed")
}

#[test]
fn the_embedded_commands_are_proven_to_have_no_network() {
    let project = Project::new();
    for name in ["clean", "build"] {
        let (able, forbidden) = verdict(project.call(["inspect", name, "--forbid=network"]), 0);
        assert_eq!(able, ["files", "environment", "stdin", "clocks", "random"], "{name}");
        assert_eq!(forbidden, json!([]));
    }
    project
        .call(["inspect", "clean", "--forbid", "network,files"])
        .exits(1)
        .printing("network  imports no function of sockets or HTTP")
        .reporting(
            "embedded clean could do what is forbidden: files (imports `wasi:filesystem/types@0.2.",
        );
}

#[test]
fn what_imports_sockets_is_not() {
    let project = Project::new().file("x.wasm", guests::CONNECT.bytes);
    let inspect = |forbid| project.call(["inspect", "x.wasm"]).with(forbid);
    assert_eq!(
        verdict(inspect(vec![]), 0),
        (vec!["network".into(), "environment".into()], json!([]))
    );
    let forbid = vec!["--forbid=clocks,network", "--forbid", "files", "--forbid=network"];
    assert_eq!(verdict(inspect(forbid.clone()), 1).1, json!(["network"]));
    let ended = inspect(forbid).exits(1).printing("It could do this, if it is granted:");
    assert!(ended.stderr().starts_with(
        "  × [WORKSPACE]/x.wasm could do what is forbidden: network (imports `wasi:sockets/"
    ));
    let errors = inspect(vec!["--forbid=network", "--format=json"]).exits(1).json_lines();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["error"]["exit-code"], 1);
    inspect(vec!["--forbid=files,stdin,clocks,random"]).succeeds().quietly();
}

#[test]
fn a_toolchain_that_imports_too_much_proves_nothing_away() {
    // Rust's standard library imports the interfaces of files and of standard input for every program,
    // but only those of their functions that are called.
    let project = Project::new().guest(guests::HELLO).guest(guests::CAT).guest(guests::FILES);
    let able = |name| verdict(project.call(["inspect", name]), 0).0;
    assert_eq!(able("hello"), ["environment"]);
    assert_eq!(able("cat"), ["environment", "stdin"]);
    assert_eq!(able("files"), ["files", "environment", "stdin"]);
}

#[test]
fn for_people_it_is_a_report() {
    let project = Project::new().guest(guests::GREEDY);
    let ended = project.call(["inspect", "greedy"]).succeeds().quietly();
    // What changes with every build of the guest.
    let text = regex::Regex::new(r"size( +)\d+ bytes")
        .expect("a pattern")
        .replace(&ended.stdout(), "size$1[SIZE] bytes")
        .into_owned();
    insta::assert_snapshot!(text);
    // It is written alike into a terminal.
    #[cfg(unix)]
    project.call(["inspect", "greedy"]).on_terminal().succeeds().printing("It can never do this");
}

#[test]
fn as_json_it_has_a_documented_shape() {
    let component = r#"(component
        (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
        (import "acme:host/code@1.0.0" (instance (export "tool" (core module))))
        (type $t u8)
        (export "t" (type $t)))"#;
    let project = Project::new().file("x.wasm", wat(component));
    let ended = project.call(["inspect", "x.wasm", "--forbid=stdin", "--format=json"]).exits(1);
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn what_a_plugin_says_of_itself_is_shown() {
    let project = Project::new().guest(guests::GREEDY);
    let said = project.call(["inspect", "greedy", "--format=json"]).succeeds().json();
    assert_eq!(said["kind"], "command");
    assert_eq!(said["contract"], "0.1.0");
    assert_eq!(said["fault"], Value::Null);
    let listed = project.call(["list", "--format=json"]).succeeds().json();
    let listed = listed["commands"].as_array().expect("a list").iter();
    let listed = listed.clone().find(|it| it["name"] == "greedy").expect("it is there");
    for field in ["name", "version", "summary"] {
        assert_eq!(said["manifest"][field], listed[field]);
    }
    assert_eq!(said["digest"], listed["digest"]);
    assert_eq!(said["size"], guests::GREEDY.bytes.len());
    let requests = said["manifest"]["requests"].as_array().expect("a list");
    assert!(!requests.is_empty());
    // Its configuration is not asked for, nor anything granted.
    project.call(["inspect", "greedy"]).succeeds().printing("--allow-").quietly();
}

#[test]
fn a_plugin_that_cannot_say_what_it_is_is_none_and_judged_all_the_same() {
    for (guest, reason) in [
        (guests::DESCRIBE_SPINS, "cannot say what it is: took longer than the 2s allowed"),
        (guests::RESERVED, "its manifest breaks the contract"),
    ] {
        let project = Project::new().file("x.wasm", guest.bytes);
        project
            .call(["inspect", "x.wasm"])
            .exits(125)
            .printing("network  imports no function")
            .reporting(reason)
            .in_time(Duration::from_secs(30));
        // What is forbidden is what was asked about.
        project.call(["inspect", "x.wasm", "--forbid=environment"]).exits(1);
    }
}

#[test]
fn other_webassembly_is_judged() {
    let project = Project::new()
        .file(
            "p1.wasm",
            wat(r#"(module
            (import "wasi_snapshot_preview1" "sock_send"
                (func (param i32 i32 i32 i32 i32) (result i32)))
            (func (export "_start")))"#),
        )
        .file("env.wasm", wat(r#"(module (import "env" "foo" (func)))"#))
        .file(
            "runs.wasm",
            wat(r#"(component
            (instance $i) (export "wasi:cli/run@0.2.6" (instance $i)))"#),
        );
    project
        .call(["inspect", "p1.wasm"])
        .succeeds()
        .printing("a core module that is a program (`_start`) of WASI preview 1")
        .printing("p1 0.0.0: A program of WASI")
        .printing("nobody says what it needs: what you grant decides")
        .printing("network  imports `wasi_snapshot_preview1.sock_send`");
    project.call(["inspect", "p1.wasm", "--forbid=network"]).exits(1).reporting("sock_send");
    project
        .call(["inspect", "env.wasm", "--forbid=random"])
        .exits(1)
        .printing("Nothing is proven: it imports `env.foo`, which this runner does not provide")
        .reporting("random (imports `env.foo`)");
    project.call(["inspect", "env.wasm"]).exits(125).reporting("a core module without `_start`");
    project
        .call(["inspect", "runs.wasm"])
        .succeeds()
        .printing("a component that exports `wasi:cli/run`, version 0.2.6");
}

#[test]
fn names_in_a_file_cannot_steer_the_terminal() {
    let hostile = r#"(module (import "\1b[2J\e2\80\ae" "x\0a  network  never\0d\9b" (func)))"#;
    // A lone C1 byte is no UTF-8, and so no name.
    let hostile = hostile.replace(r"\9b", r"\c2\9b");
    let project = Project::new().file("x.wasm", wat(&hostile));
    project
        .call(["inspect", "x.wasm", "--forbid=files"])
        .exits(1)
        .printing(r"\u{1b}[2J\u{202e}.x\n  network  never\r\u{9b}")
        .without("\u{1b}")
        .without("\u{202e}")
        .without("\u{9b}")
        .without("\r")
        .without("\n  network  never");
    project.call(["inspect", "x.wasm", "--format=json"]).exits(125).without("\u{1b}").json();
}

#[test]
fn a_file_goes_over_a_command_and_a_command_over_a_directory() {
    let project = Project::new().guest(guests::HELLO).directory("hello").directory("build");
    let source = |project: &Project, what: &str| {
        let said = project.call(["inspect", what, "--format=json"]).succeeds();
        project.masked(said.json()["source"].as_str().expect("a text"))
    };
    assert_eq!(source(&project, "hello"), "[WORKSPACE]/.taskrunner/plugins/hello.wasm");
    assert_eq!(source(&project, "build"), "embedded build");
    let project = project.file("clean", guests::CAT.bytes);
    assert_eq!(source(&project, "clean"), "[WORKSPACE]/clean");
    // A path is one from the directory of the call.
    project.call(["inspect", "../clean"]).within("hello").succeeds().printing("cat 0.1.0");
    project.call(["inspect", "-C", "hello", "../clean"]).succeeds().printing("cat 0.1.0");
    project.call(["inspect", "./build"]).exits(125).reporting("not a regular file");
}

#[test]
fn what_is_not_there_is_told() {
    let project = Project::new().guest(guests::HELLO);
    project.call(["inspect", "hallo"]).exits(127).prints("").reports(
        "  × there is neither a file nor a command `hallo`\n  help: did you mean `hello`?\n",
    );
    project
        .call(["inspect", "hallo.wasm"])
        .exits(125)
        .prints("")
        .reports("  × [WORKSPACE]/hallo.wasm: cannot be read: [NOT FOUND]\n");
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let project = Project::new();
    project.call(["inspect"]).exits(2).prints("").reporting("<FILE>");
    project.call(["inspect", "clean", "--forbid", "teleport"]).exits(2).prints("").reports(
        "error: invalid value 'teleport' for '--forbid <ABILITY>'\n  \
         [possible values: network, files, environment, stdin, clocks, random]\n\n\
         For more information, try '--help'.\n",
    );
    // Nothing is forbidden by nothing.
    project.call(["inspect", "clean", "--forbid="]).exits(2).prints("");
}
