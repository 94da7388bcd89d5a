//! The policy: what the configuration and the flags grant and deny, and what shows it.

use serde_json::{Value, json};

use crate::harness::{Ended, Project, guests};

/// A project with this policy for `files`, which requests everything.
fn project(policy: &str) -> Project {
    Project::new()
        .guest(guests::FILES)
        .file("taskrunner.yaml", format!("permissions:\n  files:\n{policy}"))
        .file("top.txt", "top")
        .file("in/file.txt", "inside")
        .file("in/notes.md", "notes")
        .file("in/deep/file.md", "deep")
        .file("out/old.txt", "old")
        .beside("outside/secret.txt", "secret")
}

/// Whether an operation of the guest `files` succeeds.
fn does(project: &Project, words: &[&str]) -> bool {
    let ended = project.call(["files"]).with(words.iter().copied()).succeeds();
    ended.stdout().starts_with("ok: ")
}

#[test]
fn the_configuration_grants_directories_files_and_globs() {
    let project = project("    read: [in/deep, top.txt, 'in/*.md']\n    write: [out]\n");
    for words in [
        &["read", "/in/deep/file.md"][..],
        &["list", "/in/deep"],
        &["read", "/top.txt"],
        &["read", "/in/notes.md"],
        &["write", "/out/new.txt", "x"],
        &["remove", "/out/old.txt"],
    ] {
        assert!(does(&project, words), "{words:?}");
    }
    for words in [
        &["read", "/in/file.txt"][..],
        &["write", "/in/notes.md", "x"],
        &["write", "/top.txt", "x"],
        &["write", "/new.txt", "x"],
        &["read", "/taskrunner.yaml"],
    ] {
        assert!(!does(&project, words), "{words:?}");
    }
    assert_eq!(project.text("in/notes.md"), "notes");
    assert_eq!(project.text("top.txt"), "top");
}

#[test]
fn a_listing_shows_what_a_glob_grants() {
    let project = project("    read: ['in/*.md']\n");
    let ended = project.call(["files", "list", "/in"]).succeeds();
    // The directory may be walked to find more.
    ended.prints("ok: deep notes.md\n");
}

#[test]
fn a_denial_wins() {
    let denied =
        "    write: ['.']\n    deny:\n      read: [in/deep]\n      write: ['**/*.md', top.txt]\n";
    let project = project(denied);
    for words in [
        &["read", "/in/deep/file.md"][..],
        &["list", "/in/deep"],
        &["write", "/in/notes.md", "x"],
        &["write", "/in/new.md", "x"],
        &["write", "/top.txt", "x"],
        &["remove", "/top.txt"],
        &["rename", "/top.txt", "/moved.txt"],
        &["rename", "/out/old.txt", "/out/old.md"],
        // What holds a denied file cannot be moved from under the rule.
        &["rename", "/in", "/elsewhere"],
    ] {
        assert!(!does(&project, words), "{words:?}");
    }
    assert!(does(&project, &["read", "/in/notes.md"]));
    assert!(does(&project, &["write", "/in/file.txt", "x"]));
    // From the flags, too, and whatever they allow.
    let words = ["files", "read", "/top.txt", "--deny-read=top.txt", "--allow-read=top.txt"];
    project.call(words).succeeds().printing("error: ");
}

#[test]
fn a_listing_hides_what_is_denied_to_be_read() {
    let project = project("    read: ['.']\n    deny: {read: [in/deep, 'in/*.md']}\n");
    project.call(["files", "list", "/in"]).succeeds().prints("ok: file.txt\n");
}

#[test]
fn variables_are_granted_by_pattern_and_denied_by_name() {
    let policy = "permissions:\n  env:\n    env: ['BUILD_*']\n    deny: {env: [BUILD_TOKEN]}\n";
    let project = Project::new()
        .guest(guests::ENV)
        .file("taskrunner.yaml", "")
        .beside("config/taskrunner/config.yaml", policy);
    project
        .call(["env"])
        .env("BUILD_NUMBER", "7")
        .env("BUILD_TOKEN", "hush")
        .env("OTHER", "x")
        .succeeds()
        .printing("BUILD_NUMBER=7\n")
        .without("hush")
        .without("OTHER");
}

#[test]
fn a_mistake_in_a_policy_is_an_error_with_its_line() {
    let mut said = String::new();
    for policy in [
        "    reed: [in]\n",
        "    read: in\n",
        "    read: [7]\n",
        "    read: ['in/[']\n",
        "    env: ['A=B']\n",
        "    deny: {raed: [in]}\n",
        "    limits: {tim: 2s}\n",
        "    read: [/]\n",
        "    read: ['~']\n",
        "    write: [.git]\n",
        "    write: [taskrunner.yaml]\n",
    ] {
        let project = project(policy);
        let ended = project.call(["files", "read", "/top.txt"]).exits(2).prints("");
        said.push_str(&ended.stderr());
    }
    insta::assert_snapshot!(said);
    // A command that is not there.
    let project = Project::new().file("taskrunner.yaml", "permissions: {lnit: {read: [in]}}\n");
    project.call(["clean"]).exits(2).reporting("there is no such command");
}

