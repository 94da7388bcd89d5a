//! Test cases: which pass, and what is not as it is expected.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::{JSON_VERSION, MAX_MESSAGE, Report, human_time};
use crate::cli::Format;
use crate::project::testing::{Mismatch, Problem, Tested};
use crate::text::{plain_within, visible_line};

/// The most bytes of a text that are shown, or compared line by line.
const MAX_TEXT: usize = 64 * 1024;

/// The most lines that are shown of a text or a difference.
const MAX_LINES: usize = 60;

/// How long is spent on finding the shortest difference.
const DIFF_TIME: Duration = Duration::from_millis(500);

impl Report {
    /// Shows how a case ended, as soon as it has.
    pub(crate) fn tested(&self, tested: &Tested<'_>) -> io::Result<()> {
        if self.format == Format::Json {
            return Ok(());
        }
        let (word, style) = match tested.passed() {
            true => ("ok", "32"),
            false => ("FAILED", "31"),
        };
        let word = match self.console.streams.color_stdout {
            true => format!("\u{1b}[{style}m{word}\u{1b}[0m"),
            false => word.to_owned(),
        };
        let (name, time) =
            (plain_within(&tested.case.name, MAX_MESSAGE), human_time(tested.elapsed));
        let mut text = format!("{word} {name} ({time})\n");
        for mismatch in &tested.mismatches {
            text.push_str(&shown(mismatch));
        }
        let said = tested.ended.stderr.bytes.as_slice();
        let is_shown = |mismatch: &Mismatch| mismatch.what == "standard error";
        if !tested.passed() && !said.is_empty() && !tested.mismatches.iter().any(is_shown) {
            let _ = write!(text, "  standard error was:\n{}", block(said));
        }
        self.console.out_lines(&text)
    }

    /// Shows how many cases have passed; for programs, all of them.
    pub(crate) fn tests(&self, tested: &[Tested<'_>]) -> io::Result<()> {
        let passed = tested.iter().filter(|tested| tested.passed()).count();
        let failed = tested.len() - passed;
        match self.format {
            Format::Human => self.console.out(&format!("{passed} passed, {failed} failed\n")),
            Format::Json => {
                let cases: Vec<Value> = tested.iter().map(json).collect();
                let value = json!({
                    "version": JSON_VERSION,
                    "passed": passed,
                    "failed": failed,
                    "cases": cases,
                });
                self.line(&crate::text::json(&value, true))
            }
        }
    }
}

fn json(tested: &Tested<'_>) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mismatches = tested.mismatches.iter().map(|mismatch| {
        let (expected, actual) = match &mismatch.problem {
            Problem::Differs { expected, actual } => (text(expected).into(), text(actual).into()),
            Problem::ExitCode { expected, actual } => (json!(expected.codes()), json!(actual)),
            Problem::Lines { expected, actual } => (json!(expected), json!(actual)),
            Problem::Lacks { part, actual } => (json!(part), text(actual).into()),
            Problem::NoMatch { pattern, actual } => (json!(pattern), text(actual).into()),
            _ => (Value::Null, Value::Null),
        };
        json!({
            "what": mismatch.what,
            "problem": summary(&mismatch.problem),
            "expected": expected,
            "actual": actual,
        })
    });
    json!({
        "name": tested.case.name,
        "passed": tested.passed(),
        "milliseconds": u64::try_from(tested.elapsed.as_millis()).unwrap_or(u64::MAX),
        "mismatches": mismatches.collect::<Vec<_>>(),
        "stderr": text(&tested.ended.stderr.bytes),
    })
}

/// A mismatch in one line.
fn summary(problem: &Problem) -> String {
    match problem {
        Problem::TimeLimit => "is not there: the case took longer than it may".to_owned(),
        Problem::TooMuch => "is longer than is looked at".to_owned(),
        Problem::ExitCode { expected, actual: Some(actual) } => {
            format!("is {actual}, expected {expected}")
        }
        Problem::ExitCode { expected, actual: None } => {
            format!("is not there, for a signal ended it; expected {expected}")
        }
        Problem::Differs { .. } => "differs".to_owned(),
        Problem::Lacks { part, .. } => format!("does not contain `{part}`"),
        Problem::NoMatch { pattern, .. } => format!("does not match `{pattern}`"),
        Problem::Lines { expected, actual } => {
            format!("has this many lines: {actual}, expected {expected}")
        }
        Problem::Unreadable(error) => format!("cannot be read: {error}"),
        Problem::IsThere => "is there".to_owned(),
    }
}

fn shown(mismatch: &Mismatch) -> String {
    let line = format!("{} {}", mismatch.what, summary(&mismatch.problem));
    let line = plain_within(&line, MAX_MESSAGE);
    let more = match &mismatch.problem {
        Problem::Differs { expected, actual } => difference(expected, actual),
        Problem::Lacks { actual, .. } | Problem::NoMatch { actual, .. } => {
            format!("  it was:\n{}", block(actual))
        }
        _ => String::new(),
    };
    format!("  {line}\n{more}")
}

/// A text, indented.
fn block(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT)]);
    bounded(text.lines().map(|line| format!("    {}", visible_line(line))))
}

/// What was expected and is not there (`-`), and the other way round (`+`).
fn difference(expected: &[u8], actual: &[u8]) -> String {
    let (Ok(expected), Ok(actual)) = (std::str::from_utf8(expected), std::str::from_utf8(actual))
    else {
        return binary_difference(expected, actual);
    };
    if expected.len().max(actual.len()) > MAX_TEXT {
        return binary_difference(expected.as_bytes(), actual.as_bytes());
    }
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(expected, actual);
    let groups = diff.grouped_ops(2);
    let changes = groups.iter().flatten().flat_map(|operation| diff.iter_changes(operation));
    let lines = changes.map(|change| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let text = change.value();
        let (text, end) = match text.strip_suffix('\n') {
            Some(line) => (line, ""),
            None => (text, " (without a line feed at its end)"),
        };
        format!("    {sign}{}{end}", visible_line(text))
    });
    format!("    (- expected, + actual)\n{}", bounded(lines))
}

fn binary_difference(expected: &[u8], actual: &[u8]) -> String {
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let (expected, actual) = (expected.len(), actual.len());
    format!("    {expected} bytes expected, {actual} there; the first {same} are the same\n")
}

fn bounded(mut lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for line in lines.by_ref().take(MAX_LINES) {
        let line: String = line.chars().take(1000).collect();
        let _ = writeln!(text, "{line}");
    }
    match lines.count() {
        0 => text,
        more => text + &format!("    … and {more} more lines\n"),
    }
}
