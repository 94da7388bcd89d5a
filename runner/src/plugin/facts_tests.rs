use proptest::prelude::*;

use super::*;
use crate::plugin::Verdict;

fn bytes(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"))
}

fn known(wat: &str) -> Facts {
    facts(&bytes(wat)).unwrap_or_else(|error| panic!("{error}: {wat}"))
}

#[test]
fn kinds() {
    let guest = |version: &str| {
        format!(
            r#"(component (instance $i) (export "taskrunner:plugin/guest@{version}" (instance $i)))"#
        )
    };
    let kind = |wat: &str| known(wat).kind;
    assert_eq!(kind(&guest("0.1.3")), Kind::Command { contract: "0.1.3".into() });
    assert!(kind(&guest("0.1.3")).check().is_ok());
    assert!(matches!(kind(&guest("0.2.0")).check(), Err(KindError::Version(_))));
    // Of several versions, the one that this runner speaks.
    let both = guest("0.2.0")
        .replace("(export", r#"(export "taskrunner:plugin/guest@0.1.0" (instance $i)) (export"#);
    assert_eq!(known(&both).wit_version(), Some("0.1.0"));
    // The name alone is not enough.
    let function = r#"(component
        (import "f" (func $f))
        (export "taskrunner:plugin/guest@0.1.0" (func $f)))"#;
    assert!(!matches!(facts(&bytes(function)).map(|facts| facts.kind), Ok(Kind::Command { .. })));
    let run = r#"(component (instance $i) (export "wasi:cli/run@0.2.6" (instance $i)))"#;
    assert_eq!(kind(run), Kind::WasiCommand { version: "0.2.6".into() });
    // What is nested is not exported.
    assert_eq!(kind(&format!("(component {})", guest("0.1.0"))), Kind::OtherComponent);
    assert_eq!(kind(r#"(module (func (export "_start")))"#), Kind::ModuleCommand { foreign: None });
    assert_eq!(kind(r#"(module (func (export "_initialize")))"#), Kind::ModuleReactor);
    assert_eq!(kind(r#"(module (memory (export "_start") 1))"#), Kind::OtherModule);
}

#[test]
fn names_of_imports_are_those_that_a_lock_file_needs() {
    let component = r#"(component
        (import "wasi:io/poll@0.2.0" (instance (export "poll" (func))))
        (import "acme:a/b" (instance)))"#;
    assert_eq!(known(component).import_names(), ["acme:a/b", "wasi:io/poll@0.2.0"]);
    let module =
        r#"(module (import "b" "d" (func)) (import "a" "f" (func)) (import "b" "c" (func)))"#;
    assert_eq!(known(module).import_names(), ["a.f", "b.c", "b.d"]);
}

#[test]
fn of_what_is_not_valid_nothing_is_said() {
    for wat in [
        "(module (func (result i32)))",
        "(component (core module (func (result i32))))",
        r#"(module (func) (export "a" (func 0)) (export "a" (func 0)))"#,
    ] {
        assert!(matches!(facts(&bytes(wat)), Err(KindError::Malformed(_))), "{wat}");
    }
    // The engine has no such threads.
    assert!(facts(&bytes("(module (memory 1 1 shared))")).is_err());
    let mut trailing = bytes("(component)");
    trailing.push(0);
    assert!(facts(&trailing).is_err());
}

/// A section of a component.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], length(content.len()).as_slice(), content].concat()
}

/// A number as WebAssembly writes it.
fn length(mut rest: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// Components within components.
fn nested(depth: usize) -> Vec<u8> {
    let mut size = HEADER.len();
    // From the inside out.
    let mut pieces = vec![HEADER.to_vec()];
    for _ in 0..depth {
        let piece = [HEADER, &[4], &length(size)].concat();
        size += piece.len();
        pieces.push(piece);
    }
    pieces.into_iter().rev().flatten().collect()
}

/// A component with types of components (or of instances, by their code) within types.
fn nested_types(code: u8, depth: usize) -> Vec<u8> {
    let types = [&[1], [code, 1, 1].repeat(depth - 1).as_slice(), &[code, 0]].concat();
    [HEADER, &section(7, &types)].concat()
}

#[test]
fn a_depth_that_would_take_for_ever_or_end_the_process_is_refused_at_once() {
    type Make = fn(usize) -> Vec<u8>;
    let types: [(Make, usize); 3] = [
        (nested, 100),
        (|depth| nested_types(0x41, depth), 99),
        (|depth| nested_types(0x42, depth), 99),
    ];
    for (make, fine) in types {
        assert_eq!(facts(&make(fine)).expect("it is not deep").kind, Kind::OtherComponent);
        for depth in [fine + 1, 1_000_000] {
            let error = facts(&make(depth)).expect_err("it is deep").to_string();
            assert_eq!(error, "malformed WebAssembly: components are nested more than 100 deep");
        }
    }
    // Types of a component that is nested itself.
    let inner = section(4, &nested_types(0x41, 1_000_000));
    assert!(facts(&[HEADER, &inner].concat()).is_err());
}

#[test]
fn what_makes_the_parser_panic_is_malformed() {
    let chain: String = (0..300)
        .map(|k| {
            format!(
                r#"(type $t{} (instance
                    (alias outer 1 $t{k} (type $t)) (export "a" (instance (type $t)))))"#,
                k + 1
            )
        })
        .collect();
    let wat = format!(r#"(component (type $t0 (instance)) {chain})"#);
    let error = facts(&bytes(&wat)).expect_err("it is too deep").to_string();
    assert!(error.starts_with("malformed WebAssembly: "), "{error}");
}

#[test]
fn a_file_that_is_cut_anywhere_is_never_another_plugin() {
    let whole: &[u8] = include_bytes!("../../../tests/fixtures/prebuilt/spin.wasm");
    let imports = facts(whole).expect("it is valid").import_names();
    for length in (0..whole.len()).step_by(97).chain(whole.len() - 50..whole.len()) {
        // Without the names of its producers, at the end, it is the same plugin.
        if let Ok(facts) = facts(&whole[..length]) {
            let same = facts.kind.check().is_err() || facts.import_names() == imports;
            assert!(same, "of {length} bytes");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_in_a_file_it_is_told_or_refused(tail: Vec<u8>, component: bool) {
        let head: &[u8] = if component { b"\0asm\x0d\0\x01\0" } else { b"\0asm\x01\0\0\0" };
        if let Ok(facts) = facts(&[head, &tail].concat()) {
            Verdict::of(&facts);
        }
    }
}
