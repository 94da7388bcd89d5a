//! What a plugin takes of the host by sheer number: memories, handles, output, log lines. Each ends in bounded time
//! and memory, with the exit code that is its own. Files and listings are in `hostile_disk`.

#![cfg(target_os = "linux")]

use std::time::Duration;

use wasmparser::{Parser, Payload};

use crate::broken_files::length;
use crate::harness::{Project, guests};

/// Much longer than any of these takes.
const SOON: Duration = Duration::from_secs(60);

const MIB: u64 = 1024 * 1024;

/// The guest `hello` with one more core module, of which it makes so many instances when it starts.
fn with_instances(module: &str, times: usize) -> Vec<u8> {
    let component = guests::HELLO.bytes;
    let (mut depth, mut index) = (0, 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("it is valid") {
            Payload::ModuleSection { .. } => {
                index += usize::from(depth == 0);
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    let module = wat::parse_str(module).expect("it is well-formed");
    // Without arguments.
    let instance = [&[0], length(index).as_slice(), &[0]].concat();
    let instances = [length(times), instance.repeat(times)].concat();
    let section = |id, content: &[u8]| [&[id], length(content.len()).as_slice(), content].concat();
    [component, &section(1, &module), &section(2, &instances)].concat()
}

#[test]
fn a_plugin_of_too_many_parts_is_told_and_does_not_run() {
    let many =
        "cannot compile the plugin: failed to parse WebAssembly module: instances count exceeds";
    let memory = "cannot say what it is: needs more than the 64.0 MiB of memory allowed";
    for (what, module, times, said) in [
        // A thousand memories would be six terabytes of addresses.
        ("1,000 memories", "(module (memory 1))", 1_000, many),
        ("900 memories", "(module (memory 1))", 900, "memory count too high at 101"),
        ("900 memories of nothing", "(module (memory 0))", 900, "memory count too high at 101"),
        (
            "1,800 tables",
            "(module (table 1 funcref) (table 1 funcref))",
            900,
            "table count too high",
        ),
        ("a million instances", "(module)", 1_000_000, many),
        // More than it may have while it is asked what it is.
        ("a large memory", "(module (memory 2000))", 1, memory),
        ("the largest memory", "(module (memory 65536))", 1, memory),
        ("90 large memories", "(module (memory 100))", 90, memory),
        ("a large table", "(module (table 10000000 funcref))", 1, memory),
        // What runs when an instance is made is code like any other.
        ("a loop", "(module (func (loop (br 0))) (start 0))", 1, "took longer than the 2s allowed"),
        ("a trap", "(module (func unreachable) (start 0))", 1, "`unreachable` instruction"),
        ("a recursion", "(module (func (call 0)) (start 0))", 1, "went too deep for the stack"),
    ] {
        let bytes = with_instances(module, times);
        let project =
            Project::new().guest(guests::CLOCK).file(".taskrunner/plugins/many.wasm", bytes);
        let ended = project.call(["many"]).exits(125).in_time(SOON).in_memory(512 * MIB).prints("");
        assert!(ended.stderr().contains(said), "{what}: {ended}");
        // It is in nobody's way.
        project.call(["list"]).succeeds().printing("clock").in_time(SOON);
    }
}

/// What fits is run: the limits above are what ends the others.
#[test]
fn a_plugin_of_many_parts_runs() {
    let bytes = with_instances("(module (memory 1) (table 1 funcref))", 50);
    let project = Project::new().file(".taskrunner/plugins/many.wasm", bytes);
    project.call(["hello"]).succeeds().prints("Hello, world!\n").quietly();
}

#[test]
fn a_million_handles() {
    let project = Project::new().guest(guests::GRAB).file("file", "");
    // Streams, since a guest's C library knows fewer files.
    let call = || project.call(["grab", "--times=1000000"]);
    let ended = call().exits(153).prints("").in_time(SOON).in_memory(128 * MIB);
    ended.reporting("grab: holds more than the 1024 open handles allowed");
    // Where so many are allowed, they are had.
    let ended = call().with(["--handle-limit=2000000"]).succeeds().prints("1000000 handles\n");
    ended.in_time(SOON).in_memory(512 * MIB);
    // Files are the system's, too, which gives them to no process without end.
    let allowed = ["--times=1000000", "--handle-limit=2000000"];
    let ended = project.call(["grab", "file"]).with(allowed).exits(1).prints("").in_time(SOON);
    ended.in_memory(512 * MIB);
}

#[test]
fn ten_gigabytes_into_a_stalled_reader() {
    let project = Project::new().guest(guests::FLOOD);
    for to in ["stdout", "stderr", "log"] {
        let call = project.call(["flood", "--to", to, "--output-limit=10GB", "--time-limit=500ms"]);
        // What nobody takes is not kept.
        call.deaf().exits(124).in_time(SOON).in_memory(128 * MIB);
    }
    let call = project.call(["flood", "--output-limit=10GB", "--time-limit=500ms"]).stalled();
    let ended = call.exits(124).in_time(SOON).in_memory(128 * MIB);
    ended.reporting("flood: took longer than the 500ms allowed");
}

#[test]
fn a_million_log_lines() {
    let project = Project::new().guest(guests::FLOOD);
    let words = ["flood", "--to=log", "--lines=1000000"];
    let ended = project.call(words).exits(153).prints("").in_time(SOON).in_memory(128 * MIB);
    let lines = ended.error_bytes().split(|byte| *byte == b'\n');
    // A line counts as what it is written as, at least.
    let count = lines.filter(|line| line.windows(8).any(|part| part == b"all work")).count();
    assert!((100_000..1_000_000).contains(&count), "{count} lines");
}