#[test]
fn limits_of_the_permissions_are_not_raised_by_anything() {
    let project = Project::new()
        .guest(guests::SPIN)
        .file("taskrunner.yaml", "limits: {time: 1h}\n")
        .beside("config/taskrunner/config.yaml", "permissions: {spin: {limits: {time: 200ms}}}\n");
    project.call(["spin", "--time-limit=1h"]).exits(124).reporting("200ms");
}

#[test]
fn what_a_command_may_reach_is_shown_with_its_source() {
    let project =
        project("    read: [in]\n    write: [out, ../outside]\n    deny: {read: ['**/*.md']}\n");
    let show = project.call(["permissions", "show", "files", "--allow-read=top.txt"]).succeeds();
    insta::assert_snapshot!(show.stdout());
    let json = project.call(["permissions", "show", "files", "--format=json"]).succeeds().json();
    let granted: Vec<&str> = json["granted"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|g| g["kind"].as_str())
        .collect();
    assert_eq!(granted, ["read", "write"]);
    assert_eq!(json["withheld"][0]["target"], "../outside");
    project.call(["permissions", "show", "none"]).exits(127);
}

#[test]
fn what_decides_is_explained() {
    let project = project("    read: [in]\n    write: [out]\n    deny: {read: [in/deep]}\n");
    let explain = |code: i32, kind: &str, target: &str| {
        let call = project.call(["permissions", "explain", "files", kind, target]);
        call.exits(code).quietly().stdout()
    };
    let mut said = String::new();
    for (code, kind, target) in [
        (0, "read", "in/file.txt"),
        (1, "read", "in/deep/file.md"),
        (1, "write", "in/file.txt"),
        (0, "write", "out/new.txt"),
        (1, "write", ".git/config"),
        (1, "read", "/etc/passwd"),
        (1, "env", "HOME"),
    ] {
        said.push_str(&explain(code, kind, target));
        said.push('\n');
    }
    insta::assert_snapshot!(said);
    project.call(["permissions", "explain", "files", "red", "x"]).exits(2);
    project.call(["permissions", "explain", "files", "env", "A*"]).exits(2);
}

