//! What the runner tells of the git repositories that are out of sight: in whose working tree the workspace
//! lies, or which the environment names. The indexes are read here, under the names that it gives.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize;

use crate::repository::{Repository, Top};

/// The variable that it comes in, as JSON.
const VARIABLE: &str = "TASKRUNNER_REPOSITORIES";

/// The repositories that are told of.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The one that git finds from the workspace upwards.
    pub(crate) around: Option<Rc<Repository>>,
    /// Its linked worktrees and submodules in the workspace, by their tops.
    nested: Vec<(PathBuf, Rc<Repository>)>,
    /// The one that the environment names.
    pub(crate) named: Option<Rc<Repository>>,
    /// Whether something in the workspace may not be read, so that listings do not show it.
    pub(crate) hidden: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Message {
    repositories: Vec<Entry>,
    hidden: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    found: Found,
    top: Option<String>,
    prefix: Option<String>,
    below: Option<String>,
    directory: Option<String>,
    indexes: Vec<String>,
    unknown: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Found {
    Around,
    Environment,
    Nested,
}

impl Told {
    /// What this process was told. A runner that tells nothing leaves it unknown what git tracks here.
    pub(crate) fn of_process() -> Self {
        let told = std::env::var(VARIABLE).map_err(|error| error.to_string());
        let told = told.and_then(|text| Self::parse(&text).map_err(|error| error.to_string()));
        told.unwrap_or_else(|error| {
            let reason = format!("taskrunner does not say which repository it is in: {error}");
            let around = Repository::unknown(Top::Above(PathBuf::new()), "the workspace", reason);
            Self { around: Some(Rc::new(around)), ..Self::default() }
        })
    }

    fn parse(text: &str) -> serde_json::Result<Self> {
        let message: Message = serde_json::from_str(text)?;
        let mut told = Self { hidden: message.hidden, ..Self::default() };
        for entry in message.repositories {
            let (found, below) = (entry.found, entry.below.clone());
            let repository = Rc::new(entry.repository());
            match found {
                Found::Around => told.around = Some(repository),
                Found::Environment => told.named = Some(repository),
                Found::Nested => {
                    told.nested.extend(below.map(|below| (PathBuf::from(below), repository)));
                }
            }
        }
        Ok(told)
    }

    /// The repository whose working tree begins at `top`, if it is told of.
    pub(crate) fn at(&self, top: &Path) -> Option<&Rc<Repository>> {
        self.nested.iter().find(|(own, _)| own == top).map(|(_, repository)| repository)
    }
}

impl Entry {
    fn repository(self) -> Repository {
        let top = match (self.prefix, self.below) {
            (_, Some(below)) => Top::Below(below.into()),
            (prefix, None) => Top::Above(prefix.unwrap_or_default().into()),
        };
        let shown = self.top.as_deref().unwrap_or("the workspace");
        match (self.directory, self.unknown) {
            (Some(directory), None) => {
                let indexes = self.indexes.into_iter().map(PathBuf::from).collect();
                Repository::told(top, shown, directory.into(), indexes)
            }
            (_, reason) => {
                Repository::unknown(top, shown, reason.unwrap_or_else(|| "nothing is known".into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_sorted_by_how_it_was_found() {
        let told = Told::parse(
            r#"{"hidden": true, "repositories": [
                {"found": "around", "top": "/mono", "prefix": "app", "below": null,
                 "directory": "/mono/.git", "indexes": ["/mono/.git/index"], "unknown": null},
                {"found": "environment", "top": null, "prefix": null, "below": null,
                 "directory": null, "indexes": [], "unknown": "GIT_DIR is `x`"},
                {"found": "nested", "top": "/mono/app/libs/a", "prefix": null, "below": "libs/a",
                 "directory": "/mono/.git/modules/a", "indexes": [], "unknown": null}]}"#,
        )
        .expect("it is understood");
        assert!(told.hidden && told.around.is_some() && told.named.is_some());
        assert!(told.at(Path::new("libs/a")).is_some() && told.at(Path::new("libs")).is_none());
        assert!(Told::parse("{}").is_err() && Told::parse("").is_err());
    }
}
