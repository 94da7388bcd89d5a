//! `plugin.yaml`: how a plugin is built.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::ProjectError;
use crate::config::{Document, DocumentError, Place};

/// The name of the file.
const FILE_NAME: &str = "plugin.yaml";

/// The most commands of a build, and the most words of one.
const MAX_COMMANDS: usize = 64;
const MAX_WORDS: usize = 1024;

/// A directory with a `plugin.yaml`.
#[derive(Debug)]
pub(crate) struct Project {
    /// Absolute and free of links.
    pub(super) directory: PathBuf,
    file: ProjectFile,
}

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProjectFile {
    /// For people and tools: the runner makes no difference.
    #[serde(default, rename = "language")]
    _language: Option<String>,
    output: String,
    build: Vec<Vec<String>>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    tools: BTreeMap<String, String>,
}

impl Project {
    /// Reads the project in a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self, ProjectError> {
        let found = dunce::canonicalize(directory)
            .map_err(|error| ProjectError::Read { path: directory.to_owned(), error })?;
        if found.join(FILE_NAME).symlink_metadata().is_err() {
            return Err(ProjectError::NoProject { path: directory.to_owned() });
        }
        let document = Document::read(&found.join(FILE_NAME))?;
        let file: ProjectFile = document.decode()?;
        check(&document, &file)?;
        Ok(Self { directory: found, file })
    }

    /// The plugin that the build makes.
    pub(crate) fn output(&self) -> PathBuf {
        self.directory.join(&self.file.output)
    }

    /// The same, as the file names it.
    pub(crate) fn output_name(&self) -> &str {
        &self.file.output
    }

    /// The commands of the build; none is without words.
    pub(super) fn commands(&self) -> &[Vec<String>] {
        &self.file.build
    }

    /// The variables that the commands get.
    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.file.environment
    }

    /// The programs that the file says how to get.
    pub(super) fn tools(&self) -> impl Iterator<Item = &String> {
        self.file.tools.keys()
    }

    /// How to get a tool.
    pub(super) fn hint(&self, tool: &str) -> Option<&str> {
        self.file.tools.get(tool).map(String::as_str)
    }
}

/// Checks what the types do not.
fn check(document: &Document, file: &ProjectFile) -> Result<(), DocumentError> {
    let refuse = |place: &[&str], message: &str, help: &str| {
        let place = Place::value(place.iter().copied());
        Err(document.error_at(&place, message, Some(help.to_owned())))
    };
    if !is_inside(&file.output) || !file.output.ends_with(".wasm") {
        let help = "name it relative to this file, as in `build/greet.wasm`";
        return refuse(&["output"], "it is no `.wasm` file inside the project", help);
    }
    if !(1..=MAX_COMMANDS).contains(&file.build.len()) {
        let help = "a build has 1 to 64 commands, each a list of words";
        return refuse(&["build"], "so many commands are no build", help);
    }
    for (index, command) in file.build.iter().enumerate() {
        if command.first().is_none_or(String::is_empty) || command.len() > MAX_WORDS {
            let help = "a command is a list of words, and the first is the program";
            return refuse(&["build", &index.to_string()], "it is no command", help);
        }
    }
    for name in file.environment.keys() {
        let help = "letters, digits and `_`; tools are found by your own `PATH`";
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || name.eq_ignore_ascii_case("PATH") {
            let message = "it is no name of a variable that a project may set";
            return refuse(&["environment", name], message, help);
        }
    }
    Ok(())
}

/// Whether a path leads to something below the directory that it is relative to.
fn is_inside(path: &str) -> bool {
    let mut components = Path::new(path).components().peekable();
    components.peek().is_some()
        && components.all(|component| matches!(component, Component::Normal(_)))
}
