//! Files that pass for programs until somebody runs them.

use crate::harness::Project;

/// A file as text, the exit code of its run, and what is said of it.
struct Broken {
    text: &'static str,
    exits: i32,
    says: &'static str,
}

const BROKEN: [Broken; 9] = [
    Broken {
        text: r#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#,
        exits: 125,
        says: "cannot be linked",
    },
    Broken {
        text: r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)) (func (export "_start")))"#,
        exits: 125,
        says: "cannot be linked",
    },
    Broken {
        text: r#"(module (import "wasi_snapshot_preview1" "no_such" (func)) (func (export "_start")))"#,
        exits: 125,
        says: "cannot be linked",
    },
    // It is not told apart from a call into a memory that is too small.
    Broken {
        text: r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (memory 1)
            (func (export "_start") (drop (call $random (i32.const 0) (i32.const 1)))))"#,
        exits: 134,
        says: "missing required memory export",
    },
    Broken {
        text: r#"(module (memory (export "memory") 1) (func $begin (loop $again (br $again)))
            (start $begin) (func (export "_start")))"#,
        exits: 124,
        says: "took longer than the 1s allowed",
    },
    Broken {
        text: r#"(module (memory (export "memory") 1) (memory 65536) (func (export "_start")))"#,
        exits: 137,
        says: "of memory allowed",
    },
    Broken {
        text: r#"(module (memory (export "memory") 1) (table 4000000000 funcref) (func (export "_start")))"#,
        exits: 137,
        says: "of memory allowed",
    },
    Broken {
        text: r#"(component (core module $m (func (export "run"))) (core instance $i (instantiate $m))
            (func $run (canon lift (core func $i "run"))) (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#,
        exits: 125,
        says: "cannot be linked",
    },
    Broken {
        text: r#"(component (instance $exported) (export "wasi:cli/run@0.3.0" (instance $exported)))"#,
        exits: 125,
        says: "cannot be linked",
    },
];

#[test]
fn what_is_no_program_after_all_says_why() {
    for Broken { text, exits, says } in BROKEN {
        let bytes = wat::parse_str(text).expect("it is well-formed");
        let project = Project::new().file(".taskrunner/plugins/broken.wasm", bytes);
        let call = project.call(["--time-limit=1s", "--memory-limit=64MiB", "broken"]);
        call.exits(exits).prints("").reporting(says);
    }
}

#[test]
fn its_start_function_can_end_it() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (func $begin (call $exit (i32.const 7)))
        (start $begin) (func (export "_start") unreachable))"#;
    let bytes = wat::parse_str(text).expect("it is well-formed");
    let project = Project::new().file(".taskrunner/plugins/ends.wasm", bytes);
    project.call(["ends"]).exits(7).prints("").quietly();
}

#[test]
fn a_thousand_imports_are_told_by_the_first_that_there_is_not() {
    let module = |from: &str| {
        let import =
            |number| format!(r#"(import "{from}" "sched_yield" (func $f{number} (result i32)))"#);
        let imports: String = (0..1000).map(import).collect();
        let text =
            format!(r#"(module {imports} (memory (export "memory") 1) (func (export "_start")))"#);
        Project::new()
            .file(".taskrunner/plugins/many.wasm", wat::parse_str(text).expect("a module"))
    };
    module("wasi_snapshot_preview1").call(["many"]).succeeds().quietly();
    let project = module("env");
    let said = project.call(["list"]).succeeds().stderr();
    assert!(
        said.contains("imports `env.sched_yield`: a program imports nothing but WASI"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    project.call(["many"]).exits(125).prints("");
}

#[test]
fn a_long_name_fills_no_terminal() {
    let name = "x".repeat(90_000);
    let text = format!(
        r#"(module (import "wasi_snapshot_preview1" "{name}" (func)) (func (export "_start")))"#
    );
    let bytes = wat::parse_str(&text).expect("it is well-formed");
    let project = Project::new().file(".taskrunner/plugins/broken.wasm", bytes);
    let ended = project.call(["broken"]).exits(125).prints("").reporting("cannot be linked");
    assert!(ended.stderr().len() < 5000, "{} bytes", ended.stderr().len());
}

/// A program that allocates objects of 64 KiB without end, or twenty thousand of them; whether it keeps
/// them is what `keep` does.
fn objects(keep: &str) -> Project {
    let text = format!(
        r#"(module
        (rec (type $node (struct (field (ref null $node)) (field (ref $bytes))))
            (type $bytes (array (mut i8))))
        (memory (export "memory") 1)
        (global $kept (mut (ref null $node)) (ref.null $node))
        (func (export "_start") (local $count i32) (local $object (ref null $bytes))
            (loop $again
                (local.set $object (array.new_default $bytes (i32.const 65536)))
                {keep}
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $count) (i32.const 20000))))))"#
    );
    let bytes = wat::parse_str(text).expect("a module");
    Project::new().file(".taskrunner/plugins/objects.wasm", bytes)
}

#[test]
fn objects_count_as_memory_until_they_are_collected() {
    let keep = "(global.set $kept
        (struct.new $node (global.get $kept) (ref.as_non_null (local.get $object))))";
    let limit = ["--memory-limit=64MiB", "objects"];
    objects(keep).call(limit).exits(137).reporting("of memory allowed").in_memory(512 << 20);
    objects("").call(limit).succeeds().quietly().in_memory(512 << 20);
}
