//! A file of test cases: each says how a command is called, what lies around it, and how that ends.
//!
//! A project's files are anybody's: a case is data, and reaches nothing beyond a directory of its own
//! (see [`super::testing`]).

mod content;
mod expected;
mod path;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::{Document, DocumentError, Place, Time};
use crate::suggest::nearest;

pub(crate) use content::{Content, File};
pub(crate) use expected::{ExitCodes, Expected};
pub(crate) use path::CasePath;

/// The time that a case may take where it does not say so itself.
const TIMEOUT: Time = Time(Duration::from_secs(60));

/// The most bytes that the files of one case have together.
const MAX_FILES: u64 = 64 << 20;

/// The names that a project's configuration may have, which is written from a case's `configuration`.
const CONFIGURATIONS: [&str; 3] = ["taskrunner.yaml", "taskrunner.yml", "taskrunner.json"];

/// One test case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What stands behind the command's name.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// The command's section of the configuration.
    #[serde(default)]
    pub(crate) configuration: Map<String, Value>,
    /// The variables that the runner has besides those of the case's own directories.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) stdin: Content,
    /// The directory of the workspace that it runs from.
    #[serde(default)]
    pub(crate) directory: CasePath,
    /// What lies in the workspace.
    #[serde(default)]
    pub(crate) files: BTreeMap<CasePath, File>,
    /// What the user grants.
    #[serde(default)]
    pub(crate) allow: Allow,
    /// The time that it may take.
    #[serde(default = "timeout")]
    pub(crate) timeout: Time,
    #[serde(default)]
    pub(crate) expect: Expectations,
}

/// What the user grants in a case: files of the workspace, and variables.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Allow {
    pub(crate) read: Vec<CasePath>,
    pub(crate) write: Vec<CasePath>,
    pub(crate) env: Vec<String>,
}

/// How a case ends. Of what is not named, nothing is expected.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Expectations {
    pub(crate) exit_code: ExitCodes,
    pub(crate) stdout: Option<Expected>,
    pub(crate) stderr: Option<Expected>,
    /// What lies in the workspace afterwards; none for what must not be there.
    pub(crate) files: BTreeMap<CasePath, Option<Expected>>,
}

fn timeout() -> Time {
    TIMEOUT
}

/// The cases of a file, checked, in its order.
#[derive(Debug)]
pub(crate) struct Cases {
    document: Document,
    cases: Vec<Case>,
}

impl Cases {
    /// Reads a file of cases. Whatever is wrong is shown in its line.
    pub(crate) fn read(path: &Path) -> Result<Self, DocumentError> {
        Self::of(Document::read(path)?)
    }

    fn of(document: Document) -> Result<Self, DocumentError> {
        if let Some(key) = document.value().keys().find(|key| *key != "cases") {
            let help = nearest(key, ["cases"]).first().map(|key| format!("did you mean `{key}`?"));
            let message = format!("unknown key `{key}`: the only one is `cases`");
            return Err(document.error_at(&Place::key([key]), message, help));
        }
        let cases: Vec<Case> = document.section("cases")?.unwrap_or_default();
        if cases.is_empty() {
            return Err(document.error_at(&Place::key(["cases"]), "there are no cases", None));
        }
        let cases = Self { document, cases };
        let mut names = BTreeSet::new();
        for (index, case) in cases.cases.iter().enumerate() {
            if let Some((steps, problem)) = case.mistake(&mut names) {
                return Err(cases.error_in(index, &steps, problem));
            }
        }
        Ok(cases)
    }

    /// The cases, in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter()
    }

    /// A mistake in the arguments of a case.
    pub(crate) fn error_in_arguments(&self, case: &Case, problem: &str) -> DocumentError {
        let index = self.cases.iter().position(|other| other.name == case.name);
        self.error_in(index.unwrap_or_default(), &["arguments"], problem)
    }

    /// A file of a case that cannot be made.
    pub(crate) fn error_in_file(
        &self,
        case: &Case,
        path: &CasePath,
        problem: &str,
    ) -> DocumentError {
        let index = self.cases.iter().position(|other| other.name == case.name);
        self.error_in(index.unwrap_or_default(), &["files", path.written()], problem)
    }

    /// A mistake in a case, by its index, at the end of the steps.
    fn error_in(&self, index: usize, steps: &[&str], problem: impl Into<String>) -> DocumentError {
        let index = index.to_string();
        let steps = ["cases", &index].into_iter().chain(steps.iter().copied());
        self.document.error_at(&Place::value(steps), problem, None)
    }
}

impl Case {
    /// What is wrong with it beyond the form of its values, and where.
    fn mistake<'a>(&'a self, names: &mut BTreeSet<&'a str>) -> Option<(Vec<&'a str>, String)> {
        if self.name.trim().is_empty() || self.name.contains('\n') {
            return Some((vec!["name"], "a name is one line, and not empty".to_owned()));
        }
        if !names.insert(&self.name) {
            return Some((vec!["name"], "another case has this name".to_owned()));
        }
        if let Some(name) = self.environment.keys().find(|name| !is_free(name)) {
            let problem = "each case has its own: a case cannot set this variable".to_owned();
            return Some((vec!["environment", name], problem));
        }
        let mut left = MAX_FILES;
        for (path, file) in &self.files {
            let steps = || vec!["files", path.written()];
            if CONFIGURATIONS.iter().any(|name| name.eq_ignore_ascii_case(path.as_str())) {
                let problem = "this file is written from the case's `configuration`".to_owned();
                return Some((steps(), problem));
            }
            match left.checked_sub(file.size()) {
                Some(rest) => left = rest,
                None => {
                    let limit = MAX_FILES >> 20;
                    let problem = format!("the files of a case are more than {limit} MiB");
                    return Some((steps(), problem));
                }
            }
        }
        None
    }
}

/// Whether a case may set a variable: neither one that says where the runner's files are, nor one by
/// which a program loads others' code before it begins.
fn is_free(name: &str) -> bool {
    const OWN: [&str; 7] =
        ["APPDATA", "HOME", "LOCALAPPDATA", "PATH", "SYSTEMROOT", "USERPROFILE", "TMPDIR"];
    const BEGINNINGS: [&str; 4] = ["DYLD_", "LD_", "TASKRUNNER_PLUGIN_", "XDG_"];
    let capitals = name.to_ascii_uppercase();
    !name.is_empty()
        && !name.contains(['=', '\0'])
        && !OWN.contains(&capitals.as_str())
        && !BEGINNINGS.iter().any(|beginning| capitals.starts_with(beginning))
}

#[cfg(test)]
mod tests;
