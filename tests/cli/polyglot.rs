//! The command `count` does the same in every language: one table of cases, run on each.

use std::path::Path;

use crate::harness::Project;

/// Where the projects are, the table, and the bytes that were built.
const POLYGLOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/polyglot");

/// Runs the table on a language's prebuilt bytes.
fn passes(language: &str) {
    let plugin = format!("{POLYGLOT}/prebuilt/{language}.wasm");
    assert!(Path::new(&plugin).is_file(), "{plugin} is not there: build it, or say why not");
    let cases = format!("{POLYGLOT}/cases.yaml");
    Project::new().call(["plugin", "test", "--cases", &cases, &plugin]).patiently().succeeds();
}

macro_rules! languages {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                passes(stringify!($name));
            }
        )*

        const PREBUILT: &[&str] = &[$(stringify!($name)),*];
    };
}

languages! {
    assemblyscript,
    c,
    cpp,
    go,
    javascript,
    kotlin,
    nim,
    rust,
    typescript,
    zig,
}

/// Its bytes are too many to be kept; they are built where its tools are.
#[test]
#[ignore = "python's bytes are built first: see its plugin.yaml"]
fn python() {
    let directory = format!("{POLYGLOT}/python");
    Project::new()
        .call(["plugin", "test", "-C", &directory, "--cases", "../cases.yaml"])
        .patiently()
        .succeeds();
}

#[test]
fn every_language_is_here() {
    let entries = std::fs::read_dir(POLYGLOT).expect("the projects").flatten();
    let directories = entries.filter(|entry| entry.path().is_dir());
    let names = directories.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut there: Vec<String> = names.filter(|name| name != "prebuilt").collect();
    there.retain(|name| name != "python");
    there.sort();
    assert_eq!(there, PREBUILT);
}
