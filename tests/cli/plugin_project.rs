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

const OTHER: &str = "package x:y; world other { export run: func(); }";

/// A module of that world, and its WIT.
fn with_wit() -> Project {
    Project::new()
        .file("core.wasm", wat(r#"(module (memory (export "memory") 1) (func (export "run")))"#))
        .file("wit/other.wit", OTHER)
}

const OF_WIT: [&str; 8] = [
    "plugin",
    "componentize",
    "core.wasm",
    "--wit=wit",
    "--world=other",
    "-o",
    "out.wasm",
    "--color=never",
];

#[test]
fn a_world_can_use_packages_beside_it() {
    let other = "package x:y; world other { import d:e/f; import g:h/i; export run: func(); }";
    let project = with_wit()
        .file("wit/other.wit", other)
        .file("wit/deps/d.wit", "package d:e; interface f { use g:h/i.{t}; a: func(t: t); }")
        .file("wit/deps/g/h.wit", "package g:h; interface i { use j.{t}; }")
        .file("wit/deps/g/more.wit", "package g:h; interface j { type t = u8; }")
        .file("wit/deps/README.md", "none of it");
    project.call(OF_WIT).succeeds().quietly();
    project.call(["inspect", "out.wasm"]).exits(125).printing("a component of another world");
    let cyclic = "package d:e; interface f { use f.{t}; }";
    let project = project.file("wit/deps/d.wit", cyclic);
    project.call(OF_WIT).exits(1).reporting("wit/deps/d.wit:1:");
}

#[cfg(unix)]
fn fifo(project: &Project, path: &str) {
    let made = std::process::Command::new("mkfifo").arg(project.path(path)).status();
    assert!(made.expect("mkfifo runs").success());
}

#[cfg(unix)]
#[test]
fn wit_is_read_as_hostile_input() {
    use std::time::Duration;

    let large = |project: &Project| {
        let file = std::fs::File::create(project.path("it")).expect("a file");
        file.set_len(2 << 30).expect("it is sparse");
    };
    let secret = "machine example.org password hunter2";
    for place in
        ["wit/more.wit", "wit/deps", "wit/deps/d.wit", "wit/deps/d.wasm", "wit/deps/d/e.wit"]
    {
        for kind in ["a FIFO", "a large file", "a loop", "/dev/zero", "outside", "nothing"] {
            let project = with_wit().beside("outside/netrc", secret).directory("wit/deps");
            let project = match place {
                "wit/deps/d/e.wit" => project.directory("wit/deps/d"),
                _ => project,
            };
            match kind {
                "a FIFO" => fifo(&project, "it"),
                "a large file" => large(&project),
                "outside" => {
                    drop(std::os::unix::fs::symlink("../outside/netrc", project.path("it")))
                }
                "a loop" => drop(std::os::unix::fs::symlink("it", project.path("it"))),
                "nothing" => drop(std::os::unix::fs::symlink("nowhere", project.path("it"))),
                device => drop(std::os::unix::fs::symlink(device, project.path("it"))),
            }
            if place == "wit/deps" {
                std::fs::remove_dir_all(project.path(place)).expect("it was there");
            }
            let up = "../".repeat(place.matches('/').count());
            let project = project.link(place, format!("{up}it"));
            let ended = project.call(OF_WIT).exits(1).prints("");
            let ended = ended.reporting(place).without("hunter2");
            ended.in_time(Duration::from_secs(30)).in_memory(512 << 20);
            assert!(!project.path("out.wasm").exists(), "{kind} as {place}");
        }
    }
    // By its own name, too.
    for kind in ["a FIFO", "/dev/zero"] {
        let project = with_wit();
        std::fs::remove_dir_all(project.path("wit")).expect("it was there");
        match kind {
            "a FIFO" => fifo(&project, "wit"),
            device => drop(std::os::unix::fs::symlink(device, project.path("wit"))),
        }
        project.call(OF_WIT).exits(1).prints("").in_time(Duration::from_secs(30));
    }
    let many = (0..3000).fold(with_wit(), |project, n| project.file(format!("wit/{n}"), ""));
    many.call(OF_WIT).exits(1).reporting("more than 2000 files");
    let long = with_wit().file("wit/long.wit", "/".repeat(5 << 20));
    long.call(OF_WIT).exits(1).reporting("wit/long.wit: 5242880 bytes are more than");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_where_a_link_leads_out_to() {
    let make = ["plugin", "componentize", "core.wasm", "--world=command", "-o"];
    let project = Project::new()
        .file("core.wasm", core())
        .beside("outside/victim", "mine")
        .link("file.wasm", "../outside/victim")
        .link("new.wasm", "../outside/new")
        .link("directory", "../outside")
        .link("within.wasm", "real.wasm")
        .file("real.wasm", "old");
    for output in ["file.wasm", "directory/victim", "directory/x.wasm", "new.wasm", "within.wasm"] {
        project.call(make).with([output]).exits(2).prints("").reporting(output);
    }
    assert_eq!(std::fs::read_dir(project.beside_path("outside")).expect("there").count(), 1);
    assert_eq!(std::fs::read(project.beside_path("outside/victim")).expect("there"), b"mine");
    assert_eq!(std::fs::read(project.path("real.wasm")).expect("there"), b"old");
    // A path outside the project that the user names is meant.
    let victim = project.beside_text("outside/victim");
    project.call(make).with([&*victim]).succeeds().quietly();
    assert!(std::fs::read(victim).expect("there").starts_with(b"\0asm"));
}

#[cfg(unix)]
#[test]
fn nothing_is_begun_behind_a_link() {
    let project = Project::new()
        .directory("../outside/empty")
        .directory("empty")
        .link("out", "../outside/empty")
        .link("in", "empty")
        .link("above", "../outside")
        .link("nowhere", "none");
    for directory in ["out", "above/new", "above/empty", "in", "nowhere"] {
        let new = project.call(["plugin", "new", "greet", "--lang", "rust", "--directory"]);
        new.with([directory]).exits(2).prints("").reporting(directory);
    }
    assert_eq!(project.files(), ["above", "in", "nowhere", "out"]);
    assert_eq!(std::fs::read_dir(project.beside_path("outside")).expect("there").count(), 1);
    assert_eq!(std::fs::read_dir(project.beside_path("outside/empty")).expect("there").count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_commands_of_a_build_end_with_the_runner() {
    use crate::harness::kernel::{children, runs, signal, until};
    use rustix::process::Signal;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;

    let build = |command: &str| {
        let file = format!("output: x.wasm\nbuild: [[sh, -c, {command:?}], [touch, second]]\n");
        Project::new().file("plugin.yaml", file)
    };
    // One of them does not want to, and one is started by another.
    for (command, patience) in [
        ("sleep 300 & sleep 300; sleep 300", 60),
        ("trap '' INT TERM HUP; sleep 300 & wait; sleep 300", 60),
    ] {
        for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
            let project = build(command);
            let all = Rc::new(RefCell::new(Vec::new()));
            let its = all.clone();
            let call = project.call(["plugin", "build"]).meanwhile(move |runner| {
                until("the build is at work", || {
                    let shells = children(runner);
                    let started = shells.iter().flat_map(|shell| children(*shell));
                    *its.borrow_mut() = started.chain(shells.iter().copied()).collect();
                    its.borrow().len() >= 2
                });
                signal(runner, sent);
            });
            call.exits(code).prints("").in_time(Duration::from_secs(patience));
            until("all are gone", || all.borrow().iter().all(|process| !runs(*process)));
            assert!(!project.path("second").exists());
        }
    }
    // What tidies up at a signal has the time to.
    let project = build("trap 'sleep 0.3; touch tidy; exit 1' TERM; while :; do sleep 0.05; done");
    let call = project.call(["plugin", "build"]).meanwhile(|runner| {
        until("the build is at work", || {
            children(runner).iter().any(|shell| !children(*shell).is_empty())
        });
        signal(runner, Signal::TERM);
    });
    call.exits(143);
    assert!(project.path("tidy").exists() && !project.path("second").exists());
}
