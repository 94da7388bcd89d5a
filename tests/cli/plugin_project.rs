//! A plugin that is being written: begun, built, made a component.

use crate::harness::{Project, guests};

/// A command as a compiler leaves it: a core module that imports WASI preview 1, and exports the
/// functions of the contract. It prints a line.
const CORE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 8)
    (global $free (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
        (global.set $free (i32.add (local.get $at) (local.get 3)))
        (local.get $at))
    (data (i32.const 0) "small1.0.0Say hello")
    (data (i32.const 32) "hello\n")
    (data (i32.const 64) "\20\00\00\00\06\00\00\00")
    (data (i32.const 256) "\00\00\00\00\05\00\00\00\05\00\00\00\05\00\00\00\0a\00\00\00\09\00\00\00")
    (func (export "DESCRIBE") (result i32) (i32.const 256))
    (func (export "RUN") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)))
        (i32.const 512)))"#;

/// That module, with the names that the contract gives its functions.
fn core() -> Vec<u8> {
    let guest = "taskrunner:plugin/guest@0.1.0#";
    let names = [("DESCRIBE", format!("{guest}describe")), ("RUN", format!("{guest}run"))];
    wat(&names.iter().fold(CORE.to_owned(), |text, (plain, name)| text.replace(plain, name)))
}

/// The same with the plain names, for languages that can have no others.
fn plain_core() -> Vec<u8> {
    wat(&CORE.replace("DESCRIBE", "describe").replace("RUN", "run"))
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is well-formed")
}

/// The last step of most builds.
const STEP: &str =
    "[taskrunner, plugin, componentize, core.wasm, --world, command, --output, build/small.wasm]";

/// A project that is built in this one step.
fn small() -> Project {
    let file = format!("language: wat\noutput: build/small.wasm\nbuild: [{STEP}]\n");
    Project::new().file("core.wasm", core()).file("plugin.yaml", file)
}

#[test]
fn a_plugin_is_begun() {
    let project = Project::new();
    project
        .call(["plugin", "new", "say-hello", "--lang", "rust"])
        .succeeds()
        .quietly()
        .printing("say-hello, in Rust, in `say-hello`:\n  .gitignore\n")
        .printing("Next:\n  cd say-hello\n  taskrunner plugin build\n");
    let files = [
        ".gitignore",
        "Cargo.toml",
        "README.md",
        "cases.yaml",
        "plugin.yaml",
        "src/lib.rs",
        "wit/command.wit",
    ];
    assert_eq!(project.files(), files.map(|file| format!("say-hello/{file}")));
    assert!(project.text("say-hello/Cargo.toml").contains("name = \"say-hello\""));
    assert_eq!(project.text("say-hello/wit/command.wit"), include_str!("../../wit/command.wit"));

    let new = |more: &[&str]| {
        project.call(["plugin", "new"]).with(more.iter().copied()).with(["--format=json"])
    };
    let said = new(&["greet", "--lang", "js", "--directory", "deep/er"]).succeeds().json();
    assert_eq!(said["language"], "JavaScript");
    assert_eq!(said["directory"], "deep/er");
    assert!(said["files"].as_array().is_some_and(|files| files.contains(&"plugin.yaml".into())));
    assert!(project.path("deep/er/plugin.yaml").is_file());
}

#[test]
fn nothing_is_begun_where_it_cannot_be() {
    let project =
        Project::new().file("there/mine.txt", "mine").file("file", "mine").directory("empty");
    let new = |name: &'static str, more: &'static [&str]| {
        project.call(["plugin", "new", name, "--lang", "rust"]).with(more.iter().copied())
    };
    new("there", &[]).exits(2).reporting("is not an empty directory").reporting("`--directory`");
    new("greet", &["--directory", "file"]).exits(2).reporting("is not an empty directory");
    new("greet", &["--directory", "empty"]).succeeds().quietly();
    new("greet", &["--directory", "empty"]).exits(2).reporting("is not an empty directory");
    assert_eq!(project.text("there/mine.txt"), "mine");
    for reserved in ["plugin", "list", "run"] {
        new(reserved, &[]).exits(2).reporting("is a name of the runner's own");
    }
    for bad in ["../up", "Greet", "a b", "/tmp/x"] {
        new(bad, &["--directory", "other"]).exits(2).reporting("is no name for a command");
    }
    assert!(!project.path("other").exists());
    let call = project.call(["plugin", "new", "greet", "--lang", "cobol"]);
    call.exits(2).reporting("possible values: rust, c, cpp");
}

