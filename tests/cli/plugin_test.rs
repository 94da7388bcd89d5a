//! `plugin test`: what passes, what fails and how that is shown, and what no case can do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Guest, Project, guests};

/// A project with the cases, and a plugin to test.
fn project(guest: Guest, cases: &str) -> Project {
    Project::new().file("plugin.wasm", guest.bytes).file("cases.yaml", cases)
}

const TEST: [&str; 3] = ["plugin", "test", "plugin.wasm"];

#[test]
fn cases_pass_or_fail_and_the_exit_code_tells() {
    let cases = r#"
cases:
  - name: greets
    arguments: [Ada]
    expect: {stdout: "Hello, Ada!\n", stderr: ""}
  - name: shouts as the configuration says
    configuration: {shout: true}
    expect: {stdout: {contains: [HELLO], matches: '^H.*!\n$', lines: 1}}
"#;
    let project = project(guests::HELLO, cases);
    project.call(TEST).succeeds().quietly().prints(
        "ok greets ([DURATION])\nok shouts as the configuration says ([DURATION])\n\
         2 passed, 0 failed\n",
    );
    let cases = format!("{cases}  - name: fails\n    expect: {{exit-code: 3}}\n");
    project.file("cases.yaml", cases).call(TEST).exits(1).printing("2 passed, 1 failed\n");
}

const FAILING: &str = r#"
cases:
  - name: nothing is as it should be
    files: {there.txt: "x"}
    expect:
      exit-code: [3, 4]
      stdout: "Hello,\nworld!"
      files: {there.txt: null, missing.txt: "x"}
  - name: nor are parts of it
    expect:
      stdout: {contains: [Hello, Ada], matches: "^Ada", lines: 2}
      stderr: {base64: AP8=}
"#;

