//! The least policy that recorded runs need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::lines::Line;
use super::{Tried, Verdict};
use crate::permission::{AccessResult, Kind, Operation};
use crate::plugin::Name;
use crate::text::visible_line;

/// For one command: what its runs needed, and what they had and did not use.
#[derive(Debug, Default)]
pub(crate) struct Suggestion {
    /// Whether, of each target, the whole is needed: of a directory, everything below it.
    needed: BTreeMap<Kind, BTreeMap<String, bool>>,
    /// What was refused, and so is not among what was needed.
    pub(crate) denied: BTreeSet<(Operation, String)>,
    /// What the rules allowed and the system refused: no grant made a difference.
    pub(crate) failed: BTreeSet<(Operation, String, AccessResult)>,
    had: BTreeSet<Grant>,
    used: BTreeSet<Grant>,
}

/// A receipt, as far as it matters here.
#[derive(Deserialize)]
struct Recorded {
    command: String,
    workspace: PathBuf,
    grants: Granted,
    used: Vec<Access>,
    #[serde(default)]
    failed: Vec<Access>,
    denied: Vec<Access>,
}

#[derive(Deserialize)]
struct Granted {
    granted: Vec<Grant>,
}

/// A grant, as the receipts have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Grant {
    pub(crate) kind: Kind,
    pub(crate) target: String,
    pub(crate) source: String,
}

#[derive(Deserialize)]
struct Access {
    operation: Operation,
    target: String,
    rule: String,
    #[serde(default)]
    result: AccessResult,
}

/// What the text of one file says: audits have a record on each line, a receipt is one record.
///
/// # Errors
///
/// In one line, what is wrong and where.
pub(crate) fn suggest(
    text: &str,
    suggestions: &mut BTreeMap<String, Suggestion>,
) -> Result<(), String> {
    if let Ok(receipt) = serde_json::from_str::<Recorded>(text) {
        check_command(&receipt.command)?;
        add_receipt(receipt, suggestions);
        return Ok(());
    }
    for (index, line) in text.lines().enumerate() {
        let line: Line<'_> = serde_json::from_str(line).map_err(|error| {
            format!("line {}: neither a receipt nor a line of an audit: {error}", index + 1)
        })?;
        check_command(&line.command).map_err(|problem| format!("line {}: {problem}", index + 1))?;
        let Tried { operation, target, decision, answer, .. } = line.decision.into_owned();
        let suggestion = suggestions.entry(line.command.into_owned()).or_default();
        let is_allowed = decision == Verdict::Allowed;
        suggestion.add(&line.workspace, operation, target, (is_allowed, answer.result));
    }
    Ok(())
}

/// What is made of a record is put into a configuration file: a record that was forged must not write
/// lines of its own there.
fn check_command(name: &str) -> Result<(), String> {
    Name::new(name).map(drop).map_err(|error| visible_line(&error.to_string()))
}

fn add_receipt(receipt: Recorded, suggestions: &mut BTreeMap<String, Suggestion>) {
    let Recorded { command, workspace, grants, used, failed, denied } = receipt;
    let suggestion = suggestions.entry(command).or_default();
    let effective = used.iter().chain(&failed).filter(|access| !access.result.is_refusal());
    let rules: BTreeSet<&str> = effective.map(|access| access.rule.as_str()).collect();
    for grant in grants.granted {
        // A rule's label ends in its source: `read src (taskrunner.yaml:3)`.
        let source = format!("({})", grant.source);
        let used = |rule: &&str| rule.starts_with(grant.kind.key()) && rule.ends_with(&source);
        if rules.iter().any(used) {
            suggestion.used.insert(grant.clone());
        }
        suggestion.had.insert(grant);
    }
    for (accesses, is_allowed) in [(used, true), (failed, true), (denied, false)] {
        for Access { operation, target, result, .. } in accesses {
            suggestion.add(&workspace, operation, target, (is_allowed, result));
        }
    }
}

impl Suggestion {
    fn add(
        &mut self,
        workspace: &Path,
        operation: Operation,
        target: String,
        (is_allowed, result): (bool, AccessResult),
    ) {
        let Some(kind) = operation.needs() else { return };
        let target = match kind {
            Kind::Read | Kind::Write => relative(workspace, &target),
            _ => target,
        };
        if is_allowed && result.is_refusal() {
            self.failed.insert((operation, target, result));
        } else if is_allowed {
            let whole = self.needed.entry(kind).or_default().entry(target).or_default();
            *whole |= operation == Operation::List;
        } else {
            self.denied.insert((operation, target));
        }
    }