/// The lines of an audit without what differs from run to run.
fn audit(ended: &Ended<'_>, project: &Project) -> Vec<Value> {
    let text = project.masked(&project.text("audit.jsonl"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line} {ended}")))
        .collect()
}

#[test]
fn each_decision_is_a_line_of_the_audit() {
    let project = project("    read: [in]\n");
    let call = |words: &[&str]| {
        let call =
            project.call(["files"]).with(words.iter().copied()).with(["--audit=audit.jsonl"]);
        audit(&call.succeeds(), &project)
    };
    let lines = call(&["read", "/in/file.txt"]);
    let line = lines.iter().find(|line| line["target"] == "[WORKSPACE]/in/file.txt").expect("it");
    assert_eq!(
        *line,
        json!({
            "version": 2,
            "time": "[TIME]",
            "command": "files",
            "digest": "[DIGEST]",
            "workspace": "[WORKSPACE]",
            "operation": "read",
            "target": "[WORKSPACE]/in/file.txt",
            "decision": "allowed",
            "rule": "read in ([WORKSPACE]/taskrunner.yaml:3)",
            "result": "ok",
        })
    );
    // A second run adds to it.
    let more = call(&["write", "/in/file.txt", "x"]);
    assert!(more.len() > lines.len() && more[..lines.len()] == lines);
    let denied: Vec<&Value> = more.iter().filter(|line| line["decision"] == "denied").collect();
    assert_eq!(denied[0]["operation"], "write");
    assert_eq!(denied[0]["rule"], "not granted");
    // Where it cannot be written, nothing runs.
    let ended =
        project.call(["files", "remove", "/in/file.txt", "--audit=none/x", "--allow-write=in"]);
    ended.exits(125).prints("");
    assert_eq!(project.text("in/file.txt"), "inside");
}

#[test]
fn secrets_stay_out_of_the_records() {
    let project = project("    read: [in]\n    env: [TOKEN]\n");
    let words =
        ["files", "read", "/in/s3cr3t-value", "--audit=audit.jsonl", "--receipt=receipt.json"];
    // The workspace's file grants no variable before it is trusted; a flag does.
    project.call(words).with(["--allow-env=TOKEN"]).env("TOKEN", "s3cr3t-value").succeeds();
    for file in ["audit.jsonl", "receipt.json"] {
        let text = project.text(file);
        assert!(text.contains("[TOKEN]") && !text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn a_run_has_a_receipt() {
    let project = project("    read: [in]\n    write: [../outside]\n");
    let run = |words: &[&str], code: i32| -> Value {
        let call = project.call(words.iter().copied()).with(["--receipt=receipt.json"]);
        call.exits(code);
        serde_json::from_str(&project.masked(&project.text("receipt.json"))).expect("JSON")
    };
    let receipt = run(&["files", "read", "/in/file.txt"], 0);
    assert_eq!(receipt["outcome"], "success");
    assert_eq!(receipt["exit-code"], 0);
    assert_eq!(receipt["plugin"]["digest"], "[DIGEST]");
    assert_eq!(receipt["configuration"], "[DIGEST]");
    assert_eq!(receipt["grants"]["granted"][0]["target"], "[WORKSPACE]/in");
    assert_eq!(receipt["grants"]["withheld"][0]["target"], "../outside");
    assert_eq!(receipt["used"][0]["rule"], "read in ([WORKSPACE]/taskrunner.yaml:3)");
    assert_eq!(receipt["denied"], json!([]));
    assert_eq!(receipt["attempts"][0]["outcome"], "success");
    assert!(receipt["limits"]["time-ms"].is_u64() && receipt["load-ms"].is_number());
    if cfg!(target_os = "linux") {
        assert_eq!(receipt["walls"]["limits"], "stands");
    }
    let receipt = run(&["files", "read", "/top.txt"], 0);
    assert_eq!(receipt["denied"][0]["target"], "[WORKSPACE]/top.txt");
    let project_of_spin = Project::new().guest(guests::SPIN);
    let words = ["spin", "--time-limit=200ms", "--receipt=receipt.json"];
    project_of_spin.call(words).exits(124);
    let receipt: Value = serde_json::from_str(&project_of_spin.text("receipt.json")).expect("JSON");
    assert_eq!(receipt["outcome"], "time-limit");
    assert_eq!(receipt["exit-code"], 124);
}

#[test]
fn what_was_not_run_has_a_receipt_too() {
    let project = project("    read: [in]\n");
    let words = ["files", "read", "/in/file.txt", "--allow-write=.git", "--receipt=receipt.json"];
    project.call(words).exits(126).prints("");
    let receipt: Value = serde_json::from_str(&project.text("receipt.json")).expect("JSON");
    assert_eq!((&receipt["outcome"], &receipt["exit-code"]), (&json!("not-run"), &json!(126)));
    assert!(receipt["message"].as_str().expect("a text").contains("no plugin writes to `.git`"));
}

#[test]
fn records_suggest_the_least_policy() {
    let project = project("    read: ['.']\n    write: [out]\n");
    let records = ["--audit=audit.jsonl", "--receipt=receipt.json"];
    for words in [["read", "/in/file.txt"], ["list", "/in/deep"], ["read", "/etc/passwd"]] {
        project.call(["files"]).with(words).with(records).succeeds();
    }
    let suggest = |file: &str| project.call(["permissions", "suggest", file]).succeeds().quietly();
    insta::assert_snapshot!(suggest("audit.jsonl").stdout());
    insta::assert_snapshot!(suggest("receipt.json").stdout());
    let json = project.call(["permissions", "suggest", "audit.jsonl", "--format=json"]);
    let json = json.succeeds().json();
    assert_eq!(json["commands"]["files"]["policy"]["read"], json!(["in/deep", "in/file.txt"]));
    // What it says is what the runs need: they succeed with it.
    project.call(["permissions", "suggest", "in/file.txt"]).exits(125).reporting("line 1: ");
    project.call(["permissions", "suggest", "none"]).exits(125);
    project.call(["permissions", "suggest", "in"]).exits(125).reporting("not a regular file");
}

#[test]
fn a_denial_is_told_with_the_line_that_would_allow_it() {
    let project = project("    read: [in]\n    deny: {read: [in/deep]}\n");
    let mut said = String::new();
    for words in [
        &["read", "/etc/passwd"][..],
        &["read", "/top.txt"],
        &["read", "/in/deep/file.md"],
        &["write", "/in/file.txt", "x"],
    ] {
        let ended = project.call(["files"]).with(words.iter().copied()).succeeds();
        said.push_str(&ended.stderr());
    }
    insta::assert_snapshot!(said);
    let json = project.call(["files", "read", "/top.txt", "--format=json"]).succeeds();
    let denied = &json.json_lines()[0]["denied"];
    assert_eq!(denied["accesses"][0]["allow"], "--allow-read [WORKSPACE]/top.txt");
}

/// What is to be pasted has nothing in it that the runner put there, however narrow the terminal is.
#[cfg(unix)]
#[test]
fn a_line_to_paste_is_not_broken() {
    let project = Project::new().guest(guests::FILES);
    let long = format!("/srv/{}", ["a-long-name"; 12].join("/"));
    let call = project.call(["files", "read", &long, "--color=never"]).on_terminal().sized(80, 24);
    call.succeeds().printing(&format!("help: `--allow-read {long}` allows it for one run"));
}
