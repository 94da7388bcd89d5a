use clap::ValueEnum;

use super::*;
use crate::plugin::facts;

fn bytes(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"))
}

fn known(wat: &str) -> Facts {
    facts(&bytes(wat)).unwrap_or_else(|error| panic!("{error}: {wat}"))
}

/// What the file could do, in words.
fn able(wat: &str) -> Vec<&'static str> {
    let able = Verdict::of(&known(wat)).able(&Ability::ALL);
    able.into_iter().map(Ability::word).collect()
}

const ALL: [&str; 6] = ["network", "files", "environment", "stdin", "clocks", "random"];

/// A component that imports these functions of these interfaces.
fn component(interfaces: &[(&str, &[&str])]) -> String {
    let imports = interfaces.iter().map(|(interface, functions)| {
        let functions: String =
            functions.iter().map(|name| format!(r#"(export "{name}" (func))"#)).collect();
        format!(r#"(import "{interface}" (instance {functions}))"#)
    });
    format!("(component {})", imports.collect::<String>())
}

/// A core module that imports these functions.
fn module(functions: &[(&str, &str)]) -> String {
    let imports =
        functions.iter().map(|(module, name)| format!(r#"(import "{module}" "{name}" (func))"#));
    format!("(module {})", imports.collect::<String>())
}

#[test]
fn the_words_are_those_of_the_command_line() {
    let names: Vec<String> = Ability::value_variants()
        .iter()
        .filter_map(|ability| Some(ability.to_possible_value()?.get_name().to_owned()))
        .collect();
    assert_eq!(names, ALL);
    assert_eq!(Ability::ALL.map(Ability::word), ALL);
}

#[test]
fn what_imports_nothing_can_do_nothing() {
    assert!(able("(component)").is_empty());
    assert!(able("(module)").is_empty());
}

#[test]
fn each_interface_gives_what_it_is_for() {
    for (interface, function, ability) in [
        ("wasi:sockets/tcp@0.2.0", "connect", "network"),
        ("wasi:sockets/ip-name-lookup@0.2.12", "resolve-addresses", "network"),
        ("wasi:sockets/types@0.3.0", "create", "network"),
        ("wasi:sockets/types@0.3.0-rc-2026-02-01", "create", "network"),
        ("wasi:http/outgoing-handler@0.2.4", "handle", "network"),
        ("wasi:http/types@0.2.4", "make", "network"),
        ("wasi:cli/environment@0.2.0", "get-environment", "environment"),
        ("wasi:cli/stdin@0.3.0", "read-via-stream", "stdin"),
        ("wasi:clocks/monotonic-clock@0.2.0", "now", "clocks"),
        ("wasi:clocks/wall-clock@0.2.0", "now", "clocks"),
        ("wasi:random/random@0.2.0", "get-random-u64", "random"),
        ("wasi:random/insecure-seed@0.2.0", "insecure-seed", "random"),
    ] {
        let component = component(&[(interface, &[function])]);
        assert_eq!(able(&component), [ability], "{interface}");
        assert!(Verdict::of(&known(&component)).unknown().is_empty(), "{interface}");
    }
}

#[test]
fn what_every_command_has_gives_nothing() {
    let harmless = component(&[
        ("taskrunner:plugin/log@0.1.0", &["log"]),
        ("taskrunner:plugin/progress@0.1.7", &["report"]),
        ("wasi:cli/environment@0.2.0", &["get-arguments", "initial-cwd"]),
        ("wasi:cli/exit@0.2.0", &["exit"]),
        ("wasi:cli/stdout@0.2.0", &["get-stdout"]),
        ("wasi:cli/terminal-stdin@0.2.0", &["get-terminal-stdin"]),
        ("wasi:io/poll@0.2.0", &["poll"]),
    ]);
    assert!(able(&harmless).is_empty());
}

/// A component that imports `resource` of `interface` with these methods, and one function more.
fn with_methods(interface: &str, resource: &str, methods: &[&str], more: &str) -> String {
    let methods: String = methods
        .iter()
        .map(|name| {
            format!(r#"(export "[method]{resource}.{name}" (func (param "self" (borrow $r))))"#)
        })
        .collect();
    format!(
        r#"(component (import "{interface}" (instance
            (export "{resource}" (type $r (sub resource))) {methods})) {more})"#
    )
}

#[test]
fn standard_input_takes_a_stream_and_a_function_that_reads_it() {
    let stdin = r#"(import "wasi:cli/stdin@0.2.12" (instance (export "get-stdin" (func))))"#;
    let streams = |resource, method, stdin| {
        able(&with_methods("wasi:io/streams@0.2.0", resource, &[method], stdin))
    };
    assert!(able(&format!("(component {stdin})")).is_empty());
    assert!(streams("input-stream", "read", "").is_empty());
    assert!(streams("output-stream", "write", stdin).is_empty());
    assert_eq!(streams("input-stream", "read", stdin), ["stdin"]);
    assert_eq!(streams("input-stream", "subscribe", stdin), ["stdin"]);
    // It moves what it reads to the output.
    assert_eq!(streams("output-stream", "splice", stdin), ["stdin"]);
    assert_eq!(streams("output-stream", "unheard-of", stdin), ["stdin"]);
}

#[test]
fn files_take_a_directory_and_a_function_that_goes_on_from_it() {
    let preopens =
        r#"(import "wasi:filesystem/preopens@0.2.0" (instance (export "get-directories" (func))))"#;
    let types = |methods: &[&str], more| {
        able(&with_methods("wasi:filesystem/types@0.2.12", "descriptor", methods, more))
    };
    assert!(able(&format!("(component {preopens})")).is_empty());
    assert!(types(&["open-at", "read-directory"], "").is_empty());
    // What Rust's standard library imports to print a line.
    let to_print = ["write-via-stream", "append-via-stream", "get-type", "stat"];
    assert!(types(&to_print, preopens).is_empty());
    for method in ["open-at", "read-directory", "stat-at", "set-times", "unheard-of"] {
        assert_eq!(types(&["stat", method], preopens), ["files"], "{method}");
    }
}

#[test]
fn what_is_nested_reaches_only_what_it_is_given() {
    // Nothing instantiates it.
    assert!(
        able(
            r#"(component (component
                (import "wasi:sockets/tcp@0.2.0" (instance (export "connect" (func))))))"#
        )
        .is_empty()
    );
    // It gets its sockets from another component, which has none to give.
    assert!(
        able(
            r#"(component
                (component $sockets
                    (core module $m (func (export "f")))
                    (core instance $i (instantiate $m))
                    (func (export "connect") (canon lift (core func $i "f"))))
                (instance $none (instantiate $sockets))
                (component $user
                    (import "wasi:sockets/tcp@0.2.0" (instance (export "connect" (func)))))
                (instance (instantiate $user (with "wasi:sockets/tcp@0.2.0" (instance $none)))))"#
        )
        .is_empty()
    );
    // A core module within a component has what the component hands it.
    assert!(
        able(r#"(component (core module (import "wasi_snapshot_preview1" "sock_send" (func))))"#)
            .is_empty()
    );
}

#[test]
fn an_interface_with_types_alone_gives_nothing() {
    let resource = r#"(instance (export "tcp-socket" (type (sub resource))))"#;
    for interface in ["wasi:sockets/tcp@0.2.0", "acme:sockets/tcp@7.0.0", "sockets"] {
        assert!(able(&format!(r#"(component (import "{interface}" {resource}))"#)).is_empty());
    }
    assert!(able(r#"(component (import "t" (type (sub resource))))"#).is_empty());
}

#[test]
fn nothing_is_proven_of_what_imports_the_unknown() {
    for import in [
        // Sockets by another name.
        r#""sockets" (instance (export "connect" (func)))"#,
        r#""acme:sockets/tcp@0.2.0" (instance (export "connect" (func)))"#,
        r#""connect" (func)"#,
        // An interface that WASI may have one day, or had.
        r#""wasi:io/connections@0.2.0" (instance (export "connect" (func)))"#,
        r#""wasi:io/poll@0.4.0" (instance (export "poll" (func)))"#,
        r#""wasi:io/poll@1.2.0" (instance (export "poll" (func)))"#,
        r#""wasi:io/poll@0.2.0-rc-2023-11-10" (instance (export "poll" (func)))"#,
        r#""wasi:io/poll" (instance (export "poll" (func)))"#,
        // The contract's own package, with what it does not have.
        r#""taskrunner:plugin/shell@0.1.0" (instance (export "run" (func)))"#,
        r#""taskrunner:plugin/log@0.2.0" (instance (export "log" (func)))"#,
        // A known name for something else.
        r#""wasi:io/poll@0.2.0" (func)"#,
        r#""wasi:io/poll@0.2.0" (component)"#,
        r#""wasi:io/poll@0.2.0" (instance (export "inner" (instance (export "f" (func)))))"#,
        r#""wasi:io/poll@0.2.0" (instance (export "code" (core module)))"#,
        // Code that the host is to bring along.
        r#""code" (core module)"#,
        r#""unlocked-dep=<acme:tool@{>=1.0.0}>" (component)"#,
        r#""locked-dep=<acme:tool@1.0.0>" (component)"#,
        r#""url=<https://example.com/x.wasm>" (component)"#,
    ] {
        let wat = format!("(component (import {import}))");
        let Ok(facts) = facts(&bytes(&wat)) else {
            panic!("not valid, so that it tests nothing: {wat}");
        };
        let verdict = Verdict::of(&facts);
        assert_eq!(verdict.unknown().len(), 1, "{wat}");
        assert_eq!(able(&wat), ALL, "{wat}");
    }
}

#[test]
fn a_core_module_is_judged_function_by_function() {
    for preview in ["wasi_snapshot_preview1", "wasi_unstable"] {
        for (function, abilities) in [
            ("fd_write", [].as_slice()),
            ("proc_exit", &[]),
            ("fd_prestat_get", &[]),
            ("sock_send", &["network"]),
            ("sock_accept", &["network"]),
            ("path_open", &["files"]),
            ("fd_readdir", &["files"]),
            ("environ_get", &["environment"]),
            ("fd_read", &["stdin"]),
            ("clock_time_get", &["clocks"]),
            ("poll_oneoff", &["stdin", "clocks"]),
            ("random_get", &["random"]),
        ] {
            assert_eq!(able(&module(&[(preview, function)])), abilities, "{function}");
        }
    }
    let verdict = Verdict::of(&known(&module(&[
        ("wasi_snapshot_preview1", "sock_send"),
        ("wasi_snapshot_preview1", "fd_write"),
        ("wasi_snapshot_preview1", "sock_recv"),
    ])));
    assert_eq!(
        verdict.imports_for(Ability::Network),
        ["wasi_snapshot_preview1.sock_send", "wasi_snapshot_preview1.sock_recv"]
    );
}

#[test]
fn nothing_is_proven_of_a_core_module_that_imports_the_unknown() {
    for import in [
        r#""env" "foo" (func)"#,
        r#""wasi_snapshot_preview1" "sock_open" (func)"#,
        r#""wasi_snapshot_preview2" "fd_write" (func)"#,
        r#""wasi_snapshot_preview1" "fd_write" (global i32)"#,
        r#""env" "memory" (memory 1)"#,
        r#""" "" (func)"#,
    ] {
        assert_eq!(able(&format!("(module (import {import}))")), ALL, "{import}");
    }
}

#[test]
fn reasons_are_short_and_fit_for_a_terminal() {
    let reason = |wat: &str| Verdict::of(&known(wat)).reason(Ability::Random);
    assert_eq!(reason("(module)"), None);
    let long = "x".repeat(5000);
    let wat = module(&[("a\\1b[2J\\0a", "b"), ("c", &long), ("d", "e"), ("f", "g"), ("h", "i")]);
    let reason = reason(&wat).expect("nothing is proven");
    assert!(reason.starts_with(r"imports `a\u{1b}[2J\n.b`, `c.xxx"), "{reason}");
    assert!(reason.ends_with("x…`, `d.e`, `f.g` and 1 more"), "{reason}");
    assert!(reason.len() < 300);
}
