//! `taskrunner.lock`: which plugins were accepted, and with which grants.

use crate::harness::{Call, Project, guests};

const ALL: &str = "read: true\nwrite: true\nvariable: true\n";

/// A workspace that has accepted `greedy` and is trusted.
fn locked() -> Project {
    let project = Project::new().guest(guests::GREEDY).directory("out");
    project.call(["update", "--accept"]).succeeds().quietly();
    project.call(["trust", "--yes"]).succeeds();
    greedy(&project).exits(1).prints(ALL).quietly();
    project
}

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush").env("TOKEN", "hush")
}

#[test]
fn it_says_what_was_accepted() {
    let project = Project::new().guest(guests::GREEDY).guest(guests::HELLO);
    let ended = project.call(["update", "greedy", "hello", "--accept"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    insta::assert_snapshot!(project.masked(&project.text("taskrunner.lock")));
    // Once more, nothing differs, and nothing is written.
    let before =
        project.path("taskrunner.lock").metadata().expect("there").modified().expect("a time");
    let names = ["update", "greedy", "hello"];
    project.call(names).succeeds().prints("[WORKSPACE]/taskrunner.lock: as it is\n").quietly();
    let after =
        project.path("taskrunner.lock").metadata().expect("there").modified().expect("a time");
    assert_eq!(before, after);
}

#[test]
fn what_is_newly_requested_takes_a_yes() {
    let project = Project::new().guest(guests::GREEDY);
    project
        .call(["update"])
        .exits(126)
        .printing("+ request env SECRET")
        .reporting("nothing was written: greedy")
        .leaving(&[]);
    project.call(["update", "--check"]).exits(1).printing("+ request env SECRET").leaving(&[]);
    project.call(["update", "--dry-run", "greedy"]).exits(1).leaving(&[]);
    #[cfg(unix)]
    {
        for answer in ["n\n", "\n", "\u{4}"] {
            project.call(["update"]).answering(answer).exits(126).leaving(&[]);
        }
        project.call(["update"]).typed_ahead("y\n").answering("\n").exits(126).leaving(&[]);
        project.call(["update"]).answering("y\n").succeeds().leaving(&["taskrunner.lock"]);
        project.call(["update", "--check"]).succeeds();
    }
}

#[test]
fn what_asks_for_nothing_takes_none() {
    let project = Project::new().guest(guests::HELLO);
    project.call(["update"]).succeeds().printing("hello 0.1.0: new").leaving(&["taskrunner.lock"]);
    let text = project.text("taskrunner.lock");
    assert!(text.contains("  clean:\n") && text.contains("source: embedded\n"), "{text}");
    project.call(["hello", "--locked"]).succeeds().quietly();
    project.call(["clean", "--locked", "--dry-run"]).succeeds().quietly();
}

#[test]
fn its_grants_are_of_the_workspace() {
    let project = locked();
    project.call(["trust", "--revoke"]).succeeds();
    // Inside of it they hold, outside they take trust.
    greedy(&project)
        .exits(1)
        .prints("read: true\nwrite: true\nvariable: false\n")
        .reporting("taskrunner.lock: env SECRET");
    greedy(&project).with(["--locked"]).exits(126).prints("").reporting("env SECRET");
}

#[test]
fn other_bytes_are_not_granted_what_these_were() {
    let project = locked().guest_as(guests::GREEDY_BEFORE, "greedy");
    greedy(&project)
        .succeeds()
        .prints("secret: false\n")
        .reporting("a downgrade to version 0.0.9 from 0.1.0")
        .reporting("what the lock grants does not hold");
    let ended = greedy(&project).with(["--locked"]).exits(126).prints("");
    insta::assert_snapshot!(ended.stderr());
    let lines = greedy(&project).with(["--format=json"]).succeeds().json_lines();
    let message = lines[0]["warning"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("downgrade"), "{message}");
    // It asks for nothing new, so that nobody has to accept it.
    let ended = project.call(["update"]).succeeds();
    insta::assert_snapshot!(ended.stdout());
    project.call(["trust", "--yes"]).succeeds();
    greedy(&project).with(["--locked"]).succeeds().prints("secret: true\n").quietly();
}

#[test]
fn who_asks_for_more_is_not_run() {
    let project = locked().guest_as(guests::GREEDY_2, "greedy");
    let ended = greedy(&project).exits(126).prints("");
    insta::assert_snapshot!(ended.stderr());
    greedy(&project).with(["--locked"]).exits(126).prints("").reporting("requests more");
    greedy(&project).with(["--allow-env=TOKEN"]).exits(126).prints("");
    #[cfg(unix)]
    greedy(&project).answering("a\n").exits(126).without("Allow it?");
    let before = project.text("taskrunner.lock");
    project.call(["update"]).exits(126).printing("+ request env TOKEN");
    assert_eq!(project.text("taskrunner.lock"), before);
    let ended = project.call(["update", "greedy", "--accept"]).succeeds();
    insta::assert_snapshot!(ended.stdout());
    // The plugin has changed, so that the workspace is not trusted any more.
    greedy(&project)
        .succeeds()
        .prints("secret: false\ntoken: false\n")
        .reporting("not trusted any more");
    project.call(["trust", "--yes"]).succeeds();
    greedy(&project).with(["--locked"]).succeeds().prints("secret: true\ntoken: true\n").quietly();
}

#[test]
fn an_update_keeps_the_trust_that_was_there() {
    let project = Project::new().guest(guests::GREEDY).directory("out");
    project.call(["trust", "--yes"]).succeeds();
    project.call(["update", "--accept"]).succeeds();
    greedy(&project).exits(1).prints(ALL).quietly();
    let project = project.guest(guests::HELLO);
    project.call(["trust", "--yes"]).succeeds();
    project.call(["update"]).succeeds().printing("hello 0.1.0: new");
    greedy(&project).exits(1).prints(ALL).quietly();
    // And makes none.
    project.call(["trust", "--revoke"]).succeeds();
    std::fs::remove_file(project.path(".taskrunner/plugins/hello.wasm")).expect("it is there");
    project.call(["update"]).succeeds().printing("hello 0.1.0: gone");
    assert!(!project.text("taskrunner.lock").contains("hello"));
    greedy(&project).exits(1).printing("variable: false");
}

#[test]
fn another_place_is_another_plugin() {
    let project = locked();
    let project = project.file("tools/greedy.wasm", guests::GREEDY.bytes);
    greedy(&project).with(["--plugin-dir=tools"]).exits(1).printing("variable: false").reporting(
        "it comes from `tools/greedy.wasm` and not from `.taskrunner/plugins/greedy.wasm`",
    );
    // One that takes the place of an embedded command.
    let project =
        project.guest(guests::IMPOSTOR).file("taskrunner.yaml", "plugins: {replace: [clean]}");
    project.call(["trust", "--yes"]).succeeds();
    project.call(["clean", "--locked"]).exits(126).reporting("and not from `embedded`");
}

#[test]
fn locked_refuses_what_is_not_in_it() {
    let project = Project::new().guest(guests::HELLO).guest(guests::GREEDY);
    project
        .call(["hello", "--locked"])
        .exits(126)
        .prints("")
        .reporting("there is no `[WORKSPACE]/taskrunner.lock`");
    project.call(["update", "hello"]).succeeds();
    project.call(["hello", "--locked"]).succeeds().prints("Hello, world!\n").quietly();
    let ended = greedy(&project).with(["--locked"]).exits(126).prints("");
    insta::assert_snapshot!(ended.stderr());
    greedy(&project).exits(1).printing("read: false");
    let lines = greedy(&project).with(["--locked", "--format=json"]).exits(126).json_lines();
    assert_eq!(lines[0]["error"]["exit-code"], 126);
}

#[test]
fn locked_refuses_what_is_not_granted() {
    let project = locked();
    let text = project.text("taskrunner.lock");
    let (before, grants) = text.rsplit_once("    grants:\n").expect("grants");
    assert!(grants.contains("- SECRET"), "{text}");
    let narrowed = format!("{before}    grants: {{read: [.]}}\n");
    let project = project.file("taskrunner.lock", narrowed);
    greedy(&project).with(["--locked"]).exits(126).reporting("env SECRET").reporting("write out");
    // What the user grants counts.
    let more = ["--locked", "--allow-env=SECRET", "--allow-write=out"];
    greedy(&project).with(more).exits(1).prints(ALL).quietly();
    // What was narrowed by hand stays so.
    project.call(["update", "greedy"]).succeeds();
    greedy(&project).with(["--locked"]).exits(126).reporting("env SECRET");
}

#[test]
fn what_the_project_grants_is_in_it_and_what_the_user_grants_is_not() {
    let user = "permissions: {greedy: {env: [SECRET], read: [../outside]}}\n";
    let project = Project::new()
        .guest(guests::GREEDY)
        .beside("config/taskrunner/config.yaml", user)
        .file("taskrunner.yaml", "permissions: {greedy: {read: [src/**/*.rs]}}\n");
    let ended = project.call(["update", "greedy", "--accept"]).succeeds();
    assert!(ended.stdout().contains("+ grant read src/**/*.rs\n"), "{ended}");
    // What somebody has narrowed is not widened by accepting the request.
    assert!(!ended.stdout().contains("+ grant read .\n"), "{ended}");
    assert!(!project.text("taskrunner.lock").contains("outside"));
}

#[test]
fn names_that_look_alike_are_none() {
    let project = locked();
    let text = project.text("taskrunner.lock");
    for name in ["CLEAN", "cle\u{430}n", "list", "../clean", "clean\\e[2J"] {
        let text = text.replace("  clean:\n", &format!("  \"{name}\":\n"));
        std::fs::write(project.path("taskrunner.lock"), text).expect("a file");
        let ended = greedy(&project).exits(2).prints("").without("\u{1b}");
        assert!(ended.stderr().contains("taskrunner.lock"), "{name}: {ended}");
    }
    project.call(["update", "CLEAN"]).exits(2);
}

#[test]
fn it_is_read_as_hostile_input() {
    let project = Project::new().guest(guests::HELLO);
    let deep = format!("version: 1\nplugins: {}", "[".repeat(10_000));
    let bomb = "version: 1\na: &a [x, x]\nb: &b [*a, *a]\nplugins: *b\n";
    let entry = "version: 1\nplugins:\n  hello: {version: 1.0.0, source: x, wit: x, sha256: x}\n";
    for (text, part) in [
        ("plugins: {}\n", "`version` is missing"),
        ("version: 7\n", "version 7 is not known"),
        ("version: 1\nplugin: {}\n", "unknown key `plugin`"),
        (entry, "64 hexadecimal digits"),
        (bomb, "anchors"),
        (deep.as_str(), "nested"),
        ("version: 1\nversion: 1\n", "twice"),
        ("\u{1b}[2J", "control character"),
        ("version: 1\nplugins: {x: {source: \"../../\\e[2J\"}}\n", "missing field"),
    ] {
        std::fs::write(project.path("taskrunner.lock"), text).expect("a file");
        for words in [["hello", "--color=never"], ["update", "--accept"]] {
            let ended = project.call(words).exits(2).prints("").without("\u{1b}");
            assert!(ended.stderr().contains("lock file"), "{ended}");
            assert!(ended.stderr().contains(part), "no `{part}` in {ended}");
        }
        assert_eq!(project.text("taskrunner.lock"), text, "nothing writes over what is broken");
    }
    let huge = format!("version: 1\n#{}\n", "x".repeat(300 * 1024));
    let project = project.file("taskrunner.lock", huge);
    project.call(["hello"]).exits(2).reporting("longer than 256 KiB");
    std::fs::remove_file(project.path("taskrunner.lock")).expect("it is there");
    let project = project.directory("taskrunner.lock");
    project.call(["hello"]).exits(2).reporting("it is a directory");
    // Listings and help work, as they do with a broken configuration.
    project.call(["list"]).succeeds();
}

#[test]
fn what_it_grants_is_bounded_like_every_grant() {
    let project = Project::new().guest(guests::FILES).beside("outside/secret.txt", "secret");
    project.call(["update", "files", "--accept"]).succeeds();
    let text = project.text("taskrunner.lock");
    let secret = project.beside_text("outside/secret.txt");
    for (target, code) in [("/", 126), ("/proc", 126), ("~", 126), ("../outside", 0)] {
        let grants = format!("    grants: {{read: [\"{target}\"]}}\n");
        std::fs::write(project.path("taskrunner.lock"), format!("{text}{grants}")).expect("a file");
        project.call(["files", "read", &secret]).exits(code).without("ok: secret");
    }
}

#[test]
fn what_is_there_no_more_leaves_it() {
    let project = locked();
    std::fs::remove_file(project.path(".taskrunner/plugins/greedy.wasm")).expect("it is there");
    // What is broken is still there.
    let project = project.file(".taskrunner/plugins/greedy.wasm", "broken");
    project.call(["update"]).succeeds().without("gone");
    std::fs::remove_file(project.path(".taskrunner/plugins/greedy.wasm")).expect("it is there");
    project.call(["update", "--check"]).exits(1).printing("greedy 0.1.0: gone");
    project.call(["update", "greedy"]).succeeds();
    assert!(!project.text("taskrunner.lock").contains("greedy"));
    project.call(["update", "greedy"]).exits(127);
}

#[test]
fn plugins_of_the_users_own_are_locked_when_they_are_named() {
    let project = Project::new().beside("data/taskrunner/plugins/hello.wasm", guests::HELLO.bytes);
    project.call(["update"]).succeeds().without("hello");
    project.call(["update", "hello"]).succeeds().printing("hello 0.1.0: new, from user");
    project.call(["hello", "--locked"]).succeeds();
    // On a machine without it, it stays.
    std::fs::remove_file(project.beside_path("data/taskrunner/plugins/hello.wasm")).expect("there");
    project.call(["update"]).succeeds().without("hello");
    assert!(project.text("taskrunner.lock").contains("hello"));
}

#[test]
fn an_update_tells_programs() {
    let project = Project::new().guest(guests::GREEDY);
    let json = project.call(["update", "greedy", "--check", "--format=json"]).exits(1).json();
    assert_eq!((json["version"].as_u64(), json["check"].as_bool()), (Some(1), Some(true)));
    let change = &json["changes"][0];
    assert_eq!((&change["command"], &change["old"]), (&"greedy".into(), &serde_json::Value::Null));
    assert_eq!(change["new"]["requests"]["env"][0], "SECRET");
    assert_eq!(change["new-requests"].as_array().map(Vec::len), Some(3));
}
