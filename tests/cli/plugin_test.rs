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
        ("files: {./taskrunner.json: ''}", "written from the case's `configuration`"),
        ("files: {.//./TaskRunner.yml: ''}", "written from the case's `configuration`"),
        ("files: {./~/x: ''}", "relative to its workspace"),
        ("allow: {read: [./~]}", "relative to its workspace"),
        ("directory: ..", "relative to its workspace"),
        ("allow: {read: [/]}", "relative to its workspace"),
        ("allow: {write: [a/../..]}", "relative to its workspace"),
        ("allow: {connect: ['*']}", "unknown field `connect`"),
        ("expect: {files: {../x: a}}", "relative to its workspace"),
        ("environment: {LD_PRELOAD: x.so}", "cannot set this variable"),
        ("environment: {HOME: /}", "cannot set this variable"),
        ("environment: {TASKRUNNER_PLUGIN_TEST: x}", "cannot set this variable"),
        ("environment: {TASKRUNNER_PLUGIN_TEST_DIRECTORY: /}", "cannot set this variable"),
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

/// A program that writes a line, and the manifest that it has inside.
fn program(manifest: &serde_json::Value) -> Vec<u8> {
    let manifest: String =
        manifest.to_string().bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\05\00\00\00")
            (data (i32.const 16) "mine\0a")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
            (@custom "taskrunner:manifest" "{manifest}"))"#
    );
    wat::parse_str(text).expect("it is well-formed")
}

/// What would happen to the home directory if the embedded `build` were called so.
const BUILD: &str = r#"
cases:
  - name: it writes nothing
    arguments: [--output, "HOME"]
    configuration: {inputs: ["evil.desktop"], archives: []}
    files: {evil.desktop: "x", .taskrunner/plugins/build.wasm: "x", .taskrunner/plugins/clean.wasm: "x"}
    expect: {stdout: "mine\n", stderr: ""}
"#;

#[test]
fn a_case_runs_this_very_file_whatever_else_has_its_name() {
    let option = json!([{"name": "output", "short": "o", "option": {"type": "text"}}]);
    for name in ["build", "clean", "hello"] {
        let manifest = json!({"name": name, "summary": "Say mine", "arguments": option, "configuration-schema": {}});
        let project = Project::new()
            .file("out/other.wasm", program(&manifest))
            .file(format!(".taskrunner/plugins/{name}.wasm"), guests::SAY.bytes)
            .beside(format!("data/taskrunner/plugins/{name}.wasm"), guests::SAY.bytes);
        let project = match name {
            "hello" => project,
            _ => project.beside(
                "config/taskrunner/config.yaml",
                format!("plugins: {{replace: [{name}]}}\n"),
            ),
        };
        let home = project.beside_text("home");
        let project = project.file("cases.yaml", BUILD.replace("HOME", &home));
        let test = ["plugin", "test", "out/other.wasm"];
        project
            .call(test)
            .env("TASKRUNNER_PLUGIN_PATH", project.path(".taskrunner/plugins"))
            .succeeds()
            .printing("1 passed");
        assert_eq!(std::fs::read_dir(&home).expect("it is there").count(), 0, "{name}");
    }
}

