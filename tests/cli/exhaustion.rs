//! What the system gives no more of: memory, and room in a file.

use std::fmt::Write;

use crate::harness::{Project, guests};

const MIB: u64 = 1024 * 1024;

/// A program whose compilation takes hundreds of megabytes.
fn costly() -> Vec<u8> {
    let mut text = String::from("(module (memory (export \"memory\") 1) (func (export \"_start\")");
    (0..5_000).for_each(|_| text.push_str("(local i64)"));
    for at in 0..40_000 {
        let (to, from) = (at % 5_000, at * 7 % 5_000);
        write!(text, "(local.set {to} (i64.add (local.get {from}) (local.get {to})))")
            .expect("text");
        if at % 8 == 0 {
            write!(
                text,
                "(if (i64.eqz (local.get {to})) (then (local.set {from} (i64.const {at}))))"
            )
            .expect("text");
        }
    }
    text.push_str("))");
    wat::parse_str(&text).expect("a module")
}

#[test]
fn a_compiler_without_memory_says_so_alone() {
    let project = Project::new().file(".taskrunner/plugins/costly.wasm", costly());
    let ended = project
        .call(["costly"])
        .limited(libc::RLIMIT_DATA, 150 * MIB)
        .exits(125)
        .prints("")
        .reporting("it needs more memory than allowed")
        .without("allocation")
        .without("backtrace")
        .without("panicked");
    assert!(ended.stderr().lines().count() < 6, "{ended}");
    assert!(project.files().iter().all(|file| !file.contains(".tmp")), "{:?}", project.files());
}

#[test]
fn a_file_size_limit_leaves_nothing_behind() {
    let project = Project::new().guest(guests::HELLO).directory("records");
    project.call(["hello"]).succeeds();
    project
        .call(["hello", "--receipt", "records/receipt.json"])
        .limited(libc::RLIMIT_FSIZE, 100)
        .exits(125)
        .prints("Hello, world!\n")
        .reporting("records/receipt.json")
        .reporting("File too large");
    let left: Vec<_> =
        project.files().into_iter().filter(|file| file.starts_with("records/")).collect();
    assert!(left.is_empty(), "{left:?}");
    // Compiled code is written to a file, too.
    let fresh = "(module (memory (export \"memory\") 1) (func (export \"_start\")))";
    Project::new()
        .file(".taskrunner/plugins/fresh.wasm", wat::parse_str(fresh).expect("a module"))
        .call(["fresh"])
        .limited(libc::RLIMIT_FSIZE, 100)
        .exits(125)
        .prints("")
        .reporting("File too large");
}