    /// Grants that no recorded run used.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &Grant> {
        self.had.difference(&self.used)
    }

    /// What was needed, without what follows from the rest: a file that is also written need not be
    /// granted to be read, what is below a directory that was listed is granted with it, and a directory
    /// on the way to what is granted need not be granted itself.
    pub(crate) fn least(&self) -> BTreeMap<Kind, Vec<String>> {
        let empty = BTreeMap::new();
        let of = |kind| self.needed.get(&kind).unwrap_or(&empty);
        let mut least: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for (&kind, targets) in &self.needed {
            let follows = |target: &str, is_whole: bool| {
                let by_writing = kind == Kind::Read && of(Kind::Write).contains_key(target);
                let by_listing = targets
                    .iter()
                    .any(|(by, whole)| *whole && by != target && is_below(target, by));
                let is_passed = !is_whole
                    && targets.keys().any(|other| other != target && is_below(other, target));
                by_writing || by_listing || is_passed
            };
            let is_file = kind.access().is_some();
            let kept =
                targets.iter().filter(|(target, whole)| !is_file || !follows(target, **whole));
            least.insert(kind, kept.map(|(target, _)| target.clone()).collect());
        }
        least.retain(|_, targets| !targets.is_empty());
        least
    }
}

/// Whether a path is a directory's, or below it; both as a policy has them.
fn is_below(path: &str, directory: &str) -> bool {
    match directory {
        "." => !path.starts_with('/'),
        directory => Path::new(path).starts_with(directory),
    }
}

impl Operation {
    /// The kind of grant that allows it; none where none does.
    pub(crate) fn needs(self) -> Option<Kind> {
        match self {
            Self::Read | Self::List | Self::Stat => Some(Kind::Read),
            Self::Write | Self::Create | Self::Remove | Self::Rename => Some(Kind::Write),
            Self::Connect => Some(Kind::Connect),
            Self::Udp => Some(Kind::Udp),
            Self::Listen => None,
            Self::Resolve => Some(Kind::Resolve),
            Self::Http => Some(Kind::Http),
            Self::Environment => Some(Kind::Env),
        }
    }
}

/// A path as a policy has it: relative where it is in the workspace.
pub(crate) fn relative(workspace: &Path, target: &str) -> String {
    match Path::new(target).strip_prefix(workspace) {
        Ok(below) if below.as_os_str().is_empty() => ".".into(),
        Ok(below) => literal(&below.to_string_lossy()),
        Err(_) => literal(target),
    }
}

