//! The JSON Schemas by which editors complete files: what they know is what the program knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::harness::{Project, guests};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema(name: &str) -> Value {
    let path = repository().join(format!("schemas/{name}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).expect("it is JSON")
}

fn validator(name: &str) -> Validator {
    let schema = schema(name);
    jsonschema::meta::validate(&schema).expect("it is a schema");
    jsonschema::draft202012::new(&schema).expect("a schema")
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every file below a directory, but for what tools have fetched and built.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let fetched = ["node_modules", "target", "build", "vendor"];
        match entry.path() {
            path if fetched.iter().any(|name| path.ends_with(name)) => {}
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

/// The files of these names in the repository's templates and fixtures.
fn files_called(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["runner/templates", "tests/fixtures/polyglot", "tests/fixtures/programs"] {
        files(&repository().join(directory), &mut found);
    }
    found.retain(|path| path.file_name().is_some_and(|found| found == name));
    found
}

#[test]
fn the_repositorys_own_files_fit() {
    for (schema, file, least) in [("cases", "cases.yaml", 1), ("plugin", "plugin.yaml", 10)] {
        let validator = validator(schema);
        let files = files_called(file);
        assert!(files.len() >= least, "{files:?}");
        for path in files {
            let text = fs::read_to_string(&path).expect("it is there").replace("{{name}}", "greet");
            let errors: Vec<String> =
                validator.iter_errors(&yaml(&text)).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        }
    }
}

/// The YAML in a document that says which schema it follows.
fn examples(document: &str) -> Vec<(String, String)> {
    let blocks = document.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.strip_prefix("yaml\n"));
    let with_schema = blocks.filter_map(|block| {
        let first = block.lines().next()?;
        let (_, path) = first.split_once("$schema=")?;
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        Some((name.strip_suffix(".schema.json")?.to_owned(), block.to_owned()))
    });
    with_schema.collect()
}

#[test]
fn the_examples_of_the_documents_fit() {
    let mut found = Vec::new();
    files(&repository().join("docs"), &mut found);
    let mut seen = BTreeSet::new();
    for path in found {
        for (name, example) in examples(&fs::read_to_string(&path).unwrap_or_default()) {
            let problem = validator(&name).validate(&yaml(&example)).err().map(|e| e.to_string());
            assert_eq!(problem, None, "{}: {example}", path.display());
            seen.insert(name);
        }
    }
    assert_eq!(seen, BTreeSet::from(["cases", "manifest", "plugin"].map(ToOwned::to_owned)));
}

/// A program that could use all that a manifest can request.
const PROGRAM: &str = r#"(component
    (import "wasi:filesystem/types@0.2.0" (instance (export "f" (func))))
    (import "wasi:cli/environment@0.2.0" (instance (export "f" (func))))
    (import "wasi:sockets/tcp@0.2.0" (instance (export "f" (func))))
    (import "wasi:http/types@0.2.0" (instance (export "f" (func))))
    (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#;

/// Has the program read such a file, which it takes or refuses; what it says.
#[track_caller]
fn said(name: &str, text: &str, takes: bool) -> String {
    let project = Project::new().file("plugin.wasm", guests::HELLO.bytes);
    let project = project.file("show.wasm", wat::parse_str(PROGRAM).expect("a component"));
    let (file, call, codes, taken): (_, &[&str], _, _) = match name {
        "cases" => {
            let call = &["plugin", "test", "plugin.wasm", "--filter=no such case"];
            ("cases.yaml", call, [2, 2], "no case's name holds")
        }
        "manifest" => ("show.yaml", &["plugin", "check", "show.wasm"], [0, 1], "; command "),
        _ => ("plugin.yaml", &["plugin", "build"], [1, 2], "not found: no-such-tool"),
    };
    let project = project.file(file, text);
    let ended = project.call(call).exits(codes[usize::from(!takes)]);
    let said = ended.stdout() + &ended.stderr();
    assert_eq!(said.contains(taken) && !said.contains("error: "), takes, "{name}: {text}: {said}");
    said
}

/// A file that uses all that its schema knows.
fn whole(name: &str) -> String {
    let path = repository().join(format!("tests/fixtures/schemas/{name}.yaml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all properties in a schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                if let (true, Some(properties)) = (key == "properties", value.as_object()) {
                    names.extend(properties.keys().cloned());
                }
                properties(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

fn keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            names.extend(object.keys().cloned());
            object.values().for_each(|value| keys(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, names)),
        _ => {}
    }
}

#[test]
fn the_program_takes_all_that_a_schema_knows() {
    for name in ["cases", "manifest", "plugin"] {
        let text = whole(name);
        let problem = validator(name).validate(&yaml(&text)).err().map(|error| error.to_string());
        assert_eq!(problem, None, "{name}");
        said(name, &text, true);
        let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
        properties(&schema(name), &mut known);
        keys(&yaml(&text), &mut used);
        let unused: Vec<_> = known.difference(&used).collect();
        assert!(unused.is_empty(), "tests/fixtures/schemas/{name}.yaml lacks {unused:?}");
    }
}

#[test]
fn a_schema_knows_all_that_the_program_takes() {
    for (name, text) in [
        ("cases", "cases: [{name: a, zzz: 1}]"),
        ("cases", "cases: [{name: a, allow: {zzz: 1}}]"),
        ("cases", "cases: [{name: a, expect: {zzz: 1}}]"),
        ("cases", "cases: [{name: a, expect: {stdout: {zzz: 1}}}]"),
        ("cases", "cases: [{name: a, files: {a: {zzz: 1}}}]"),
        ("manifest", "{summary: a, zzz: 1}"),
        ("manifest", "{summary: a, arguments: [{name: a, zzz: 1}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, option: {type: text, zzz: 1}}]}"),
        ("manifest", "{summary: a, requests: [{reason: a, zzz: 1}]}"),
        ("plugin", "{output: a.wasm, build: [[a]], zzz: 1}"),
    ] {
        let said = said(name, text, false);
        let (_, expected) = said.split_once("expected one of ").expect("a list of names");
        let mut known = BTreeSet::new();
        properties(&schema(name), &mut known);
        let quoted = expected.split('`').skip(1).step_by(2);
        let taken: Vec<&str> = quoted.take_while(|word| word.len() < 30).collect();
        assert!(taken.len() >= 3, "{said}");
        for word in taken.iter().filter(|word| !word.is_empty()) {
            assert!(known.contains(*word), "{name}: `{word}` is not in the schema: {said}");
        }
    }
}

#[test]
fn what_is_wrong_is_wrong_for_both() {
    for (name, text) in [
        ("cases", "{}"),
        ("cases", "cases: []"),
        ("cases", "cases: [{name: '  '}]"),
        ("cases", "cases: [{name: a, files: {../x: a}}]"),
        ("cases", "cases: [{name: a, files: {a/../x: a}}]"),
        ("cases", "cases: [{name: a, files: {/x: a}}]"),
        ("cases", "cases: [{name: a, allow: {read: [..]}}]"),
        ("cases", "cases: [{name: a, stdin: {link: x}}]"),
        ("cases", "cases: [{name: a, stdin: {text: x, base64: x}}]"),
        ("cases", "cases: [{name: a, expect: {exit-code: 256}}]"),
        ("cases", "cases: [{name: a, expect: {exit-code: []}}]"),
        ("cases", "cases: [{name: a, expect: {stdout: {}}}]"),
        ("cases", "cases: [{name: a, timeout: 5}]"),
        ("manifest", "{}"),
        ("manifest", "{summary: ''}"),
        ("manifest", "{summary: a, name: A}"),
        ("manifest", "{summary: a, version: one}"),
        ("manifest", "{summary: a, arguments: [{name: a}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, flag: false}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, flag: true, option: {type: text}}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, option: {type: choice}}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, option: {type: text, min: 1}}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, option: {type: path, kind: file}}]}"),
        ("manifest", "{summary: a, arguments: [{name: a, short: x, positional: {type: text}}]}"),
        ("manifest", "{summary: a, requests: [{reason: a}]}"),
        ("manifest", "{summary: a, requests: [{reason: a, read: a, write: a}]}"),
        ("plugin", "{build: [[a]]}"),
        ("plugin", "{output: a.wasm}"),
        ("plugin", "{output: a.wasm, build: []}"),
        ("plugin", "{output: a.wasm, build: [[]]}"),
        ("plugin", "{output: a, build: [[a]]}"),
        ("plugin", "{output: ../a.wasm, build: [[a]]}"),
        ("plugin", "{output: a.wasm, build: [[a]], environment: {PATH: x}}"),
    ] {
        assert!(!validator(name).is_valid(&yaml(text)), "{name}.schema.json takes {text}");
        said(name, text, false);
    }
}