/// The identity of a plugin's file, as a test pins it.
fn digest(project: &Project, file: &str) -> String {
    let said = project.call(["inspect", file, "--format=json"]).succeeds().json();
    said["digest"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned()
}

#[test]
fn the_process_of_a_case_runs_and_reaches_nothing_else() {
    let project = Project::new()
        .file("plugins/files.wasm", guests::FILES.bytes)
        .file("plugins/say.wasm", guests::SAY.bytes)
        .file("case/in.txt", "inside")
        .beside("outside/secret.txt", "secret")
        .beside("config/taskrunner/config.yaml", "permissions: {files: {read: [../outside]}}\n");
    let identity = digest(&project, "plugins/files.wasm");
    let outside = project.beside_text("outside/secret.txt");
    let call = |arguments: &[&str], digest: &str| {
        let call = project.call(arguments).env("TASKRUNNER_PLUGIN_TEST", digest);
        call.env("TASKRUNNER_PLUGIN_TEST_FILE", project.path("plugins/files.wasm"))
            .env("TASKRUNNER_PLUGIN_TEST_DIRECTORY", project.path("case"))
    };
    // What its user grants outside is refused, and so is what a path argument names.
    let ended = call(&["files", "read", "/x"], &identity).exits(2).prints("");
    ended.reporting("outside the directory of the test case");
    std::fs::remove_file(project.beside_path("config/taskrunner/config.yaml")).expect("there");
    let read = |path: &str| call(&["files", "read", "/x", "--reads", path], &identity);
    read(&outside).exits(126).prints("").reporting("outside the directory of the test case");
    let listed = ["files", "read", "/x", "--lists", "plugins"];
    call(&listed, &identity).exits(126).prints("").reporting("outside the directory");
    read("case/../plugins/say.wasm").exits(126).prints("");
    let named = ["files", "read", "/case/in.txt", "--reads", "case/in.txt"];
    call(&named, &identity).succeeds().prints("ok: inside\n");
    call(&["files", "read", "/x", "--allow-read=plugins"], &identity).exits(126).prints("");
    // Neither another file, nor another name, nor what is embedded.
    let other = digest(&project, "plugins/say.wasm");
    call(&named, &other).exits(125).prints("").reporting("changed since it was looked at");
    for name in ["say", "clean", "build"] {
        call(&[name], &identity).exits(127).prints("").reporting("there is no command");
        call(&[name, "--plugin-dir=plugins"], &identity).exits(127).prints("");
    }
    call(&named, "x").exits(2).reporting("TASKRUNNER_PLUGIN_TEST");
    project.call(named).env("TASKRUNNER_PLUGIN_TEST", identity).exits(2).reporting("_FILE");
}

#[cfg(unix)]
#[test]
fn a_case_writes_over_nothing_and_through_no_link() {
    for files in [
        "{d: {link: .}, d/taskrunner.json: '{}'}",
        "{a: {link: b}, b: {link: taskrunner.json}, c/x: y, c: z}",
    ] {
        let text = format!("cases:\n  - name: a\n    files: {files}\n");
        let project = project(guests::HELLO, &text);
        let ended = project.call(TEST).exits(2).prints("");
        ended.reporting("cases.yaml:3:").reporting("it cannot be written: ");
    }
}

#[cfg(unix)]
fn fifo(project: &Project, path: &str) {
    let made = std::process::Command::new("mkfifo").arg(project.path(path)).status();
    assert!(made.expect("mkfifo runs").success());
}

/// Files that would be waited for, or never end.
#[cfg(unix)]
fn hostile(kind: &str) -> Project {
    let project = Project::new().file("cases.yaml", "cases: [{name: a}]");
    match kind {
        "a FIFO" => fifo(&project, "it"),
        "a large file" => {
            let file = std::fs::File::create(project.path("it")).expect("a file");
            file.set_len(2 << 30).expect("it is sparse");
        }
        "a directory" => std::fs::create_dir(project.path("it")).expect("a directory"),
        "a loop" => return project.link("it", "it"),
        device => return project.link("it", device),
    }
    project
}

#[cfg(unix)]
const HOSTILE: [&str; 6] =
    ["a FIFO", "a large file", "a directory", "a loop", "/dev/zero", "/dev/tty"];

#[cfg(unix)]
#[test]
fn what_lies_beside_a_component_is_not_looked_at() {
    for kind in HOSTILE {
        let project = hostile(kind).file("plugin.wasm", guests::HELLO.bytes);
        let project = project.link("plugin.yaml", "it").directory("../tmp");
        let test = project.call(TEST).env("TMPDIR", project.path("../tmp"));
        test.succeeds().printing("1 passed").in_time(Duration::from_secs(30));
        assert_eq!(left(&project), [""; 0], "{kind}");
    }
}

#[cfg(unix)]
#[test]
fn a_hostile_file_of_a_project_is_refused_by_its_name() {
    let program = include_bytes!("../fixtures/programs/prebuilt/c.wasm");
    for kind in HOSTILE {
        for (file, code) in [("plugin.yaml", 125), ("plugin.wasm", 125), ("cases.yaml", 2)] {
            let project = hostile(kind).file("plugin.wasm", program);
            let _ = std::fs::remove_file(project.path(file));
            let project = project.link(file, "it").directory("../tmp");
            let test = project.call(TEST).env("TMPDIR", project.path("../tmp"));
            let ended = test.exits(code).prints("").reporting(file).without("the output");
            ended.in_time(Duration::from_secs(30)).in_memory(512 << 20);
            assert_eq!(left(&project), [""; 0], "{kind} as {file}");
        }
    }
}

/// What is left in the directory for temporary files.
#[cfg(unix)]
fn left(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path("../tmp")).expect("the directory");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_a_test_leaves_nothing() {
    use crate::harness::kernel::{children, runs, signal, until, worker};
    use rustix::process::Signal;
    use std::cell::Cell;
    use std::rc::Rc;

    let project = project(guests::SPIN, "cases: [{name: a, timeout: 5m}]").directory("../tmp");
    let tmp = project.path("../tmp");
    project.call(["plugin", "check", "plugin.wasm"]).succeeds();
    let (case, at_work) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let test = |sent: Signal| {
        let (case, at_work) = (case.clone(), at_work.clone());
        project.call(TEST).env("TMPDIR", &tmp).meanwhile(move |runner| {
            // Describing has a worker, too, and then the case a process which has one.
            until("the case is at work", || {
                case.set(children(runner).first().copied().unwrap_or_default());
                !children(case.get()).is_empty()
            });
            at_work.set(worker(case.get()));
            signal(runner, sent);
        })
    };
    let gone = || {
        until("the case is gone", || !runs(case.get()) && !runs(at_work.get()));
    };
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        test(sent).exits(code).prints("").in_time(Duration::from_secs(60));
        gone();
        assert_eq!(left(&project), [""; 0], "{sent:?}");
    }
    test(Signal::KILL).dies();
    gone();
    assert_eq!(left(&project).len(), 1, "it could not");
    // The next run does, but not of one that is still at work.
    let quick = "cases: [{name: b, arguments: [--help]}]";
    std::fs::write(project.path("quick.yaml"), quick).expect("written");
    let cases = "--cases=quick.yaml";
    project.call(TEST).with([cases]).env("TMPDIR", &tmp).succeeds();
    assert_eq!(left(&project), [""; 0]);
    let call = project.call(TEST).env("TMPDIR", &tmp).meanwhile(|runner| {
        until("the case is at work", || {
            children(runner).first().is_some_and(|case| !children(*case).is_empty())
        });
        project.call(TEST).with([cases]).env("TMPDIR", &tmp).succeeds();
        assert_eq!(left(&project).len(), 1, "it is in use");
        signal(runner, Signal::TERM);
    });
    call.exits(143);
    assert_eq!(left(&project), [""; 0]);
}
