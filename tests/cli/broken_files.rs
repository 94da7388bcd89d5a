//! Every kind of file that is no plugin: told in one line, within bounds, and in nobody's way.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::harness::{Project, guests};

/// Where plugins are.
const PLUGINS: &str = ".taskrunner/plugins";

/// The largest file that is read: 64 MiB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A broken file: how it is made, and what is said of it.
struct Broken {
    name: &'static str,
    make: fn(&Path),
    said: &'static str,
}

const BROKEN: &[Broken] = &[
    Broken { name: "empty", make: |path| write(path, b""), said: "the file is empty" },
    Broken { name: "zeros", make: |path| write(path, &[0; 4096]), said: "not a WebAssembly file" },
    Broken {
        name: "elf",
        make: |path| write(path, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0"),
        said: "not a WebAssembly file",
    },
    Broken {
        name: "compiled",
        make: |path| write(path, &compiled()),
        said: "a compiled artefact of wasmtime, which could run anything: only WebAssembly itself is a plugin",
    },
    Broken {
        name: "head",
        make: |path| write(path, &guests::HELLO.bytes[..4]),
        said: "malformed WebAssembly: unexpected end-of-file",
    },
    Broken {
        name: "half",
        make: |path| write(path, &guests::HELLO.bytes[..guests::HELLO.bytes.len() / 2]),
        said: "malformed WebAssembly: unexpected end-of-file",
    },
    Broken {
        name: "too-long",
        make: |path| write(path, &[guests::HELLO.bytes, b"\xff"].concat()),
        said: "malformed WebAssembly: malformed section id",
    },
    // Each of these two would take for ever, or all of the stack, to look into.
    Broken {
        name: "deep",
        make: |path| write(path, &nested(100_000)),
        said: "malformed WebAssembly: components are nested more than 100 deep",
    },
    Broken {
        name: "deep-types",
        make: |path| write(path, &nested_types(100_000)),
        said: "malformed WebAssembly: components are nested more than 100 deep",
    },
    Broken {
        name: "large",
        make: |path| sparse(path, 500_000_000),
        said: "cannot be read: 500000000 bytes are more than the 67108864 that a plugin may have",
    },
    Broken {
        name: "just-too-large",
        make: |path| sparse(path, LARGEST + 1),
        said: "cannot be read: 67108865 bytes are more than the 67108864 that a plugin may have",
    },
    Broken { name: "largest", make: |path| sparse(path, LARGEST), said: "not a WebAssembly file" },
    #[cfg(unix)]
    Broken {
        name: "fifo",
        make: |path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().expect("it runs");
            assert!(made.success());
        },
        said: "cannot be read: not a regular file",
    },
    #[cfg(unix)]
    Broken {
        name: "endless",
        make: |path| link("/dev/zero", path),
        said: "cannot be read: not a regular file",
    },
    #[cfg(unix)]
    Broken {
        name: "silent",
        make: |path| link("/dev/ptmx", path),
        said: "cannot be read: not a regular file",
    },
    #[cfg(unix)]
    Broken {
        name: "link-to-directory",
        make: |path| link("..", path),
        said: "cannot be read: not a regular file",
    },
    #[cfg(unix)]
    Broken {
        name: "dangling",
        make: |path| link("none.wasm", path),
        said: "cannot be read: [NOT FOUND]",
    },
    // To be read by nobody, the superuser included.
    #[cfg(target_os = "linux")]
    Broken {
        name: "unreadable",
        make: |path| link("/proc/self/mem", path),
        said: "cannot be read: Input/output error (os error 5)",
    },
    #[cfg(target_os = "linux")]
    Broken {
        name: "ring",
        make: |path| link("ring.wasm", path),
        said: "cannot be read: Too many levels of symbolic links (os error 40)",
    },
];

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("it is written");
}

fn sparse(path: &Path, length: u64) {
    fs::File::create(path).and_then(|file| file.set_len(length)).expect("it has that length");
}

#[cfg(unix)]
fn link(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).expect("a link");
}

/// What `wasmtime compile` makes: code that would run without any sandbox.
fn compiled() -> Vec<u8> {
    let engine = wasmtime::Engine::default();
    let component = wat::parse_str("(component)").expect("it is well-formed");
    engine.precompile_component(&component).expect("it compiles")
}

/// A component that exports what makes it a command, and holds this as well.
fn command_with(more: &str) -> Vec<u8> {
    let wat = format!(
        r#"(component
            (instance $guest) (export "taskrunner:plugin/guest@0.1.0" (instance $guest)) {more})"#
    );
    wat::parse_str(wat).expect("it is well-formed")
}

/// A command that holds a component that holds a component, and so on.
fn nested(depth: usize) -> Vec<u8> {
    let header = b"\0asm\x0d\0\x01\0";
    let mut size = header.len();
    // From the inside out.
    let mut pieces = vec![header.to_vec()];
    for _ in 0..depth {
        let around = section(size);
        size += around.len();
        pieces.push(around);
        pieces.push(header.to_vec());
        size += header.len();
    }
    // The outermost is the command itself.
    pieces.pop();
    pieces.push(command_with(""));
    pieces.into_iter().rev().flatten().collect()
}

