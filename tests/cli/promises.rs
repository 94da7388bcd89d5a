//! The documents that promise something name the tests that hold it, and these tests are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents, and how many tests each names at least: a table that could not be read names none.
const DOCUMENTS: [(&str, usize); 2] = [("SECURITY.md", 100), ("docs/attacks.md", 100)];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tests that a document names, as `FILE: NAME`.
fn named(document: &str) -> BTreeSet<(String, String)> {
    let is_test = |(file, name): &(&str, &str)| {
        let is_source = file.ends_with(".rs") && file.contains('/');
        is_source && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    // What stands between backticks is every second piece.
    let code = document.split('`').skip(1).step_by(2);
    let tests = code.filter_map(|code| code.split_once(": ")).filter(is_test);
    tests.map(|(file, name)| (file.to_owned(), name.to_owned())).collect()
}

/// Whether a source has a test of this name that is run.
fn has_test(file: &str, source: &str, name: &str) -> bool {
    let function = format!("fn {name}()");
    if file.starts_with("tests/walls/") {
        // These have a list instead of an attribute.
        return source.contains(&function)
            && read("tests/walls/attempts.rs").contains(&format!("\"{name}\","));
    }
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(number, line)| {
        let attributes =
            lines[..number].iter().rev().take_while(|line| line.starts_with(['#', '/']));
        line.starts_with(&function) && attributes.clone().any(|line| *line == "#[test]")
    })
}

#[test]
fn each_has_tests_that_are_there() {
    let mut missing = Vec::new();
    for (document, least) in DOCUMENTS {
        let tests = named(&read(document));
        assert!(tests.len() >= least, "{document} names only {} tests", tests.len());
        for (file, name) in tests {
            let source = fs::read_to_string(repository().join(&file)).unwrap_or_default();
            if !has_test(&file, &source, &name) {
                missing.push(format!("{document}: `{file}: {name}`"));
            }
        }
    }
    assert!(missing.is_empty(), "there are no such tests:\n{}", missing.join("\n"));
}

/// Every row of a promise names a test.
#[test]
fn no_promise_is_without_one() {
    let text = read("SECURITY.md");
    let tables = text.split("| promise | tests |\n").skip(1);
    let rows =
        tables.flat_map(|table| table.lines().skip(1).take_while(|line| line.starts_with('|')));
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() >= 30, "{} promises", rows.len());
    for row in rows {
        assert!(!named(row).is_empty(), "{row}");
    }
}