#[test]
fn a_project_is_built_and_its_command_runs() {
    let project = small();
    let step = STEP.replace([',', '[', ']'], "");
    project
        .call(["plugin", "build"])
        .succeeds()
        .printing("[WORKSPACE]/build/small.wasm: a component of the world `command`")
        .printing("; command small 1.0.0, ")
        .reports(&format!("$ {step}\n"));
    project.call(["--plugin-dir", "build", "small"]).succeeds().prints("hello\n");

    let above = project.call(["plugin", "build", "workspace", "--format=json"]).within_beside("");
    let ended = above.succeeds();
    assert_eq!(ended.json()["command"], serde_json::json!({"name": "small", "version": "1.0.0"}));
    assert_eq!(ended.json_lines()[0]["command"], step.as_str());
}

#[test]
fn all_missing_tools_are_told_at_once_and_nothing_runs() {
    let project = Project::new().file("core.wasm", core()).file(
        "plugin.yaml",
        format!(
            "output: build/small.wasm\nbuild: [{STEP}, [no-such-compiler, x], [no-such-linker]]\n\
             tools: {{no-such-compiler: apt-get install it, no-such-runtime: \"\\e[31mget it\"}}\n"
        ),
    );
    project
        .call(["plugin", "build"])
        .exits(1)
        .prints("")
        .reporting("not found: no-such-compiler, no-such-linker, no-such-runtime")
        .reporting("no-such-compiler: apt-get install it")
        .reporting("no-such-linker: install it, and have it in the PATH")
        .without("\u{1b}")
        .leaving(&["core.wasm", "plugin.yaml"]);
}

#[test]
fn a_build_that_fails_is_told() {
    let build = |commands: &str| {
        let file = format!("output: build/small.wasm\nbuild: {commands}\n");
        Project::new().file("core.wasm", core()).file("plugin.yaml", file)
    };
    let project = build(&format!("[[taskrunner, list, --nonsense], {STEP}]"));
    let ended = project.call(["plugin", "build"]).exits(1).prints("");
    // The second command was not reached.
    ended.reporting("`taskrunner list --nonsense` failed: ").without("$ taskrunner plugin");
    assert!(!project.path("build/small.wasm").exists());

    let project = build("[[taskrunner, --version]]");
    project
        .call(["plugin", "build"])
        .exits(1)
        .reporting("the build has not made `build/small.wasm`");

    // What lies in the project may be made by the build itself, unless `tools` says how to get it.
    let project = build("[[taskrunner, --version], [./tools/cc, x]]");
    let ended = project.call(["plugin", "build"]).exits(1);
    ended.reporting("$ taskrunner --version\n").reporting("not found: ./tools/cc");
    let project =
        build("[[taskrunner, --version], [./tools/cc, x]]\ntools: {./tools/cc: npm install}");
    let ended = project.call(["plugin", "build"]).exits(1).prints("");
    ended.reporting("./tools/cc: npm install").without("$ ");
}

