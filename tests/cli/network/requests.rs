//! What a component writes into a request: how long it may be, and that it is no second request.

use super::servers::Forbidden;
use crate::harness::{Project, guests};

/// A component that makes requests whose parts are 10 MB long, and one each that are as long as they may be. It
/// succeeds if just the latter are taken.
const LONG_PARTS: &str = r#"(component
    (import "wasi:http/types@0.2.0" (instance $types
        (export "fields" (type $fields (sub resource)))
        (export "outgoing-request" (type $request (sub resource)))
        (type $methods (variant (case "get") (case "head") (case "post") (case "put") (case "delete")
            (case "connect") (case "options") (case "trace") (case "patch") (case "other" string)))
        (export "method" (type $method (eq $methods)))
        (export "[constructor]fields" (func (result (own $fields))))
        (export "[constructor]outgoing-request"
            (func (param "headers" (own $fields)) (result (own $request))))
        (export "[method]outgoing-request.set-method"
            (func (param "self" (borrow $request)) (param "method" $method) (result (result))))
        (export "[method]outgoing-request.set-authority"
            (func (param "self" (borrow $request)) (param "authority" (option string)) (result (result))))
        (export "[method]outgoing-request.set-path-with-query"
            (func (param "self" (borrow $request)) (param "path-with-query" (option string))
                (result (result))))))
    (alias export $types "[constructor]fields" (func $fields))
    (alias export $types "[constructor]outgoing-request" (func $request))
    (alias export $types "[method]outgoing-request.set-method" (func $method))
    (alias export $types "[method]outgoing-request.set-authority" (func $authority))
    (alias export $types "[method]outgoing-request.set-path-with-query" (func $path))
    (core module $memory (memory (export "memory") 200))
    (core instance $m (instantiate $memory))
    (core func $fields' (canon lower (func $fields)))
    (core func $request' (canon lower (func $request)))
    (core func $method' (canon lower (func $method) (memory (core memory $m "memory"))))
    (core func $authority' (canon lower (func $authority) (memory (core memory $m "memory"))))
    (core func $path' (canon lower (func $path) (memory (core memory $m "memory"))))
    (core module $main
        (import "t" "fields" (func $fields (result i32)))
        (import "t" "request" (func $request (param i32) (result i32)))
        (import "t" "method" (func $method (param i32 i32 i32 i32) (result i32)))
        (import "t" "authority" (func $authority (param i32 i32 i32 i32) (result i32)))
        (import "t" "path" (func $path (param i32 i32 i32 i32) (result i32)))
        (import "m" "memory" (memory 0))
        (func (export "run") (result i32)
            (local $i i32) (local $r i32) (local $wrong i32)
            (memory.fill (i32.const 0) (i32.const 65) (i32.const 10000000))
            (i32.store8 (i32.const 10000000) (i32.const 47))
            (memory.fill (i32.const 10000001) (i32.const 65) (i32.const 2000000))
            (loop $again
                (local.set $r (call $request (call $fields)))
                (local.set $wrong (i32.or (local.get $wrong) (i32.or (i32.or
                    (i32.ne (call $method (local.get $r) (i32.const 9) (i32.const 0) (i32.const 10000000)) (i32.const 1))
                    (i32.ne (call $authority (local.get $r) (i32.const 1) (i32.const 0) (i32.const 10000000)) (i32.const 1)))
                    (i32.ne (call $path (local.get $r) (i32.const 1) (i32.const 10000000) (i32.const 2000000)) (i32.const 1)))))
                (local.set $wrong (i32.or (local.get $wrong) (i32.or (i32.or
                    (call $method (local.get $r) (i32.const 9) (i32.const 0) (i32.const 256))
                    (call $authority (local.get $r) (i32.const 1) (i32.const 0) (i32.const 1024)))
                    (call $path (local.get $r) (i32.const 1) (i32.const 10000000) (i32.const 32768)))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 500))))
            (local.get $wrong)))
    (core instance $i (instantiate $main
        (with "t" (instance (export "fields" (func $fields')) (export "request" (func $request'))
            (export "method" (func $method')) (export "authority" (func $authority'))
            (export "path" (func $path'))))
        (with "m" (instance $m))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))"#;

#[test]
fn the_parts_of_requests_that_the_host_keeps_have_a_length() {
    let bytes = wat::parse_str(LONG_PARTS).expect("a component");
    let project = Project::new().file(".taskrunner/plugins/parts.wasm", bytes);
    project.call(["parts", "--memory-limit=64MiB"]).succeeds().in_memory(200_000_000);
}

/// A component that appends a field to new fields, each of these, and succeeds if all are refused.
fn appending(fields: &[(&str, &str)]) -> String {
    let (mut data, mut calls) = (String::new(), String::new());
    for (name, value) in fields {
        let [name, value] = [name, value].map(|text| {
            let at = data.len() / 3;
            data.extend(text.bytes().map(|byte| format!("\\{byte:02x}")));
            format!("(i32.const {at}) (i32.const {})", text.len())
        });
        calls += &format!(
            "(call $append (call $fields) {name} {value} (i32.const 32768))
            (local.set $taken (i32.or (local.get $taken) (i32.eqz (i32.load8_u (i32.const 32768)))))"
        );
    }
    format!(
        r#"(component
    (import "wasi:http/types@0.2.0" (instance $types
        (export "fields" (type $fields (sub resource)))
        (type $errors (variant (case "invalid-syntax") (case "forbidden") (case "immutable")))
        (export "header-error" (type $error (eq $errors)))
        (export "[constructor]fields" (func (result (own $fields))))
        (export "[method]fields.append" (func (param "self" (borrow $fields)) (param "name" string)
            (param "value" (list u8)) (result (result (error $error)))))))
    (alias export $types "[constructor]fields" (func $fields))
    (alias export $types "[method]fields.append" (func $append))
    (core module $memory (memory (export "memory") 1) (data (i32.const 0) "{data}"))
    (core instance $m (instantiate $memory))
    (core func $fields' (canon lower (func $fields)))
    (core func $append' (canon lower (func $append) (memory (core memory $m "memory"))))
    (core module $main
        (import "t" "fields" (func $fields (result i32)))
        (import "t" "append" (func $append (param i32 i32 i32 i32 i32 i32)))
        (import "m" "memory" (memory 0))
        (func (export "run") (result i32) (local $taken i32) {calls} (local.get $taken)))
    (core instance $i (instantiate $main
        (with "t" (instance (export "fields" (func $fields')) (export "append" (func $append'))))
        (with "m" (instance $m))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    )
}

#[test]
fn no_field_is_a_second_request() {
    let append = |fields: &[(&str, &str)]| {
        let bytes = wat::parse_str(appending(fields)).expect("a component");
        Project::new().file(".taskrunner/plugins/append.wasm", bytes)
    };
    append(&[
        ("a", "b\r\n\r\nGET / HTTP/1.1"),
        ("a", "b\nc: d"),
        ("a", "b\r"),
        ("a", "b\0c"),
        ("a", "b\r\n c"),
    ])
    .call(["append"])
    .succeeds();
    append(&[
        ("a\r\nb", "c"),
        ("a b", "c"),
        ("a:", "c"),
        ("", "c"),
        (" a", "c"),
        ("a\0", "c"),
        ("a\t", "c"),
    ])
    .call(["append"])
    .succeeds();
    append(&[
        ("transfer-encoding", "chunked"),
        ("Transfer-Encoding", "identity"),
        ("TRANSFER-ENCODING", "x"),
        ("connection", "upgrade"),
        ("upgrade", "h2c"),
        ("http2-settings", "x"),
        ("proxy-connection", "keep-alive"),
        ("keep-alive", "1"),
        ("Host", "other.example"),
    ])
    .call(["append"])
    .succeeds();
    append(&[("accept", "*/*")]).call(["append"]).exits(1);
}

#[test]
fn no_method_path_or_authority_is_a_second_request() {
    let server = Forbidden::new();
    let (port, project) = (server.port(), Project::new().guest(guests::FETCH));
    let url = format!("http://localhost:{port}/");
    for (url, method, said) in [
        (url.clone(), "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET", "no method"),
        (url.clone(), "GET ", "no method"),
        (url.clone(), "G\nET", "no method"),
        (format!("{url}a HTTP/1.1\r\nx: y\r\n\r\n"), "GET", "no path"),
        (format!("{url}a b"), "GET", "no path"),
        (format!("{url}a\nb"), "GET", "no path"),
        (format!("http://localhost:{port}\r\nx: y/"), "GET", "no authority"),
        (format!("http://localhost :{port}/"), "GET", "no authority"),
    ] {
        let arguments = ["fetch", "--allow-http=localhost:*", "--method", method, "--", &url];
        let printed = project.call(arguments).succeeds().stdout();
        assert!(printed.ends_with(&format!("error: {said}\n")), "{printed}");
    }
    server.nobody_came();
}
