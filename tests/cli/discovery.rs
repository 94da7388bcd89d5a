//! Where plugins come from, and which of them answers.

use serde_json::{Value, json};

use crate::harness::{Ended, Project, guests};

/// Origins by the names of the commands.
fn origins(ended: &Ended<'_>) -> Value {
    let listing = ended.json();
    let commands = listing["commands"].as_array().expect("a list");
    let origin = |command: &Value| {
        (command["name"].as_str().expect("a name").to_owned(), command["origin"].clone())
    };
    Value::Object(commands.iter().map(origin).collect())
}

#[test]
fn plugins_come_from_every_place() {
    let project = Project::new()
        .file("taskrunner.yaml", "plugins: {path: [configured]}")
        .file("configured/a.wasm", guests::CAT.bytes)
        .file("named/b.wasm", guests::ENV.bytes)
        .file("elsewhere/b.wasm", guests::CLOCK.bytes)
        .file("sub/on-path/c.wasm", guests::EXIT.bytes)
        .beside("outside/d.wasm", guests::FAIL.bytes)
        .beside("data/taskrunner/plugins/e.wasm", guests::HELLO.bytes)
        .guest(guests::SAY);
    let path = std::env::join_paths(["on-path".into(), project.beside_path("outside")])
        .expect("a path of two directories");
    let ended = project
        .call(["list", "--format=json", "--plugin-dir", "../named", "--plugin-dir=../elsewhere"])
        .within("sub")
        .env("TASKRUNNER_PLUGIN_PATH", path)
        .succeeds()
        .quietly();
    assert_eq!(
        origins(&ended),
        json!({
            "build": "embedded",
            "cat": "configuration",
            "clean": "embedded",
            "clock": "command-line",
            "env": "command-line",
            "exit": "environment",
            "fail": "environment",
            "hello": "user",
            "say": "workspace",
        })
    );
}

#[test]
fn only_wasm_files_are_looked_at() {
    Project::new()
        .file(".taskrunner/plugins/README.md", "no plugin")
        .file(".taskrunner/plugins/hello.wasm.bak", guests::HELLO.bytes)
        .file(".taskrunner/plugins/below/hello.wasm", guests::HELLO.bytes)
        .call(["hello"])
        .exits(127);
}

#[test]
fn one_broken_file_leaves_the_others_usable() {
    let project = Project::new()
        .guest(guests::HELLO)
        .file(".taskrunner/plugins/empty.wasm", "")
        .file(".taskrunner/plugins/script.wasm", "#!/bin/sh\necho hello\n")
        .file(".taskrunner/plugins/module.wasm", b"\0asm\x01\0\0\0")
        .file(".taskrunner/plugins/other-world.wasm", b"\0asm\x0d\0\x01\0")
        .file(".taskrunner/plugins/cut.wasm", &guests::HELLO.bytes[..5000])
        .file(".taskrunner/plugins/newer.wasm", of_contract("0.2.0"))
        .directory(".taskrunner/plugins/directory.wasm");
    let ended = project.call(["list"]).succeeds().printing("Greet somebody");
    insta::assert_snapshot!(ended.stderr());
    project.call(["hello"]).succeeds().prints("Hello, world!\n").quietly();
    // A file that may have been meant is what is wrong, rather than a name that is not there.
    project
        .call(["module"])
        .exits(125)
        .prints("")
        .reporting("[WORKSPACE]/.taskrunner/plugins/module.wasm")
        .reporting("a core module without `_start`");
}

/// The guest `hello` as if it were made for another version of the contract.
fn of_contract(version: &str) -> Vec<u8> {
    let mut bytes = guests::HELLO.bytes.to_vec();
    let name = b"taskrunner:plugin/guest@0.1.0";
    let at: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(name)).collect();
    assert!(!at.is_empty(), "the guest does not name its contract");
    for at in at {
        let end = at + name.len();
        bytes[end - version.len()..end].copy_from_slice(version.as_bytes());
    }
    bytes
}

#[test]
fn manifests_against_the_contract_are_refused() {
    let project = [
        guests::BAD_NAME,
        guests::RESERVED,
        guests::NO_VERSION,
        guests::CLASHING_OPTION,
        guests::HOSTILE_SUMMARY,
        guests::BAD_SCHEMA,
        guests::HELLO,
    ]
    .into_iter()
    .fold(Project::new(), Project::guest);
    let ended = project.call(["list"]).succeeds().printing("hello").without("\u{1b}");
    insta::assert_snapshot!(ended.stderr());
    project.call(["hello"]).succeeds().prints("Hello, world!\n").quietly();
}

