//! What came of a case against what is expected of it.

use std::io::{self, Read};
use std::path::Path;

use super::super::cases::{Case, CasePath, ExitCodes, Expected};
use super::{Ended, Output};

/// The most bytes of a file that are compared.
const MAX_FILE: u64 = 16 << 20;

/// Something that is not as it is expected.
#[derive(Debug)]
pub(crate) struct Mismatch {
    /// What it is: the exit code, an output, a file.
    pub(crate) what: String,
    pub(crate) problem: Problem,
}

/// How it differs.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It took longer than the case may.
    TimeLimit,
    /// There is more of it than is looked at.
    TooMuch,
    ExitCode {
        expected: ExitCodes,
        actual: Option<i32>,
    },
    Differs {
        expected: Vec<u8>,
        actual: Vec<u8>,
    },
    Lacks {
        part: String,
        actual: Vec<u8>,
    },
    NoMatch {
        pattern: String,
        actual: Vec<u8>,
    },
    Lines {
        expected: usize,
        actual: usize,
    },
    Unreadable(io::Error),
    IsThere,
}

pub(super) fn compare(case: &Case, ended: &Ended, workspace: &Path) -> Vec<Mismatch> {
    let expect = &case.expect;
    let mut mismatches = Vec::new();
    let mut add = |what: &str, problems: Vec<Problem>| {
        let named = |problem| Mismatch { what: what.to_owned(), problem };
        mismatches.extend(problems.into_iter().map(named));
    };
    add("the exit code", exit_code(&expect.exit_code, ended));
    if ended.status.is_some() {
        let outputs = [
            ("standard output", &expect.stdout, &ended.stdout),
            ("standard error", &expect.stderr, &ended.stderr),
        ];
        for (what, expected, output) in outputs {
            add(what, expected.as_ref().map_or_else(Vec::new, |it| of_output(it, output)));
        }
        for (path, expected) in &expect.files {
            add(&format!("the file {path}"), of_file(expected.as_ref(), path, workspace));
        }
    }
    mismatches
}

fn exit_code(expected: &ExitCodes, ended: &Ended) -> Vec<Problem> {
    match ended.status.map(|status| status.code()) {
        None => vec![Problem::TimeLimit],
        Some(Some(code)) if expected.contain(code) => Vec::new(),
        Some(actual) => vec![Problem::ExitCode { expected: expected.clone(), actual }],
    }
}

fn of_output(expected: &Expected, output: &Output) -> Vec<Problem> {
    match output.is_cut {
        true => vec![Problem::TooMuch],
        false => expected.problems(&output.bytes),
    }
}

fn of_file(expected: Option<&Expected>, path: &CasePath, workspace: &Path) -> Vec<Problem> {
    let path = path.below(workspace);
    match expected {
        None if path.symlink_metadata().is_ok() => vec![Problem::IsThere],
        None => Vec::new(),
        Some(expected) => match read(&path) {
            Ok(output) => of_output(expected, &output),
            Err(error) => vec![Problem::Unreadable(error)],
        },
    }
}

/// Reads a file that a guest may have written, which is no reason to wait for anything.
fn read(path: &Path) -> io::Result<Output> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(Output { is_cut: bytes.len() as u64 > MAX_FILE, bytes })
}

impl Expected {
    /// What of it does not hold.
    fn problems(&self, actual: &[u8]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let text = String::from_utf8_lossy(actual);
        if let Some(expected) = self.exact.as_ref().filter(|expected| *expected != actual) {
            let (expected, actual) = (expected.clone(), actual.to_vec());
            problems.push(Problem::Differs { expected, actual });
        }
        for part in self.contains.iter().filter(|part| !text.contains(part.as_str())) {
            problems.push(Problem::Lacks { part: part.clone(), actual: actual.to_vec() });
        }
        if let Some(pattern) = self.matches.as_ref().filter(|pattern| !pattern.is_match(&text)) {
            let pattern = pattern.as_str().to_owned();
            problems.push(Problem::NoMatch { pattern, actual: actual.to_vec() });
        }
        let lines = text.lines().count();
        if let Some(expected) = self.lines.filter(|expected| *expected != lines) {
            problems.push(Problem::Lines { expected, actual: lines });
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(expected: &str, actual: &[u8]) -> usize {
        let expected: Expected = serde_json::from_str(expected).expect("an expectation");
        expected.problems(actual).len()
    }

    #[test]
    fn every_part_of_an_expectation_must_hold() {
        assert_eq!(problems(r#""a\n""#, b"a\n"), 0);
        assert_eq!(problems(r#""a\n""#, b"a"), 1);
        let several = r#"{"contains": ["a", "b"], "matches": "^a.c$", "lines": 1}"#;
        assert_eq!(problems(several, b"abc\n"), 1, "the pattern wants the end");
        assert_eq!(problems(several, b"abc"), 0);
        assert_eq!(problems(several, b"x\ny\n"), 4);
        assert_eq!(problems(r#"{"base64": "/wA="}"#, b"\xff\0"), 0);
        assert_eq!(problems(r#"{"base64": "/wA="}"#, b"\xff"), 1);
    }
}
