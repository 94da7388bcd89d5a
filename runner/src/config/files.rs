//! Which files the configuration is in, and what they say together.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::document::{Document, DocumentError, Part, Place, merge};
use super::file::RUNNER_KEYS;
use crate::plugin::Name;
use crate::suggest;

/// The names of a project's configuration file.
const PROJECT: [&str; 3] = ["taskrunner.yaml", "taskrunner.yml", "taskrunner.json"];

/// The names of the user's configuration file.
const USER: [&str; 3] = ["config.yaml", "config.yml", "config.json"];

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigurationError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("both `{}` and `{}` are there: keep one of them", first.display(), second.display())]
    Ambiguous { first: PathBuf, second: PathBuf },
}

/// The files of the configuration, parsed.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// The weakest first: the user's, the project's.
    documents: Vec<Document>,
    /// Whether the last of them is the project's.
    has_project: bool,
    workspace: PathBuf,
}

impl Configuration {
    /// Reads the user's file and the project's: the one named, else the first found upward.
    ///
    /// The workspace is the directory of the project's file. A file that is named from elsewhere, which
    /// is not above the working directory, does not move the workspace there.
    pub(crate) fn load(
        named: Option<&Path>,
        working_directory: &Path,
        user_directory: Option<&Path>,
    ) -> Result<Self, ConfigurationError> {
        let mut documents = Vec::new();
        if let Some(path) =
            user_directory.map(|directory| only_one(directory, &USER)).transpose()?.flatten()
        {
            documents.push(Document::read(&path)?);
        }
        let project = match named {
            Some(named) => Some(working_directory.join(named)),
            None => find_upward(working_directory)?,
        };
        let mut workspace = working_directory.to_owned();
        let has_project = project.is_some();
        if let Some(path) = project {
            documents.push(Document::read(&path)?);
            let directory = path.parent().and_then(|directory| dunce::canonicalize(directory).ok());
            if let Some(directory) =
                directory.filter(|directory| working_directory.starts_with(directory))
            {
                workspace = directory;
            }
        }
        Ok(Self { documents, has_project, workspace })
    }

    /// The directory of the project's file, else the working directory.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The files, the weakest first.
    pub(super) fn documents(&self) -> &[Document] {
        &self.documents
    }

    fn project(&self) -> Option<&Document> {
        self.documents.last().filter(|_| self.has_project)
    }

    /// A command's section: the project's over the user's.
    pub(crate) fn section(&self, command: &Name) -> Result<Map<String, Value>, DocumentError> {
        let mut section = Value::Object(Map::new());
        for document in &self.documents {
            match document.value().get(command.as_str()) {
                None | Some(Value::Null) => {}
                Some(object @ Value::Object(_)) => section = merge(section, object.clone()),
                Some(_) => {
                    let place = Place::value([command.as_str()]);
                    let message = format!("the section `{command}` is not an object");
                    return Err(document.error_at(&place, message, None));
                }
            }
        }
        match section {
            Value::Object(section) => Ok(section),
            _ => Ok(Map::new()),
        }
    }

    /// Refuses top-level keys of the project's file that are neither the runner's nor a command's. The
    /// user's file serves many projects, so it may have sections of commands that are not here.
    pub(crate) fn refuse_unknown_keys(
        &self,
        is_command: impl Fn(&str) -> bool,
        commands: &[String],
    ) -> Result<(), DocumentError> {
        let Some(document) = self.project() else { return Ok(()) };
        for key in document.value().keys() {
            if is_runner_key(key) || is_command(key) {
                continue;
            }
            let known = RUNNER_KEYS.into_iter().chain(commands.iter().map(String::as_str));
            let help = match suggest::nearest(key, known).first() {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "a top-level key is one of the runner's (commands, limits, logging, plugins, retry) or the name of a command".to_owned(),
            };
            let message = format!("unknown key `{}`: there is no such command", key.escape_debug());
            return Err(document.error_at(&Place::key([key.as_str()]), message, Some(help)));
        }
        Ok(())
    }

    /// The keys of the project's file that could be sections of commands.
    pub(crate) fn section_names(&self) -> impl Iterator<Item = &str> {
        self.project()
            .into_iter()
            .flat_map(|document| document.value().keys())
            .map(String::as_str)
            .filter(|key| !is_runner_key(key))
    }

    /// An error at a value (or a key) of a command's section, in the file that it comes from.
    pub(crate) fn error_in_section(
        &self,
        command: &Name,
        steps: &[String],
        part: SectionPart,
        message: String,
    ) -> Option<DocumentError> {
        let steps = || std::iter::once(command.to_string()).chain(steps.iter().cloned());
        let part = match part {
            SectionPart::Key => Part::Key,
            SectionPart::Value => Part::Value,
        };
        let place = Place::value(steps()).with_part(part);
        let document =
            self.documents.iter().rev().find(|d| place.exists_in(d)).or(self.documents.last())?;
        Some(document.error_at(&place, message, None))
    }
}

/// Which part of an entry an error is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SectionPart {
    Key,
    Value,
}

fn is_runner_key(key: &str) -> bool {
    RUNNER_KEYS.contains(&key)
}

fn find_upward(from: &Path) -> Result<Option<PathBuf>, ConfigurationError> {
    for directory in from.ancestors() {
        if let Some(path) = only_one(directory, &PROJECT)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The one of the names that is there.
fn only_one(directory: &Path, names: &[&str]) -> Result<Option<PathBuf>, ConfigurationError> {
    let mut there = names
        .iter()
        .map(|name| directory.join(name))
        .filter(|path| path.symlink_metadata().is_ok());
    match (there.next(), there.next()) {
        (Some(first), Some(second)) => Err(ConfigurationError::Ambiguous { first, second }),
        (first, _) => Ok(first),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_workspace_is_where_the_project_says() {
        let root = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(root.path()).expect("it is there");
        let sub = root.join("project/sub");
        fs::create_dir_all(&sub).expect("a directory");
        let file = root.join("project/taskrunner.yaml");
        fs::write(&file, "logging: {level: info}\n").expect("a file");
        let elsewhere = root.join("elsewhere.json");
        fs::write(&elsewhere, "{}").expect("a file");

        let load = |named: Option<&Path>| Configuration::load(named, &sub, None).expect("it loads");
        assert_eq!(load(None).workspace(), root.join("project"));
        assert_eq!(load(Some(Path::new("../taskrunner.yaml"))).workspace(), root.join("project"));
        assert_eq!(load(Some(&elsewhere)).workspace(), root);
        let other = root.join("other");
        fs::create_dir(&other).expect("a directory");
        let loaded = Configuration::load(Some(&file), &other, None).expect("it loads");
        assert_eq!(loaded.workspace(), other);
    }

    #[test]
    fn two_files_for_one_project_are_an_error() {
        let root = tempfile::tempdir().expect("a directory");
        for name in ["taskrunner.yaml", "taskrunner.json"] {
            fs::write(root.path().join(name), "{}").expect("a file");
        }
        let error = Configuration::load(None, root.path(), None).expect_err("which one?");
        assert!(matches!(error, ConfigurationError::Ambiguous { .. }), "{error}");
    }
}
