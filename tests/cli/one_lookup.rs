//! What was looked at is what runs: a file that is exchanged meanwhile is either refused, or has no effect.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::harness::{Call, Project};

/// A program that writes a word, and ends with an exit code. It could read variables.
fn program(word: &str, code: u8) -> Vec<u8> {
    let length = word.len();
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "environ_sizes_get"
                (func (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\0{length}\00\00\00")
            (data (i32.const 16) "{word}")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
                (call $exit (i32.const {code}))))"#
    );
    wat::parse_str(text).expect("it is well-formed")
}

/// Puts a file in the place of another one, at once.
fn put(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes).expect("it can be written");
    std::fs::rename(&new, path).expect("it can be moved");
}

/// Does something while two files take each other's place without end.
fn exchanging<T>(path: &Path, files: [&[u8]; 2], act: impl FnOnce() -> T) -> T {
    struct Over<'a>(&'a AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                files.iter().for_each(|bytes| put(path, bytes));
                std::thread::yield_now();
            }
        });
        // Also where it panics.
        let _over = Over(&over);
        act()
    })
}

const FILE: &str = ".taskrunner/plugins/word.wasm";

/// Both files are compiled, so that a run is short.
fn known(files: [&[u8]; 2], arguments: &[&'static str], codes: [i32; 2]) -> Project {
    let mut project = Project::new();
    for (bytes, code) in files.into_iter().zip(codes) {
        project = project.file(FILE, bytes);
        project.call(arguments).exits(code);
    }
    project
}

fn digest(project: &Project) -> Value {
    let receipt: Value = serde_json::from_str(&project.text("receipt.json")).expect("JSON");
    receipt["plugin"]["digest"].clone()
}

#[test]
fn a_receipt_names_what_has_run() {
    let (one, two) = (program("one", 3), program("two", 4));
    let project = known([&one, &two], &["word"], [3, 4]);
    let call = || project.call(["--receipt=receipt.json", "word"]);
    let [of_one, of_two] = [(&one, 3), (&two, 4)].map(|(bytes, code)| {
        put(&project.path(FILE), bytes);
        call().exits(code);
        digest(&project)
    });
    assert!(of_one.is_string() && of_one != of_two, "{of_one} {of_two}");
    exchanging(&project.path(FILE), [&one, &two], || {
        for _ in 0..20 {
            // The receipt says which of them it was, and the exit code must be of that one.
            let ended = call().exits_with_one_of(&[3, 4, 125]);
            let (ran, said) = (digest(&project), ended.stdout());
            match ended.code() {
                3 => assert_eq!((ran, &*said), (of_one.clone(), "one")),
                4 => assert_eq!((ran, &*said), (of_two.clone(), "two")),
                _ => assert_eq!(said, ""),
            }
        }
    });
}

#[test]
fn each_attempt_runs_the_same() {
    let (one, two) = (program("one", 75), program("two", 75));
    let project = known([&one, &two], &["word"], [75, 75]);
    exchanging(&project.path(FILE), [&one, &two], || {
        for _ in 0..6 {
            let call = project.call(["--attempts=4", "--backoff-delay=30ms", "word"]);
            let said = call.exits_with_one_of(&[75, 125]).stdout();
            assert!(["oneoneoneone", "twotwotwotwo", ""].contains(&&*said), "{said}");
        }
    });
}

#[test]
fn a_test_runs_what_was_checked() {
    let manifest = |name: &str| format!("{{\"name\": \"{name}\", \"summary\": \"Say a word\"}}");
    let embedded = |bytes: Vec<u8>, name: &str| {
        let project = Project::new().file("p.wasm", bytes).file("m.json", manifest(name));
        project.call(["plugin", "embed", "p.wasm", "--manifest=m.json"]).succeeds();
        std::fs::read(project.path("p.wasm")).expect("it is there")
    };
    let (one, two) = (embedded(program("one", 0), "one"), embedded(program("two", 0), "two"));
    let cases = "cases: [{name: a, expect: {stdout: {matches: '^(one|two)$'}, stderr: ''}}]";
    let project = Project::new().file("cases.yaml", cases).file("word.wasm", &one);
    let test = || project.call(["plugin", "test", "word.wasm"]);
    exchanging(&project.path("word.wasm"), [&one, &two], || {
        for _ in 0..6 {
            test().succeeds().printing("1 passed");
        }
    });
}

const MANIFEST: &str = "summary: Say a word\nrequests: [{env: SECRET, reason: To know}]\n";

fn asked(project: &Project) -> Call<'_> {
    project.call(["--audit=audit.jsonl", "word"]).env("SECRET", "hush")
}

#[test]
fn a_plugin_that_is_exchanged_during_the_question_does_not_run() {
    let (one, two) = (program("one", 0), program("two", 0));
    let manifest = FILE.replace(".wasm", ".yaml");
    for is_known in [false, true] {
        let project = Project::new().file(FILE, &one).file(&manifest, MANIFEST);
        if is_known {
            asked(&project).succeeds().prints("one");
        } else {
            let cache = project.beside_path("cache/taskrunner/compiled");
            std::fs::remove_file(&cache).expect("it is a link");
            std::fs::create_dir(cache).expect("a directory");
        }
        let (path, other) = (project.path(FILE), two.clone());
        let call = asked(&project).answering_after(move || put(&path, &other), "o\n");
        match is_known {
            true => call.succeeds().printing("one").without("two"),
            false => call.exits(125).printing("changed since it was looked at").without("two"),
        };
    }
}

#[test]
fn nor_does_a_manifest_that_is_exchanged_then_count() {
    let manifest = FILE.replace(".wasm", ".yaml");
    let project = Project::new().file(FILE, program("one", 0)).file(&manifest, MANIFEST);
    let path = project.path(&manifest);
    let more = MANIFEST.replace("env: SECRET", "env: '*'");
    let call = asked(&project);
    call.answering_after(move || put(&path, more.as_bytes()), "a\n").succeeds().printing("one");
    let audit = project.text("audit.jsonl");
    assert!(audit.contains("SECRET") && !audit.contains("HOME"), "{audit}");
    // The yes was about the manifest before.
    project.call(["permissions", "show", "word"]).succeeds().without("answer");
}