/// The pattern that means this one path: a guest chooses the names of what it makes and asks for, and
/// they must not turn into globs, or into the home directory, when somebody puts them into a policy.
pub(crate) fn literal(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    if path == "~" || path.starts_with("~/") {
        pattern.push_str("./");
    }
    let mut is_glob = false;
    for part in path.split_inclusive('/') {
        is_glob |= part.contains(['*', '?', '[', '{']);
        for c in part.chars() {
            if is_glob && matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | ',' | '!') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{FilePattern, Paths};

    fn line(operation: &str, target: &str, decision: &str) -> String {
        format!(
            r#"{{"version":1,"time":"t","command":"lint","digest":"d","workspace":"/ws","operation":"{operation}","target":"{target}","decision":"{decision}","rule":"r"}}"#
        )
    }

    #[test]
    fn the_least_policy_has_what_was_used_and_no_more() {
        let text = [
            line("read", "/ws/src/a.rs", "allowed"),
            line("read", "/ws/src", "allowed"),
            line("list", "/ws/docs", "allowed"),
            line("read", "/ws/docs/x.md", "allowed"),
            line("read", "/ws/out/log", "allowed"),
            line("create", "/ws/out/log", "allowed"),
            line("read", "/etc/passwd", "denied"),
            line("environment", "TOKEN", "allowed"),
        ]
        .join("\n");
        let mut suggestions = BTreeMap::new();
        suggest(&text, &mut suggestions).expect("an audit");
        let suggestion = &suggestions["lint"];
        let least = suggestion.least();
        assert_eq!(least[&Kind::Read], ["docs", "src/a.rs"]);
        assert_eq!(least[&Kind::Write], ["out/log"]);
        assert_eq!(least[&Kind::Env], ["TOKEN"]);
        assert_eq!(suggestion.denied.len(), 1);
    }

    #[test]
    fn what_the_system_refused_is_no_need() {
        let with = |text: String, result: &str| {
            text.replace(r#""rule":"r""#, &format!(r#""rule":"r","result":"{result}""#))
        };
        let text = [
            with(line("read", "/ws/a", "allowed"), "not-found"),
            with(line("create", "/ws/out", "allowed"), "access-denied"),
            with(line("read", "/ws/b", "allowed"), "ok"),
        ]
        .join("\n");
        let mut suggestions = BTreeMap::new();
        suggest(&text, &mut suggestions).expect("an audit");
        let suggestion = &suggestions["lint"];
        // That something is not there is an answer, too, which it takes the grant to get.
        assert_eq!(suggestion.least()[&Kind::Read], ["a", "b"]);
        assert!(!suggestion.least().contains_key(&Kind::Write));
        let failed = (Operation::Create, "out".to_owned(), AccessResult::AccessDenied);
        assert_eq!(suggestion.failed.iter().collect::<Vec<_>>(), [&failed]);
    }

    #[test]
    fn no_name_of_a_file_means_more_than_that_file() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        std::fs::create_dir(root.join("home")).expect("a directory");
        let paths = Paths::new(&root, &root, Some(&root.join("home"))).expect("all are there");
        for name in ["~/.bashrc", "~", "*", "a/**/b", "[a-z]", "{a,b}", "a*\\b/c\\d}", "a\\b", "?!"]
        {
            let path = root.join(name);
            let text = relative(&root, &path.display().to_string());
            let pattern = FilePattern::parse(&text, &root, &paths).expect("a pattern");
            assert!(pattern.covers(&path), "{name}: {text}");
            for other in ["home/.bashrc", "home", "x", "a/x/b", "a", "b", "ab"] {
                let other = root.join(other);
                assert!(other == path || !pattern.covers(&other), "{name}: {text}");
            }
        }
    }

    #[test]
    fn what_no_run_used_is_listed() {
        let receipt = r#"{"command":"lint","workspace":"/ws","grants":{"granted":[
            {"kind":"read","target":"/ws/src","source":"taskrunner.yaml:3"},
            {"kind":"read","target":"/ws/docs","source":"taskrunner.yaml:4"}]},
            "used":[{"operation":"read","target":"/ws/src/a","rule":"read src (taskrunner.yaml:3)"}],
            "denied":[]}"#;
        let mut suggestions = BTreeMap::new();
        suggest(receipt, &mut suggestions).expect("a receipt");
        let unused = |suggestions: &BTreeMap<String, Suggestion>| -> Vec<String> {
            suggestions["lint"].unused().map(|grant| grant.target.clone()).collect()
        };
        assert_eq!(unused(&suggestions), ["/ws/docs"]);
        // One run that uses it is enough, whichever comes first.
        let other = receipt
            .replace("/ws/src/a", "/ws/docs/a")
            .replace("read src (taskrunner.yaml:3)", "read docs (taskrunner.yaml:4)");
        suggest(&other, &mut suggestions).expect("a receipt");
        suggest(receipt, &mut suggestions).expect("a receipt");
        assert!(unused(&suggestions).is_empty());
    }

    #[test]
    fn what_is_no_name_of_a_command_is_no_record() {
        let text = line("read", "/ws/a", "denied").replace("lint", r"lint\npermissions: {}\n#");
        let error = suggest(&text, &mut BTreeMap::new()).expect_err("it is forged");
        assert!(error.starts_with(r"line 1: `lint\npermissions"), "{error}");
        let receipt =
            r#"{"command":"a\nb","workspace":"/ws","grants":{"granted":[]},"used":[],"denied":[]}"#;
        assert!(suggest(receipt, &mut BTreeMap::new()).is_err());
    }

    #[test]
    fn what_is_no_record_is_an_error_with_its_line() {
        let mut suggestions = BTreeMap::new();
        let text = format!("{}\nnonsense", line("read", "/ws/a", "allowed"));
        let error = suggest(&text, &mut suggestions).expect_err("it is no record");
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