#[test]
fn the_same_name_twice_in_one_place_is_an_error_that_names_both() {
    let project = Project::new()
        .file(".taskrunner/plugins/one.wasm", guests::HELLO.bytes)
        .file(".taskrunner/plugins/two.wasm", guests::HELLO.bytes)
        .guest(guests::CAT);
    let ended = project.call(["hello"]).exits(125).prints("");
    insta::assert_snapshot!(ended.stderr());
    let list = project.call(["list", "--format", "json"]).succeeds();
    assert_eq!(origins(&list)["hello"], Value::Null);
    assert_eq!(origins(&list)["cat"], "workspace");
    let faults = list.json()["faults"].clone();
    assert_eq!(faults.as_array().map(Vec::len), Some(1), "{faults}");
}

#[test]
fn across_places_the_nearer_wins_and_the_hidden_is_shown() {
    let project = Project::new()
        .file("named/hello.wasm", guests::HELLO.bytes)
        .guest(guests::HELLO)
        .beside("data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    let ended = project.call(["list", "--plugin-dir", "named"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    let listing = project.call(["list", "--format=json", "--plugin-dir=named"]).succeeds().json();
    let shadowed: Vec<&Value> = listing["shadowed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|plugin| &plugin["origin"])
        .collect();
    assert_eq!(shadowed, ["workspace", "user"]);
}

#[test]
fn the_order_of_the_places_is_the_documented_one() {
    let project = Project::new()
        .file("taskrunner.yaml", "plugins: {path: [configured]}")
        .file("named/hello.wasm", guests::HELLO.bytes)
        .file("on-path/hello.wasm", guests::HELLO.bytes)
        .file("configured/hello.wasm", guests::HELLO.bytes)
        .guest(guests::HELLO)
        .beside("data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    let mut call = project.call(["list", "--format=json", "--plugin-dir=named"]);
    call = call.env("TASKRUNNER_PLUGIN_PATH", "on-path");
    let ended = call.succeeds();
    assert_eq!(origins(&ended)["hello"], "command-line");
    let shadowed: Vec<String> = ended.json()["shadowed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|plugin| plugin["origin"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(shadowed, ["environment", "configuration", "workspace", "user"]);
}

#[test]
fn an_embedded_name_is_replaced_only_by_a_trusted_line_of_the_configuration() {
    let project = Project::new().guest(guests::IMPOSTOR);
    project.call(["clean", "--dry-run"]).succeeds().without("this is not clean");
    project
        .call(["list"])
        .succeeds()
        .printing("clean in [WORKSPACE]/.taskrunner/plugins/impostor.wasm is hidden by embedded");

    let project = project.file("taskrunner.yaml", "plugins: {replace: [clean]}");
    project.call(["trust", "--yes"]).succeeds();
    // It has the name, and not the grants that the embedded one has.
    project.call(["clean"]).succeeds().prints("this is not clean; it can list: false\n");
    let ended = project.call(["list", "--format=json"]).succeeds();
    assert_eq!(origins(&ended)["clean"], "workspace");
}

#[test]
fn a_directory_that_was_named_must_be_there() {
    let project = Project::new().file("taskrunner.yaml", "plugins:\n  path:\n    - none\n");
    let ended = project.call(["list"]).exits(2).prints("");
    insta::assert_snapshot!(ended.stderr());
    let project = Project::new();
    project
        .call(["list", "--plugin-dir", "none"])
        .exits(2)
        .prints("")
        .reporting("--plugin-dir `none`: there is no such directory");
    // The places that are only looked at need not be.
    project.call(["list"]).env("TASKRUNNER_PLUGIN_PATH", "none").succeeds().quietly();
}

#[test]
fn the_digest_is_that_of_the_files_bytes() {
    use sha2::Digest as _;
    let digest: String = sha2::Sha256::digest(guests::HELLO.bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let project = Project::new().guest(guests::HELLO);
    let listing = project.call(["list", "--format=json"]).succeeds().json();
    let commands = listing["commands"].as_array().expect("a list");
    let hello = commands.iter().find(|command| command["name"] == "hello").expect("it is there");
    assert_eq!(hello["digest"], format!("sha256:{digest}"));
}

#[test]
fn a_file_with_a_fault_does_not_let_a_weaker_one_take_its_place_unseen() {
    let project = Project::new()
        .file(".taskrunner/plugins/hello.wasm", "no wasm")
        .beside("data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    let listing = project.call(["list", "--format=json"]).succeeds().json();
    let commands = listing["commands"].as_array().expect("a list");
    assert!(commands.iter().all(|command| command["name"] != "hello"), "{listing}");
    assert_eq!(listing["shadowed"][0]["name"], "hello");
    project.call(["hello"]).exits(125).reporting("not a WebAssembly file");
}

#[test]
fn of_two_with_one_name_the_file_that_is_called_so_is_meant() {
    let project = Project::new()
        .guest(guests::HELLO)
        .file(".taskrunner/plugins/another.wasm", guests::HELLO.bytes);
    project.call(["hello"]).succeeds().quietly().prints("Hello, world!\n");
    let listing = project.call(["list", "--format=json"]).succeeds().json();
    let commands = listing["commands"].as_array().expect("a list");
    let hello = commands.iter().find(|command| command["name"] == "hello").expect("it is there");
    assert!(hello["path"].as_str().expect("a path").ends_with("hello.wasm"), "{hello}");
    let fault = listing["faults"][0].to_string();
    assert!(fault.contains("another.wasm") && fault.contains("hello.wasm"), "{fault}");
    assert_eq!(listing["faults"].as_array().map(Vec::len), Some(1), "{listing}");
}

/// The lists of what is known of files: their paths.
fn lists(project: &Project) -> Vec<std::path::PathBuf> {
    let directory = project.beside_path("cache/taskrunner/plugins");
    let versions = std::fs::read_dir(directory).expect("something is known");
    let lists = versions.flat_map(|version| {
        std::fs::read_dir(version.expect("a directory").path()).expect("it can be read")
    });
    lists.map(|list| list.expect("a list").path()).collect()
}

/// A file that has just changed is not known yet: longer ago than that.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(150));
}

#[test]
fn what_is_known_of_a_file_ends_with_the_file() {
    let project = Project::new().guest(guests::HELLO);
    settle();
    for _ in 0..2 {
        project.call(["hello"]).succeeds().quietly().prints("Hello, world!\n");
    }
    assert_eq!(lists(&project).len(), 1);
    let file = project.path(".taskrunner/plugins/hello.wasm");
    // In place, as a compiler or `cp` does.
    std::fs::write(&file, guests::CAT.bytes).expect("written");
    project.call(["hello"]).exits(127);
    project.call(["cat"]).succeeds();
    std::fs::write(&file, "no wasm").expect("written");
    project.call(["hello"]).exits(125).reporting("not a WebAssembly file");
    std::fs::write(&file, guests::HELLO.bytes).expect("written");
    project.call(["hello"]).succeeds().prints("Hello, world!\n");
}

#[test]
fn a_list_that_is_broken_or_lies_makes_nothing_run_that_was_not_looked_at() {
    use sha2::Digest as _;
    let project = Project::new().guest(guests::HELLO);
    settle();
    project.call(["hello"]).succeeds();
    let lists = lists(&project);
    let [list] = lists.as_slice() else { panic!("{lists:?}") };
    let text = std::fs::read_to_string(list).expect("it is text");
    let reserved = text.replace(r#""name":"hello""#, r#""name":"list""#);
    assert_ne!(reserved, text);
    for broken in [&reserved, "", "\n\n", "\t", "\"hello.wasm\"\t{", &text[..text.len() / 2]] {
        std::fs::write(list, broken).expect("written");
        project.call(["hello"]).succeeds().quietly().prints("Hello, world!\n");
    }
    // It is another plugin, which was never compiled: its bytes are not these.
    let digest: String = sha2::Sha256::digest(guests::HELLO.bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(text.contains(&digest), "{text}");
    std::fs::write(list, text.replace(&digest, &"0".repeat(64))).expect("written");
    project.call(["hello"]).exits(125).reporting("changed since it was looked at: run it again");
    project.call(["hello"]).succeeds().quietly().prints("Hello, world!\n");
}