#[test]
fn what_differs_is_shown() {
    let project = project(guests::HELLO, FAILING);
    let ended = project.call(TEST).exits(1).quietly();
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn as_json_it_has_a_documented_shape() {
    let project = project(guests::HELLO, FAILING);
    let mut said = project.call(TEST).with(["--format=json"]).exits(1).quietly().json();
    for case in said["cases"].as_array_mut().expect("a list") {
        assert!(case["milliseconds"].is_u64());
        case["milliseconds"] = Value::Null;
    }
    insta::assert_snapshot!(project.masked(&format!("{said:#}")));
}

#[test]
fn one_can_run_a_few_of_them() {
    let cases = "cases: [{name: one apple}, {name: two apples}, {name: a pear}]";
    let project = project(guests::HELLO, cases);
    let said = project.call(TEST).with(["--filter", "apple", "--format=json"]).succeeds().json();
    let names: Vec<_> =
        said["cases"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(json!(names), json!(["one apple", "two apples"]));
    project.call(TEST).with(["--filter", "plum"]).exits(2).prints("").reporting("`plum`");
}

#[test]
fn a_project_names_its_plugin() {
    let build = "output: build/hello.wasm\nbuild: [[this-is-not-run]]\n";
    let project = Project::new()
        .file("plugin.yaml", build)
        .file("cases.yaml", "cases: [{name: it runs}]")
        .file("build/hello.wasm", guests::HELLO.bytes)
        .file("other/more.yaml", "cases: [{name: so does this}]");
    project.call(["plugin", "test"]).succeeds().printing("ok it runs");
    project
        .call(["plugin", "test", "--cases", "other/more.yaml"])
        .succeeds()
        .printing("ok so does this");
    let nowhere = Project::new().file("cases.yaml", "cases: [{name: a}]");
    nowhere.call(["plugin", "test"]).exits(2).prints("").reporting("there is no plugin.yaml in it");
    nowhere.call(["plugin", "test", "x.wasm"]).exits(125).prints("").reporting("[NOT FOUND]");
    Project::new().call(["plugin", "test", "x.wasm"]).exits(2).reporting("cases.yaml");
}

#[test]
fn a_case_brings_its_own_world() {
    let cases = r#"
cases:
  - name: standard input
    stdin: "text"
    expect: {stdout: "text"}
  - name: bytes
    stdin: {base64: "/wAK"}
    expect: {stdout: {base64: "/wAK"}}
  - name: many
    stdin: {text: "ab\n", repeat: 50000}
    expect: {stdout: {lines: 50000}}
"#;
    project(guests::CAT, cases).call(TEST).succeeds().printing("3 passed, 0 failed");
    let cases = r#"
cases:
  - name: variables that are allowed
    environment: {GREETING: hello, OTHER: "1", PLACE: "in ${WORKSPACE}/x"}
    allow: {env: [GREETING, PLACE, HOME]}
    expect:
      stdout: {matches: '(?s)^GREETING=hello\nHOME=/.*/home\nPLACE=in /.*/workspace/x\narguments: '}
"#;
    project(guests::ENV, cases).call(TEST).succeeds();
    let cases = r#"
cases:
  - name: files that are allowed
    arguments: [read, /a/b.txt]
    files: {a/b.txt: "text"}
    allow: {read: [a]}
    expect: {stdout: "ok: text\n"}
  - name: files that are not
    arguments: [read, /a/b.txt]
    files: {a/b.txt: "text"}
    allow: {read: [b]}
    expect: {stdout: {matches: "^error: "}}
  - name: nothing of the case before is there
    arguments: [write, /a/new.txt, x]
    allow: {write: [.]}
    expect: {stdout: {matches: "^error: "}, files: {a: null}}
  - name: files that are written
    arguments: [write, /new.txt, x]
    allow: {write: [""]}
    expect: {stdout: "ok: done\n", files: {new.txt: x}}
"#;
    project(guests::FILES, cases).call(TEST).succeeds().printing("4 passed, 0 failed");
}

#[test]
fn nothing_of_the_users_reaches_a_case() {
    let cases = r#"
cases:
  - name: neither variables nor grants
    allow: {env: [HOME]}
    expect: {stdout: {matches: '^HOME=/\S+/home\narguments: '}}
"#;
    let project = project(guests::ENV, cases)
        .beside("config/taskrunner/config.yaml", "permissions: {env: {env: [SECRET]}}")
        .file(".taskrunner/plugins/env.wasm", guests::HELLO.bytes);
    let home = project.beside_text("home");
    project.call(TEST).env("SECRET", "x").env("TASKRUNNER_LOG", "trace").succeeds();
    let ended = project.call(TEST).env("SECRET", "x").with(["--format=json"]).succeeds();
    assert!(!String::from_utf8_lossy(ended.bytes()).contains(&home), "{ended}");
    assert_eq!(project.files(), ["cases.yaml", "plugin.wasm"]);
}

#[test]
fn no_case_leads_out_of_its_workspace() {
    let outside = Project::new();
    let outside = outside.beside_text("outside");
    for (case, reason) in [
        ("files: {../x: a}", "relative to its workspace"),
        ("files: {/x: a}", "relative to its workspace"),
        ("files: {'a\\x': a}", "relative to its workspace"),
        ("files: {x: {link: ../../y}}", "relative to its workspace"),
        ("files: {taskrunner.yaml: ''}", "written from the case's `configuration`"),
        ("directory: ..", "relative to its workspace"),
        ("allow: {read: [/]}", "relative to its workspace"),
        ("allow: {write: [a/../..]}", "relative to its workspace"),
        ("allow: {connect: ['*']}", "unknown field `connect`"),
        ("expect: {files: {../x: a}}", "relative to its workspace"),
        ("environment: {LD_PRELOAD: x.so}", "cannot set this variable"),
        ("environment: {HOME: /}", "cannot set this variable"),
        ("environment: {xdg_config_home: /}", "cannot set this variable"),
        ("arguments: [read, x, --allow-read, /]", "cannot have the option --allow-read"),
        ("arguments: [read, x, --allow-http=*]", "cannot have the option --allow-http"),
        ("arguments: [read, x, --receipt=x]", "cannot have the option --receipt"),
        ("arguments: [-C/, read, x]", "cannot have the option -C"),
        ("arguments: [--config, x, read, x]", "cannot have the option --config"),
        ("arguments: [write, x, --writes, OUTSIDE/x]", "leads out of the case's workspace"),
        ("arguments: [write, x, --writes=../x]", "leads out of the case's workspace"),
        ("arguments: [list, x, --lists, '${WORKSPACE}/..']", "leads out of the case's workspace"),
    ] {
        let text = format!("cases:\n  - name: a\n    {}\n", case.replace("OUTSIDE", &outside));
        let project = project(guests::FILES, &text);
        project.call(TEST).exits(2).prints("").reporting(reason).reporting("cases.yaml:3:");
    }
    // Links that lead to the workspace itself do not take `..` out of it.
    #[cfg(unix)]
    {
        let text = r#"
cases:
  - name: a
    files: {l: {link: .}}
    arguments: [read, x, --reads, l/l/../x]
"#;
        project(guests::FILES, text).call(TEST).exits(2).reporting("leads out");
    }
    assert_eq!(std::fs::read_dir(&outside).map(Iterator::count).unwrap_or_default(), 0);
}

#[test]
fn a_mistake_is_shown_in_its_line() {
    for (text, place, reason) in [
        ("case: []", "1:1", "did you mean `cases`?"),
        ("", "", "there are no cases"),
        ("cases: []", "1:1", "there are no cases"),
        ("cases: [{}]", "1:9", "missing field `name`"),
        ("cases: [{name: a, file: {}}]", "1:19", "did you mean `files`?"),
        ("cases: [{name: a}, {name: a}]", "1:27", "another case has this name"),
        ("cases: [{name: ' '}]", "1:16", "a name is one line"),
        ("cases: [{name: a, timeout: 3}]", "1:28", "expected a time"),
        ("cases: [{name: a, stdin: {base64: '!'}}]", "1:26", "this is no Base64"),
        ("cases: [{name: a, stdin: {text: a, base64: a}}]", "1:26", "only one"),
        ("cases: [{name: a, stdin: {link: a}}]", "1:26", "a link stands only for a file"),
        ("cases: [{name: a, stdin: {text: abc, repeat: 99999999999}}]", "1:26", "more than 64 MiB"),
        ("cases: [{name: a, files: {x: {txt: a}}}]", "1:31", "did you mean `text`?"),
        ("cases: [{name: a, expect: {exit-code: 256}}]", "1:39", "256"),
        ("cases: [{name: a, expect: {exit-code: []}}]", "1:39", "an exit code from 0 to 255"),
        ("cases: [{name: a, expect: {stdout: {}}}]", "1:36", "nothing is expected here"),
        (
            "cases: [{name: a, expect: {stdout: {matches: '('}}}]",
            "1:46",
            "this is no regular expression: unclosed group",
        ),
        ("cases: [{name: a, arguments: &x [b], stdin: *x}]", "1:30", "anchor"),
    ] {
        let project = project(guests::HELLO, text);
        let ended = project.call(TEST).exits(2).prints("").reporting(reason);
        assert!(
            ended.stderr().contains(&format!("cases.yaml:{place}")) || place.is_empty(),
            "{ended}"
        );
    }
}

#[test]
fn a_case_takes_no_longer_than_it_may() {
    let cases =
        "cases: [{name: a, timeout: 500ms}, {name: b, timeout: 500ms, expect: {stdout: x}}]";
    project(guests::SPIN, cases)
        .call(TEST)
        .exits(1)
        .printing("the exit code is not there: the case took longer than it may")
        .printing("0 passed, 2 failed")
        .in_time(Duration::from_secs(60));
}

#[test]
fn what_is_kept_of_an_output_is_bounded() {
    let cases = "cases: [{name: a, expect: {exit-code: 153, stdout: {lines: 1}}}]";
    project(guests::FLOOD, cases)
        .call(TEST)
        .exits(1)
        .printing("standard output is longer than is looked at")
        .without("the exit code");
}

#[test]
fn text_from_a_plugin_cannot_steer_the_terminal() {
    let cases = "cases: [{name: \"a\\e[2J\\u202e\", arguments: [stdout, --hostile], expect: {stdout: x}}, \
                 {name: b, arguments: [stderr, --hostile], expect: {stderr: {contains: [\"\\e]\"]}}}]";
    let project = project(guests::SAY, cases);
    let ended = project.call(TEST).exits(1).printing(r"FAILED a\u{1b}[2J\u{202e} (");
    let text = ended.stdout();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{ended}");
    project.call(TEST).with(["--format", "json"]).exits(1).without("\u{1b}").without("\u{202e}");
}

#[test]
fn a_program_is_tested_with_the_manifest_beside_it() {
    let manifest = "summary: Show\narguments: [{name: word, positional: {type: text}}]\nleading-arguments: [first]\n";
    let program = include_bytes!("../fixtures/programs/prebuilt/c.wasm");
    let project = Project::new().file("show.wasm", program).file("show.yaml", manifest).file(
        "cases.yaml",
        "cases: [{name: a, arguments: [x], expect: {stdout: {contains: [\"[first]\\n[x]\\n\"]}}}]",
    );
    project.call(["plugin", "test", "show.wasm"]).succeeds().printing("1 passed");
}

#[test]
fn what_is_no_plugin_has_no_tests() {
    let cases = "cases: [{name: a}]";
    project(guests::RESERVED, cases).call(TEST).exits(125).prints("").reporting("manifest");
    let project = Project::new().file("cases.yaml", cases).file("plugin.wasm", "text");
    project.call(TEST).exits(125).prints("").reporting("not a WebAssembly file");
}
