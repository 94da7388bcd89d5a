//! The same for every kind of program.

use serde_json::json;

use super::{everywhere, show};
use crate::harness::{Input, Project};

#[test]
fn arguments_arrive_as_they_were_typed() {
    everywhere(|name, project| {
        let ended = project
            .call([
                "--color", "never", "show", "a", "--format", "b c", "--help", "-C", "--", "--", "",
            ])
            .succeeds()
            .quietly();
        let arguments = "arguments:\n[a]\n[--format]\n[b c]\n[--help]\n[-C]\n[--]\n[--]\n[]\n";
        assert_eq!(ended.stdout(), format!("{arguments}config: \n"), "{name}");
    });
}

#[test]
fn the_section_of_the_configuration_arrives_as_json() {
    everywhere(|name, project| {
        let project = project.file("taskrunner.yaml", "show: {name: Zoë, list: [1, 2]}");
        let ended = project.call(["show"]).succeeds();
        let line = ended.stdout().lines().last().expect("a line").to_owned();
        let text = line.strip_prefix("config: ").expect("the configuration");
        let found: serde_json::Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(found, json!({ "name": "Zoë", "list": [1, 2] }), "{name}");
    });
}

#[test]
fn without_a_section_there_is_no_variable_for_it() {
    everywhere(|name, project| {
        let ended = project.call(["show", "env:TASKRUNNER_CONFIG"]).succeeds();
        assert!(ended.stdout().ends_with("config: \nunset\n"), "{name}");
    });
}

#[test]
fn exit_codes_arrive() {
    everywhere(|name, project| {
        for (wanted, found) in [(0, 0), (1, 1), (3, 3), (123, 123), (124, 123), (255, 123)] {
            let exit = format!("exit:{wanted}");
            let ended = project.call(["show", exit.as_str()]).exits(found);
            assert!(ended.stdout().contains("config: "), "{name} loses what it wrote before");
        }
    });
}

#[test]
fn standard_input_arrives() {
    everywhere(|_, project| {
        let input = Input::Bytes(b"line one\nline two".to_vec());
        project.call(["show", "stdin"]).input(input).succeeds().printing("line one\nline two");
    });
}

#[test]
fn what_is_not_granted_is_denied_with_the_line_that_allows_it() {
    everywhere(|name, project| {
        let project = project.file("in/a.txt", "secret\n").beside("outside.txt", "elsewhere\n");
        project
            .call(["show", "read:in/a.txt"])
            .exits(3)
            .without("secret")
            .reporting("show was denied")
            .reporting("help: `taskrunner --allow-read [WORKSPACE]/in/a.txt show …` allows it");
        project
            .call(["--allow-read", "in", "show", "read:in/a.txt"])
            .succeeds()
            .printing("secret\n");
        project
            .call(["--allow-read", "in", "show", "read:/in/a.txt"])
            .succeeds()
            .printing("secret\n");
        project.call(["--allow-read", "in", "show", "list:in"]).succeeds().printing("a.txt\n");
        for path in ["read:../outside.txt", "read:in/../../outside.txt"] {
            let ended = project.call(["--allow-read", ".", "show", path]).exits(3);
            assert!(!ended.stdout().contains("elsewhere"), "{name}: {path}");
        }
        let denied = project.call(["--allow-read", "in", "show", "write:in/b.txt=x"]).exits(3);
        denied.leaving(&["in/a.txt"]);
        project
            .call(["--allow-write", "in", "show", "write:in/b.txt=x", "read:in/b.txt"])
            .succeeds()
            .printing("x");
        assert_eq!(project.text("in/b.txt"), "x");
        project.call(["--allow-write", ".", "show", "write:.git/config=x"]).exits(3);
        project
            .call(["--allow-read", "in", "--deny-read", "in/a.txt", "show", "read:in/a.txt"])
            .exits(3);
    });
}

#[test]
fn variables_are_granted_one_by_one() {
    everywhere(|_, project| {
        let call = |grants: &[&'static str]| {
            let words = grants.iter().copied().chain(["show", "env:SECRET"]);
            project.call(words.collect::<Vec<_>>()).env("SECRET", "hush")
        };
        call(&[]).succeeds().printing("unset\n").without("hush");
        call(&["--allow-env", "SECRET"]).succeeds().printing("hush\n");
    });
}

#[test]
fn a_relative_path_is_relative_to_where_the_user_stands() {
    everywhere(|_, project| {
        let project = project.file("taskrunner.yaml", "{}").file("a.txt", "above\n");
        let project = project.file("deep/a.txt", "here\n");
        project
            .call(["--allow-read", ".", "show", "read:a.txt", "list:."])
            .within("deep")
            .succeeds()
            .printing("here\n")
            .without("above");
        // What is elsewhere has its real name.
        let above = format!("read:{}", project.path("a.txt").display());
        project
            .call(["--allow-read", "../a.txt", "show", &above])
            .within("deep")
            .succeeds()
            .printing("above\n");
    });
}

