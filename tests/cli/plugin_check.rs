//! `plugin check`: whether a file is a plugin, and what is wrong with it.

use serde_json::{Value, json};

use crate::harness::{Project, guests};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is well-formed")
}

fn check(project: &Project, file: &str, code: i32) -> String {
    project.call(["plugin", "check", file]).exits(code).quietly().stdout()
}

#[test]
fn a_plugin_is_told_in_one_line() {
    let project = Project::new().file("hello.wasm", guests::HELLO.bytes);
    let text = check(&project, "hello.wasm", 0);
    let begins = "[WORKSPACE]/hello.wasm: a component of the world `command`, version 0.1.0 of the \
                  contract; command hello 0.1.0, ";
    assert!(text.starts_with(begins) && text.lines().count() == 1, "{text}");
    let said = project.call(["plugin", "check", "hello.wasm", "--format=json"]).succeeds().json();
    assert_eq!(
        said,
        json!({
            "version": 1,
            "path": project.path("hello.wasm"),
            "kind": "command",
            "valid": true,
            "command": { "name": "hello", "version": "0.1.0" },
            "findings": [],
        })
    );
}

#[test]
fn what_is_no_plugin_is_told_why() {
    let run = r#"(component (instance $i) (export "wasi:cli/run@0.9.0" (instance $i)))"#;
    for (bytes, kind, reason) in [
        (b"text".to_vec(), Value::Null, "not a WebAssembly file"),
        (Vec::new(), Value::Null, "the file is empty"),
        (b"\0asm\x01\0\0\0\xff".to_vec(), Value::Null, "malformed WebAssembly"),
        (wat("(module)"), json!("module"), "a core module without `_start`"),
        (wat("(component)"), json!("component"), "a component of another world"),
        (wat(run), json!("wasi-command"), "made for version 0.9.0 of `wasi:cli/run`"),
        (guests::BAD_NAME.bytes.to_vec(), json!("command"), "its manifest breaks the contract"),
        (guests::DESCRIBE_HOARDS.bytes.to_vec(), json!("command"), "cannot say what it is"),
    ] {
        let project = Project::new().file("x.wasm", bytes);
        let text = check(&project, "x.wasm", 1);
        assert!(text.contains("error: ") && text.contains(reason), "{text}");
        let said = project.call(["plugin", "check", "x.wasm", "--format=json"]).exits(1).json();
        assert_eq!(
            (&said["kind"], &said["valid"], &said["command"]),
            (&kind, &json!(false), &Value::Null)
        );
        assert_eq!(said["findings"][0]["severity"], "error");
    }
    let text = check(&Project::new(), "x.wasm", 1);
    assert!(text.contains("error: cannot be read: [NOT FOUND]"), "{text}");
}

#[test]
fn imports_that_are_not_there_are_named() {
    let component = r#"(component
        (import "wasi:cli/exit@0.2.3" (instance (export "exit" (func (param "status" (result))))))
        (import "wasi:nn/graph@0.2.0" (instance (export "load" (func))))
        (import "acme:types/only@1.0.0" (instance (export "t" (type (sub resource)))))
        (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    let module = r#"(module
        (import "wasi_snapshot_preview1" "fd_teleport" (func))
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (func (export "_start")))"#;
    let project = Project::new().file("a.wasm", wat(component)).file("b.wasm", wat(module));
    for (file, import) in
        [("a.wasm", "wasi:nn/graph@0.2.0"), ("b.wasm", "wasi_snapshot_preview1.fd_teleport")]
    {
        let said = project.call(["plugin", "check", file, "--format=json"]).exits(1).json();
        let message = format!("it imports `{import}`, which this runner does not have");
        assert_eq!(said["findings"], json!([{ "severity": "error", "message": message }]));
    }
}

#[test]
fn what_is_not_as_it_is_meant_is_a_warning() {
    let module = r#"(module (import "wasi_snapshot_preview1" "path_open"
        (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32))) (func (export "_start")))"#;
    let project = Project::new()
        .file("other.wasm", guests::HELLO.bytes)
        .file("greedy.wasm", guests::GREEDY_2.bytes)
        .file("show.wasm", wat(module))
        .file("show.yaml", "name: present\nsummary: Show\n");
    for (file, warning) in [
        ("other.wasm", "warning: the command is called `hello`, and the file `other.wasm`"),
        (
            "greedy.wasm",
            "warning: it requests `--allow-read .`, which is of no use: it imports no function",
        ),
        ("show.wasm", "warning: the command is called `present`, and the file `show.wasm`"),
    ] {
        let text = check(&project, file, 0);
        assert!(text.contains(warning), "{text}");
    }
}

#[test]
fn a_manifest_beside_a_program_is_checked() {
    let module = wat(r#"(module (func (export "_start")))"#);
    let check = |manifest: &str, code| {
        let project = Project::new().file("show.wasm", &module).file("show.yaml", manifest);
        check(&project, "show.wasm", code)
    };
    assert!(check("summary: Show", 0).contains("; command show 0.0.0, "));
    for (manifest, reason) in [
        ("sumary: Show", "unknown field `sumary`"),
        ("summary: Show\nversion: one", "the version `one` is not of the form 1.2.3"),
        ("summary: Show\nname: Show", "is no name for a command"),
        ("summary: Show\nrequests: [{read: src, reason: a}]", "it imports nothing for it"),
    ] {
        let text = check(manifest, 1);
        assert!(text.contains("error: ") && text.contains(reason), "{text}");
    }
}

#[test]
fn names_in_a_file_cannot_steer_the_terminal() {
    let hostile =
        r#"(module (import "\1b[2J" "x\0aerror: all is well" (func)) (func (export "_start")))"#;
    let project = Project::new().file("x.wasm", wat(hostile));
    let ended = project.call(["plugin", "check", "x.wasm"]).exits(1).without("\u{1b}");
    assert_eq!(ended.stdout().lines().count(), 2, "{ended}");
    project.call(["plugin", "check", "x.wasm", "--format=json"]).exits(1).without("\u{1b}").json();
}