/// The beginning of a section with a nested component of this size.
fn section(size: usize) -> Vec<u8> {
    [&[4], length(size).as_slice()].concat()
}

/// A command that has the type of a component with the type of a component within, and so on.
fn nested_types(depth: usize) -> Vec<u8> {
    let types = [[0x41, 1, 1].repeat(depth).as_slice(), &[0x41, 0]].concat();
    [command_with("").as_slice(), &[7], &length(types.len() + 1), &[1], &types].concat()
}

/// A number as WebAssembly writes it.
pub(crate) fn length(mut rest: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

fn project() -> Project {
    let project = Project::new().directory(PLUGINS).guest(guests::HELLO);
    for broken in BROKEN {
        (broken.make)(&project.path(path(broken)));
    }
    project
}

fn path(broken: &Broken) -> String {
    format!("{PLUGINS}/{}.wasm", broken.name)
}

#[test]
fn each_is_told_in_one_line_where_it_is_inspected() {
    let project = project();
    for broken in BROKEN {
        let path = path(broken);
        project
            .call(["inspect", &path, "--forbid=network"])
            .exits(125)
            .prints("")
            .reports(&format!("  × [WORKSPACE]/{path}: {}\n", broken.said))
            .in_processor_time(Duration::from_secs(10))
            .in_memory(400_000_000);
    }
}

#[test]
fn each_is_listed_as_a_fault_and_hides_no_plugin() {
    let project = project();
    let ended = project.call(["list"]).succeeds().printing("Greet somebody");
    let mut said: Vec<String> = BROKEN
        .iter()
        .map(|broken| format!("warning: [WORKSPACE]/{}: {}", path(broken), broken.said))
        .collect();
    said.sort();
    let stderr = ended.stderr();
    let mut lines: Vec<&str> = stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, said);
    project.call(["hello"]).succeeds().prints("Hello, world!\n").quietly();
    project.call(["none"]).exits(127).prints("");
}

#[test]
fn each_is_what_is_wrong_where_its_name_is_called() {
    let project = project();
    for broken in BROKEN {
        project
            .call([broken.name])
            .exits(125)
            .prints("")
            .reporting(&format!("this file is no usable plugin: [WORKSPACE]/{}", path(broken)))
            .reporting(broken.said)
            .in_processor_time(Duration::from_secs(20));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let project = Project::new().guest(guests::HELLO);
    let path = project.path(format!("{PLUGINS}/hello.wasm"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("it is ours");
    // Nothing is closed to the superuser.
    if fs::File::open(&path).is_err() {
        project.call(["inspect", "hello"]).exits(125).prints("").reporting("Permission denied");
        project.call(["list"]).succeeds().reporting("Permission denied");
        project.call(["hello"]).exits(125).prints("").reporting("Permission denied");
    }
}

#[test]
fn a_plugin_with_invalid_code_is_refused_before_any_of_it_runs() {
    // It looks like a command, and its code is no WebAssembly.
    let mut bytes = guests::HELLO.bytes.to_vec();
    let code = bytes.len() / 3;
    bytes[code..code + 512].fill(0xff);
    let project = Project::new().file(format!("{PLUGINS}/hello.wasm"), &bytes);
    let ended = project.call(["inspect", &format!("{PLUGINS}/hello.wasm")]).exits(125).prints("");
    assert_eq!(ended.stderr().lines().count(), 1, "{ended}");
    ended.reporting("malformed WebAssembly: ");
    project.call(["list"]).succeeds().reporting("hello.wasm: ");
    project.call(["hello"]).exits(125).prints("");
}

#[test]
fn a_plugin_that_makes_the_compiler_panic_is_a_fault_like_any_other() {
    let chain = |(k, next)| {
        format!(
            r#"(type $t{next} (instance
                (alias outer 1 $t{k} (type $t)) (export "a" (instance (type $t)))))"#
        )
    };
    let chain: String = (0..300).zip(1..=300).map(chain).collect();
    let plugin = command_with(&format!("(type $t0 (instance)) {chain}"));
    let project = Project::new().guest(guests::HELLO).file(format!("{PLUGINS}/x.wasm"), plugin);
    let told = "x.wasm: cannot compile the plugin: assertion failed";
    let ended = project.call(["list"]).succeeds().printing("hello").reporting(told);
    assert_eq!(ended.stderr().lines().count(), 1, "{ended}");
    project.call(["x"]).exits(125).prints("").reporting(told).without("a mistake in taskrunner");
    project
        .call(["inspect", &format!("{PLUGINS}/x.wasm")])
        .exits(125)
        .prints("")
        .reporting("malformed WebAssembly: it cannot be checked: assertion failed")
        .without("a mistake in taskrunner");
}
