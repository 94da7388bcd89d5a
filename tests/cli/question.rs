//! The one question about permissions: what it shows, who is asked, and what counts as an answer.
#![cfg(unix)]

use crate::harness::{Call, Input, Project, guests};

const ALL: &str = "read: true\nwrite: true\nvariable: true\n";
const NOTHING: &str = "read: false\nwrite: false\nvariable: false\n";

fn project() -> Project {
    Project::new().guest(guests::GREEDY).directory("out")
}

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush")
}

#[test]
fn it_shows_what_a_yes_enforces() {
    let project = project();
    let ended = greedy(&project).answering("n\n").exits(1).printing(NOTHING);
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn once_is_for_this_run() {
    let project = project();
    greedy(&project).answering("o\n").exits(1).printing(ALL);
    greedy(&project).answering("ONCE\n").exits(1).printing("Allow it?").printing(ALL);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn always_is_for_this_plugin_in_this_workspace() {
    let project = project();
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    greedy(&project).exits(1).prints(ALL).quietly();
    greedy(&project).answering("n\n").exits(1).without("Allow it?");
    // Another workspace with the same plugin.
    let elsewhere = "outside/copy/.taskrunner/plugins/greedy.wasm";
    let project = project.beside(elsewhere, guests::GREEDY.bytes);
    greedy(&project).within_beside("outside/copy").exits(1).prints(NOTHING);
    // Another command with the same requests.
    let project = project.guest_as(guests::GREEDY_BEFORE, "greedy");
    greedy(&project).succeeds().prints("secret: false\n");
    // The same bytes again.
    let project = project.guest(guests::GREEDY);
    greedy(&project).exits(1).prints(ALL);
}

#[test]
fn an_answer_is_not_about_where_a_link_leads_later() {
    let project = Project::new()
        .guest(guests::GREEDY)
        .directory("out")
        .beside("outside/kept.txt", "")
        .file("taskrunner.yaml", "permissions: {greedy: {read: [.]}}\n");
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    greedy(&project).exits(1).prints(ALL);
    std::fs::remove_file(project.path("out/file")).expect("the guest wrote it");
    std::fs::remove_dir(project.path("out")).expect("it is empty");
    let project = project.link("out", "../outside");
    greedy(&project)
        .exits(1)
        .printing("write: false\nvariable: true\n")
        .reporting("a link leads elsewhere: write [WORKSPACE]/out");
    assert!(!project.beside_path("outside/file").exists());
}

#[test]
fn an_answer_that_others_can_write_is_none() {
    use std::os::unix::fs::PermissionsExt;

    let project = project();
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    let answers = project.beside_path("state/taskrunner/answers");
    let mut records = std::fs::read_dir(&answers).expect("the directory of records");
    let record = records.next().expect("a record").expect("an entry").path();
    let text = std::fs::read_to_string(&record).expect("the record");
    std::fs::set_permissions(&record, std::fs::Permissions::from_mode(0o666)).expect("mine");
    greedy(&project).exits(1).prints(NOTHING).reporting("others can write to it");
    std::fs::set_permissions(&record, std::fs::Permissions::from_mode(0o600)).expect("mine");
    greedy(&project).exits(1).prints(ALL);
    for bad in ["", "{}", &text.replace("greedy", "hello"), &text.replace("1,", "2,")] {
        assert_ne!(bad, text);
        std::fs::write(&record, bad).expect("a file");
        greedy(&project).exits(1).prints(NOTHING);
    }
}

#[test]
fn anything_else_is_a_no() {
    let project = project();
    for answer in ["n\n", "\n", "N\n", "x\n", "yes\n", "y\n", "o o\n", "\u{4}", "\u{0}o\n", "ö\n"]
    {
        let ended = greedy(&project).answering(answer).exits(1).printing("Allow it?");
        assert!(ended.stdout().contains(NOTHING), "{answer:?}: {ended}");
    }
    let long = format!("{}o\n", " ".repeat(100));
    greedy(&project).answering(&long).exits(1).printing(NOTHING);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn what_was_typed_before_answers_nothing() {
    let project = project();
    greedy(&project)
        .typed_ahead("a\no\no\n")
        .answering("\n")
        .exits(1)
        .printing("Allow it?")
        .printing(NOTHING);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn nobody_is_asked_who_is_not_there() {
    let project = project();
    let silent = |call: Call<'_>| {
        let _ = call.exits(1).printing(NOTHING).without("Allow it?");
    };
    silent(greedy(&project).input(Input::Bytes(b"a\n".to_vec())));
    silent(greedy(&project).input(Input::Bytes(b"a\n".to_vec())).on_terminal());
    silent(greedy(&project).typed_ahead("a\n"));
    silent(greedy(&project).answering("a\n").env("CI", "true"));
    silent(greedy(&project).with(["--no-input"]).answering("a\n"));
    silent(greedy(&project).with(["--format=json"]).answering("a\n"));
    greedy(&project).with(["--locked"]).answering("a\n").exits(126).without("Allow it?");
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn nothing_is_asked_where_a_yes_changes_nothing() {
    let all = ["--allow-read=.", "--allow-write=out", "--allow-env=SECRET"];
    let project = project();
    greedy(&project).with(all).answering("n\n").exits(1).printing(ALL).without("Allow it?");
    let denied = ["--deny-read=.", "--deny-env=SECRET"];
    greedy(&project).with(denied).answering("o\n").exits(1).without("Allow it?");
    // What is never granted to anybody is not offered.
    let project = project.guest(guests::FILES);
    project.call(["files", "list", "/"]).answering("o\n").succeeds().without("Allow it?");
    // A denial stays, whatever the answer.
    greedy(&project)
        .with(["--deny-env=SECRET", "--deny-write=out"])
        .answering("o\n")
        .exits(1)
        .printing("it may not:")
        .printing("env SECRET (command line)")
        .printing("variable: false")
        .without("see the environment variable SECRET");
}

#[test]
fn what_the_workspace_would_grant_is_offered_too() {
    let text = "permissions:\n  files:\n    read: [../outside]\n";
    let project = Project::new()
        .guest(guests::FILES)
        .file("taskrunner.yaml", text)
        .beside("outside/file.txt", "text");
    let file = project.beside_text("outside/file.txt");
    let read = || project.call(["files", "read", &file]);
    read().answering("n\n").succeeds().printing("read [ROOT]/outside").printing("error: ");
    read().answering("a\n").succeeds().printing("ok: text");
    read().succeeds().prints("ok: text\n").quietly();
}

#[test]
fn it_cannot_be_rewritten() {
    let project = Project::new().guest(guests::HOSTILE_REASON);
    project
        .call(["hostile-reason", "--color=never"])
        .answering("o\n")
        .exits(125)
        .printing("holds a control character")
        .without("\u{1b}")
        .without("Allow it?");
    // Nor by what the workspace says.
    let text = "permissions: {files: {read: [\"../outside/\\e]0;x\\a\\u202e\"]}}\n";
    let project = Project::new().guest(guests::FILES).file("taskrunner.yaml", text);
    project
        .call(["files", "list", "/", "--color=never"])
        .answering("n\n")
        .succeeds()
        .printing(r"outside/\u{1b}]0;x\u{7}\u{202e}")
        .printing("Allow it?")
        .without("\u{1b}")
        .without("\u{202e}");
}