#[test]
fn what_is_no_plugin_is_told_after_the_build() {
    let other = "package x:y; world other { export run: func(); }";
    let project = Project::new()
        .file("core.wasm", wat(r#"(module (memory (export "memory") 1) (func (export "run")))"#))
        .file("wit/other.wit", other)
        .file(
            "plugin.yaml",
            "output: build/x.wasm\nbuild: [[taskrunner, plugin, componentize, core.wasm, --wit, wit, --world, other, -o, build/x.wasm]]\n",
        );
    project.call(["plugin", "build"]).exits(1).printing("error: a component of another world: ");
}

#[test]
fn a_projects_file_is_checked() {
    let right = format!("build: [{STEP}]");
    let wrong: Vec<(String, &str)> = vec![
        (format!("output: /tmp/x.wasm\n{right}"), "it is no `.wasm` file inside the project"),
        (format!("output: ../x.wasm\n{right}"), "it is no `.wasm` file inside the project"),
        (
            format!("output: build/../../x.wasm\n{right}"),
            "it is no `.wasm` file inside the project",
        ),
        (format!("output: ''\n{right}"), "it is no `.wasm` file inside the project"),
        (format!("output: build\n{right}"), "it is no `.wasm` file inside the project"),
        (format!("output: [x.wasm]\n{right}"), "invalid type: array, expected a string"),
        (right.clone(), "missing field `output`"),
        ("output: x.wasm".into(), "missing field `build`"),
        ("output: x.wasm\nbuild: []".into(), "a build has 1 to 64 commands"),
        ("output: x.wasm\nbuild: [[]]".into(), "it is no command"),
        ("output: x.wasm\nbuild: [['']]".into(), "it is no command"),
        ("output: x.wasm\nbuild: [make all]".into(), "invalid type: string"),
        ("output: x.wasm\nbuild: [[make, 1]]".into(), "invalid type: integer"),
        (format!("output: x.wasm\nbuild: [{}]", ["[a]"; 65].join(", ")), "a build has 1 to 64"),
        (format!("output: x.wasm\nouptut: y\n{right}"), "unknown field `ouptut`"),
        (format!("output: x.wasm\nenvironment: {{A=B: c}}\n{right}"), "no name of a variable"),
        (format!("output: x.wasm\nenvironment: {{PATH: .}}\n{right}"), "no name of a variable"),
        (format!("output: x.wasm\nenvironment: {{A: [b]}}\n{right}"), "invalid type: array"),
        (format!("output: &a x.wasm\nlanguage: *a\n{right}"), "anchor"),
        ("[x]".into(), "plugin.yaml"),
        (format!("output: x.wasm\nbuild: {}", "[".repeat(10_000)), "plugin.yaml"),
        (format!("output: {}\n{right}", "x".repeat(300_000)), "it is longer than 256 KiB"),
    ];
    for (text, message) in wrong {
        let project = Project::new().file("core.wasm", core()).file("plugin.yaml", &text);
        project
            .call(["plugin", "build"])
            .exits(2)
            .prints("")
            .reporting(message)
            .leaving(&["core.wasm", "plugin.yaml"]);
    }
    let none = Project::new();
    none.call(["plugin", "build"]).exits(2).reporting("there is no plugin.yaml in it");
    none.call(["plugin", "build", "nowhere"]).exits(125).reporting("cannot read");
}

#[cfg(unix)]
#[test]
fn no_link_leads_the_output_out_of_the_project() {
    let project = small();
    let outside = project.beside_text("outside");
    let project = project.link("build", outside);
    let call = project.call(["plugin", "build"]);
    call.exits(125).prints("").reporting("a link leads out of the project").without("$ ");
    assert!(!project.beside_path("outside/small.wasm").exists());
}

#[test]
fn a_core_module_becomes_a_component() {
    let project = Project::new().file("core.wasm", core()).file("plain.wasm", plain_core());
    for core in ["core.wasm", "plain.wasm"] {
        let call = project.call(["plugin", "componentize", core, "-o", "small.wasm"]);
        call.with(["--world", "command"]).succeeds().prints("").quietly();
        project.call(["--plugin-dir", ".", "small"]).succeeds().prints("hello\n");
    }
    // A program needs no world.
    let program = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let project = project.file("program.wasm", wat(program));
    project.call(["plugin", "componentize", "program.wasm", "-o", "out.wasm"]).succeeds().quietly();
    project.call(["inspect", "out.wasm"]).succeeds().printing("exports `wasi:cli/run`");
}

#[test]
fn a_string_can_be_of_16_bit_units() {
    let wide = |text: &str| text.chars().map(|c| format!("{c}\\00")).collect::<String>();
    let core = CORE
        .replace("DESCRIBE", "describe")
        .replace("RUN", "run")
        .replace("small1.0.0Say hello", &wide("small1.0.0Say "))
        .replace(
            "\\05\\00\\00\\00\\05\\00\\00\\00\\0a\\00\\00\\00\\09",
            "\\0a\\00\\00\\00\\05\\00\\00\\00\\14\\00\\00\\00\\03",
        );
    let project = Project::new().file("core.wasm", wat(&core));
    let call = project.call(["plugin", "componentize", "core.wasm", "-o", "small.wasm"]);
    call.with(["--world=command", "--encoding=utf16"]).succeeds().quietly();
    project.call(["inspect", "small.wasm"]).succeeds().printing("small 1.0.0: Say\n");
}

#[test]
fn what_can_be_no_component_is_told() {
    let module = |text: &str| wat(&format!(r#"(module {text} (memory (export "memory") 1))"#));
    let guest = Vec::from(guests::HELLO.bytes);
    let cases: Vec<(Vec<u8>, &[&str], &str)> = vec![
        (core(), &[], "no `component-type` section is in it"),
        (guest, &["--world=command"], "it is a component already"),
        (core(), &["--world=other"], "the world `other`: "),
        (core(), &["--world=command", "--wit=nowhere"], "the world `command`: "),
        (
            module(r#"(import "env" "abort" (func))"#),
            &["--world=command"],
            "it imports `env.abort`, which is neither WASI preview 1 nor of its world",
        ),
        (
            module(r#"(import "a:b/c" "d" (func))"#),
            &["--world=command"],
            "module requires an import interface named `a:b/c`",
        ),
        (
            wat(&CORE
                .replace("fd_write", "fd_no_such")
                .replace("DESCRIBE", "describe")
                .replace("RUN", "run")),
            &["--world=command"],
            "fd_no_such",
        ),
        (
            module(""),
            &["--world=command"],
            "failed to find export of interface `taskrunner:plugin/guest@0.1.0` function `describe`",
        ),
        (b"(module)".to_vec(), &["--world=command"], "not a WebAssembly file"),
        (b"\0asm\x01\0\0\0\x01\xff".to_vec(), &["--world=command"], "malformed WebAssembly"),
        (
            module("(@custom \"component-type:x\" \"\\00asm\\0d\\00\\01\\00\\ff\\ff\")"),
            &[],
            "no component can be made",
        ),
    ];
    for (bytes, more, message) in cases {
        let project = Project::new().file("core.wasm", bytes);
        let call = project.call(["plugin", "componentize", "core.wasm", "--output=out.wasm"]);
        let ended = call.with(more.iter().copied()).exits(1).prints("").reporting(message);
        ended.leaving(&["core.wasm"]);
    }
    let project = Project::new();
    let call = |module| project.call(["plugin", "componentize", module, "--output=out.wasm"]);
    call("nowhere.wasm").exits(125).reporting("cannot read `nowhere.wasm`: [NOT FOUND]");
}

/// A component whose types are nested deeper than anybody's stack.
fn nested() -> Vec<u8> {
    let types: Vec<u8> =
        [1].into_iter().chain([0x41, 1, 1].repeat(200_000)).chain([0x41, 0]).collect();
    let length = u32::try_from(types.len()).expect("a length");
    let mut bytes = b"\0asm\x0d\0\x01\0\x07".to_vec();
    bytes.extend([0, 7, 14, 21].map(|shift| (length >> shift) as u8 & 0x7f | 0x80));
    bytes.push(0);
    bytes.extend(types);
    bytes
}

#[test]
fn no_world_is_nested_without_end() {
    let section: String = nested().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let project = Project::new()
        .file("core.wasm", wat(&format!("(module (@custom \"component-type:x\" \"{section}\"))")))
        .file("plain.wasm", wat("(module)"))
        .file("world.wasm", nested());
    let make = |words: &[&str]| {
        let call = project.call(["plugin", "componentize", "--output=out.wasm"]);
        call.with(words.iter().copied()).exits(1).reporting("nested more than 100 deep");
    };
    make(&["core.wasm"]);
    make(&["plain.wasm", "--world=w", "--wit=world.wasm"]);
}

#[test]
fn an_exit_keeps_its_code() {
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
    let command = CORE
        .replace("DESCRIBE", "describe")
        .replace("RUN", "run")
        .replace("(memory", &format!("{exit} (memory"))
        .replace("(i32.const 512)", "(call $exit (i32.const 7)) (i32.const 512)");
    let program = format!(
        r#"(module {exit} (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 7))))"#
    );
    let project =
        Project::new().file("command.wasm", wat(&command)).file("program.wasm", wat(&program));
    let make = |core: &'static str, more: &[&'static str]| {
        let call = project.call(["plugin", "componentize", core, "--output=small.wasm"]);
        call.with(more.iter().copied()).succeeds().quietly();
        project.call(["--plugin-dir", ".", "small"])
    };
    make("command.wasm", &["--world=command"]).exits(7).prints("hello\n");
    make("program.wasm", &[]).exits(7);
}
