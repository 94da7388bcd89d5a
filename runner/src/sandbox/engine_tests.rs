//! What is said of a file without running it is what the engine makes of it.

use wasmtime::component::Component;

use super::*;
use crate::plugin;

fn engine() -> Engine {
    compiling().expect("an engine")
}

/// A component around a core module.
fn around(module: &str) -> String {
    format!("(component (core module {module}))")
}

#[test]
fn a_file_is_valid_for_both_or_for_neither() {
    let engine = engine();
    let (mut accepted, mut refused) = (0, 0);
    for wat in [
        // The features of core modules, one by one.
        around(r#"(func (result i32 i32) (i32.const 1) (i32.const 2))"#),
        around("(func (drop (i32.extend8_s (i32.const 1))))"),
        around("(func (drop (i32.trunc_sat_f32_s (f32.const 1))))"),
        around("(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"),
        around("(func (drop (ref.null extern)))"),
        around("(func (param v128))"),
        around(
            "(func (param v128 v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
        ),
        around(
            "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
        ),
        around("(memory 1) (memory 1)"),
        around("(memory i64 1)"),
        around("(func $f return_call $f)"),
        around("(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
        around("(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))"),
        around("(type (struct (field i32)))"),
        around("(func (drop (ref.i31 (i32.const 1))))"),
        around("(tag)"),
        around("(func (try_table))"),
        around("(memory 1 1 shared)"),
        around("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
        around("(memory 1 (pagesize 1))"),
        around(
            "(func (result i64 i64) (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)))",
        ),
        around("(type $f (func)) (type (cont $f))"),
        // Those of components.
        r#"(component (import "f" (func async)))"#.into(),
        r#"(component (import "f" (func (param "a" (stream u8)))))"#.into(),
        r#"(component (import "f" (func (param "a" (future u8)))))"#.into(),
        r#"(component (import "f" (func (param "a" error-context))))"#.into(),
        r#"(component (import "f" (func (param "a" (list u8 4)))))"#.into(),
        r#"(component (import "f" (func (param "a" (map string u8)))))"#.into(),
        r#"(component (core func (canon task.cancel)))"#.into(),
        r#"(component (core func (canon thread.yield)))"#.into(),
        r#"(component (import "a" (value string)))"#.into(),
        r#"(component (import "a:b/c" (instance)))"#.into(),
        r#"(component (import "a:b/c@1.0.0" (instance)) (import "a:b/c@1.0.1" (instance)))"#.into(),
        r#"(component (import "a:b/c" (instance)) (import "a:b/c" (instance)))"#.into(),
        r#"(component (import "Upper_case" (func)))"#.into(),
        r#"(component (component (component (core module (func (result i32))))))"#.into(),
    ] {
        let bytes = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}"));
        let said = plugin::facts(&bytes);
        let made = Component::new(&engine, &bytes);
        assert_eq!(said.is_ok(), made.is_ok(), "{wat}: {:?}, {:?}", said.err(), made.err());
        match said {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 10 && refused > 10, "{accepted} accepted, {refused} refused");
}

#[test]
fn both_find_the_same_imports_and_exports() {
    let engine = engine();
    // What is nested, and what is passed on, is no import of the file's.
    let nested = r#"(component
        (component (import "wasi:sockets/tcp@0.2.0" (instance (export "connect" (func)))))
        (import "c:d/e@1.0.0" (instance $e
            (export "x" (func)) (export "t" (type (sub resource)))))
        (alias export $e "x" (func $x))
        (instance $i (export "y" (func $x)))
        (type $k u8)
        (export "k" (type $k))
        (component $c (type $k u8) (export "inner" (type $k)))
        (instance $out (instantiate $c))
        (export "f:g/h" (instance $out)))"#;
    let nested = wat::parse_str(nested).expect("it is well-formed");
    let connect = include_bytes!("../../../tests/fixtures/prebuilt/connect.wasm");
    for bytes in [connect.as_slice(), &nested] {
        let component = Component::new(&engine, bytes).expect("it compiles");
        let facts = plugin::facts(bytes).expect("it is valid");
        let ty = component.component_type();
        let mut imports: Vec<String> =
            ty.imports(&engine).map(|(name, _)| name.to_owned()).collect();
        imports.sort();
        assert_eq!(facts.import_names(), imports);
        let exports: Vec<&str> = ty.exports(&engine).map(|(name, _)| name).collect();
        assert_eq!(facts.exports, exports);
    }
}

#[test]
fn files_are_read_by_the_version_of_the_parser_that_the_engine_has() {
    let lock = include_str!("../../../Cargo.lock");
    let parser_of = |package: &str| {
        let start = lock.find(&format!("name = \"{package}\"\n")).expect("it is locked");
        let entry = lock[start..].split("[[package]]").next().unwrap_or_default();
        entry.lines().find(|line| line.contains("\"wasmparser")).expect("it has a parser")
    };
    assert_eq!(parser_of("taskrunner"), parser_of("wasmtime"));
}