#[test]
fn every_access_is_recorded() {
    everywhere(|name, project| {
        let project = project.file("a.txt", "text").file("b.txt", "text");
        project
            .call([
                "--audit",
                "audit.jsonl",
                "--allow-read",
                "a.txt",
                "show",
                "read:a.txt",
                "read:b.txt",
            ])
            .exits(3);
        let audit = project.text("audit.jsonl");
        for (file, decision) in [("a.txt", "allowed"), ("b.txt", "denied")] {
            let is_recorded = audit.lines().any(|line| {
                line.contains(r#""operation":"read""#)
                    && line.contains(file)
                    && line.contains(decision)
            });
            assert!(is_recorded, "{name}: {file} is not {decision} in {audit}");
        }
    });
}

#[test]
fn limits_hold() {
    everywhere(|_, project| {
        project.call(["--memory-limit", "64KiB", "show"]).exits(137).reporting("memory");
        project.call(["--output-limit", "10B", "show", "abcdefgh"]).exits(153).reporting("output");
        project
            .call(["--disk-limit", "3B", "--allow-write", ".", "show", "write:x=12345"])
            .exits(153)
            .reporting("to files allowed");
    });
}

#[test]
fn a_program_can_be_tried_again() {
    let project = show();
    let call = |on, exit| {
        let words = ["--attempts", "2", "--retry-on", on, "--backoff-delay", "1ms", "show", exit];
        project.call(words)
    };
    call("failed", "exit:1").exits(1).reporting("again in").printing("config: \narguments:");
    // The code for what may well work later says so by itself.
    call("retryable", "exit:75").exits(75).reporting("again in");
    call("retryable", "exit:1").exits(1).without("again in");
}

#[test]
fn an_option_of_the_runners_that_goes_to_the_program_is_told() {
    let project = show().file("taskrunner.yaml", "logging: {level: off}").file("a.txt", "text");
    let ended = project.call(["--allow-read", ".", "show", "read:a.txt", "--time-limit=1s"]);
    ended.succeeds().printing("text").reporting("`--time-limit=1s` is passed to `show`");
    project.call(["show", "--", "--time-limit=1s"]).succeeds().quietly();
}

#[test]
fn one_that_would_protect_is_refused_there() {
    let project = show().file("a.txt", "text");
    for option in ["--deny-read", "--deny-write=.", "--deny-http", "--require-sandbox"] {
        let call = project.call(["--allow-read", ".", "show", "read:a.txt", option, "."]);
        call.exits(2).prints("").reporting("protects you before the name");
        project.call(["show", "--", option]).succeeds();
    }
    let call = project.call(["--allow-read", ".", "--deny-read", "a.txt", "show", "read:a.txt"]);
    call.exits(3).without("text");
}

#[test]
fn no_workspace_keeps_it_from_the_user() {
    show()
        .file("taskrunner.yaml", "logging: {level: off}")
        .call(["show", "--locked"])
        .succeeds()
        .reporting("`--locked` is passed to `show`");
}

#[test]
fn help_says_what_a_program_is() {
    let project = show();
    let ended = project.call(["help", "show"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
}

/// A component that ends well if the key `name` of its configuration is a text of three bytes.
const ASKS_FOR_ITS_CONFIGURATION: &str = r#"(component
    (import "wasi:config/store@0.2.0-rc.1" (instance $store
        (type $error (variant (case "upstream" string) (case "io" string)))
        (export "error" (type $exported (eq $error)))
        (export "get" (func (param "key" string) (result (result (option string) (error $exported)))))))
    (core module $memory
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (data (i32.const 0) "name"))
    (core instance $m (instantiate $memory))
    (alias export $store "get" (func $get))
    (core func $lowered
        (canon lower (func $get) (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (core module $main
        (import "store" "get" (func $get (param i32 i32 i32)))
        (import "m" "memory" (memory 1))
        (func (export "run") (result i32)
            (call $get (i32.const 0) (i32.const 4) (i32.const 64))
            (i32.or (i32.load8_u (i32.const 64)) (i32.or
                (i32.ne (i32.load8_u (i32.const 68)) (i32.const 1))
                (i32.ne (i32.load (i32.const 76)) (i32.const 3))))))
    (core instance $i (instantiate $main
        (with "store" (instance (export "get" (func $lowered))))
        (with "m" (instance $m))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))"#;

#[test]
fn a_component_can_ask_for_its_configuration() {
    let asking = || {
        let bytes = wat::parse_str(ASKS_FOR_ITS_CONFIGURATION).expect("a component");
        Project::new().file(".taskrunner/plugins/asks.wasm", bytes)
    };
    asking().call(["asks"]).exits(1);
    asking().call(["inspect", "asks", "--forbid=environment"]).succeeds();
    for (name, code) in [("abc", 0), ("abcd", 1), ("[1]", 0), ("123", 0), ("null", 1)] {
        let text = format!("asks: {{name: {name}}}");
        asking().file("taskrunner.yaml", text).call(["asks"]).exits(code);
    }
}
