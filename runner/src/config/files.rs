//! Which files the configuration is in, and what they say together.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Location;
use super::document::{Document, DocumentError, Part, Place, merge};
use super::file::{LimitsLayer, RUNNER_KEYS};
use crate::permission::Statement;
use crate::plugin::Name;
use crate::{private, suggest};

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
    #[error("`{}` is above this directory and belongs to somebody else: name it with --config, or go there with -C, if it is meant", path.display())]
    SomebodyElses { path: PathBuf },
    #[error("your configuration file `{}` is not used: {error}", path.display())]
    NotOwn { path: PathBuf, error: io::Error },
    #[error("your configuration file `{}` is inside the workspace `{}` and can have come with it: move it, or set XDG_CONFIG_HOME to a directory outside", path.display(), workspace.display())]
    InWorkspace { path: PathBuf, workspace: PathBuf },
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
            let own = private::check_way(&path);
            own.map_err(|error| ConfigurationError::NotOwn { path: path.clone(), error })?;
            documents.push(Document::read_own(&path)?);
        }
        let project = match named {
            Some(named) => Some(working_directory.join(named)),
            None => find_upward(working_directory)?,
        };
        let mut workspace = working_directory.to_owned();
        let has_project = project.is_some();
        if let Some(path) = project {
            documents.push(Document::read_below(&path, working_directory)?);
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

    /// The paths of the files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.documents.iter().map(Document::path)
    }

    /// The path and the text of the project's file.
    pub(crate) fn project_file(&self) -> Option<(&Path, &str)> {
        self.project().map(|document| (document.path(), document.text()))
    }

    /// Where something is written in the project's file.
    pub(crate) fn project_location(&self, steps: &[&str]) -> Option<Location> {
        let place = Place::value(steps.iter().copied());
        self.project().map(|document| Location::of(document, &place))
    }

    /// The commands that the project's file permits something.
    pub(crate) fn permitted_commands(&self) -> Vec<Name> {
        let permissions = self.project().and_then(|document| document.value().get("permissions"));
        let names = permissions.and_then(Value::as_object).into_iter().flat_map(Map::keys);
        names.filter_map(|name| Name::new(name).ok()).collect()
    }

    pub(super) fn project(&self) -> Option<&Document> {
        self.documents.last().filter(|_| self.has_project)
    }

    /// The user's own file.
    pub(crate) fn user_file(&self) -> Option<&Path> {
        let count = self.documents.len() - usize::from(self.has_project);
        self.documents[..count].first().map(Document::path)
    }

    /// The project's file, and where it really is, if that is outside of the workspace and it has a section for one of these
    /// commands: a link gives a command to read what it was not granted.
    pub(crate) fn sections_outside(
        &self,
        is_command: impl Fn(&str) -> bool,
    ) -> Option<(&Path, PathBuf)> {
        let is_section = |key: &String| !RUNNER_KEYS.contains(&key.as_str()) && is_command(key);
        let project = self.project()?;
        let has_section = project.value().keys().any(is_section);
        Some((project.path(), has_section.then(|| project.outside())??))
    }

    /// A command's section: the project's, if that counts, over the user's.
    pub(crate) fn section(
        &self,
        command: &Name,
        with_project: bool,
    ) -> Result<Map<String, Value>, DocumentError> {
        let mut section = Value::Object(Map::new());
        let left_out = self.project().filter(|_| !with_project);
        let counts =
            |document: &&Document| left_out.is_none_or(|project| !std::ptr::eq(project, *document));
        for document in self.documents.iter().filter(counts) {
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

    /// What the files permit a command, the user's first.
    pub(crate) fn permissions(&self, command: &Name) -> Result<Permissions, DocumentError> {
        let mut permissions = Permissions::default();
        for (index, document) in self.documents.iter().enumerate() {
            let is_project = self.has_project && index + 1 == self.documents.len();
            let read = super::permissions::read(document, command, &self.workspace, is_project)?;
            for (statement, place) in read.statements {
                permissions.statements.push(statement);
                permissions.places.push((index, place));
            }
            permissions.limits.push(read.limits);
        }
        Ok(permissions)
    }

    /// An error of a statement among [`Permissions::statements`].
    pub(crate) fn error_in_permissions(
        &self,
        permissions: &Permissions,
        statement: usize,
        message: &str,
    ) -> Option<DocumentError> {
        let (document, place) = permissions.places.get(statement)?;
        Some(self.documents.get(*document)?.error_at(place, message, None))
    }

    /// Refuses what the project's file says for commands that are not there. The user's file serves many
    /// projects, so it may have sections of commands that are not here.
    pub(crate) fn refuse_unknown_keys(
        &self,
        commands: &BTreeSet<String>,
    ) -> Result<(), DocumentError> {
        let Some(document) = self.project() else { return Ok(()) };
        for (place, name, is_section) in named_commands(document) {
            if commands.contains(name) {
                continue;
            }
            let keys = RUNNER_KEYS.into_iter().filter(|_| is_section);
            let known = keys.chain(commands.iter().map(String::as_str));
            let help = match suggest::nearest(name, known).first() {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it is neither a command nor one of {}", RUNNER_KEYS.join(", ")),
            };
            let message =
                format!("unknown key `{}`: there is no such command", name.escape_debug());
            return Err(document.error_at(&place, message, Some(help)));
        }
        Ok(())
    }

    /// The names of commands that the project's file says something for.
    pub(crate) fn named_commands(&self) -> impl Iterator<Item = &str> {
        self.project().into_iter().flat_map(named_commands).map(|(_, name, _)| name)
    }

    /// An error at a value (or a key) of a command's section, in the file that it comes from; at the
    /// nearest thing around it where it is not written. None where there is no file.
    pub(crate) fn error_in_section(
        &self,
        command: &Name,
        mut steps: Vec<String>,
        part: SectionPart,
        message: &str,
    ) -> Option<DocumentError> {
        let part = match part {
            SectionPart::Key => Part::Key,
            SectionPart::Value => Part::Value,
        };
        steps.insert(0, command.to_string());
        loop {
            let place = Place::value(steps.iter().cloned()).with_part(part);
            let found = self.documents.iter().rev().find(|document| place.exists_in(document));
            if let Some(document) = found {
                return Some(document.error_at(&place, message, None));
            }
            steps.pop()?;
        }
    }
}

/// What the files permit one command.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    pub(crate) statements: Vec<Statement>,
    /// Ceilings that nothing raises, of each file.
    pub(crate) limits: Vec<LimitsLayer>,
    /// Where each statement is written: which file, and where in it.
    places: Vec<(usize, Place)>,
}

/// The commands that a file names: by a section, or below `commands` or `permissions`. With each its place, and whether it
/// is a section.
fn named_commands(document: &Document) -> impl Iterator<Item = (Place, &str, bool)> {
    let sections = document.value().keys().filter(|key| !RUNNER_KEYS.contains(&key.as_str()));
    let settings = ["commands", "permissions"].into_iter().flat_map(|key| {
        let commands = document.value().get(key).and_then(Value::as_object);
        commands.into_iter().flat_map(Map::keys).map(move |name| (key, name.as_str()))
    });
    sections
        .map(|name| (Place::key([name.as_str()]), name.as_str(), true))
        .chain(settings.map(|(key, name)| (Place::key([key, name]), name, false)))
}

/// Which part of an entry an error is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SectionPart {
    Key,
    Value,
}

fn find_upward(from: &Path) -> Result<Option<PathBuf>, ConfigurationError> {
    for directory in from.ancestors() {
        let Some(path) = only_one(directory, &PROJECT)? else { continue };
        if directory != from && !is_trusted_above(&path, from).unwrap_or(false) {
            return Err(ConfigurationError::SomebodyElses { path });
        }
        return Ok(Some(path));
    }
    Ok(None)
}

/// A file above decides what the workspace is: in a shared directory anybody could put one there (it was
/// git's CVE-2022-24765). So it counts only if it belongs to the system or to the owner of the working
/// directory.
#[cfg(unix)]
fn is_trusted_above(path: &Path, working_directory: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let owner = path.symlink_metadata()?.uid();
    Ok(owner == 0 || owner == working_directory.metadata()?.uid())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix needs it")]
fn is_trusted_above(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(true)
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

    /// Only root can give files away; the test says nothing where it does not run as root.
    #[cfg(unix)]
    #[test]
    fn a_file_of_somebody_elses_above_is_refused() {
        let root = tempfile::tempdir().expect("a directory");
        let sub = root.path().join("sub");
        fs::create_dir(&sub).expect("a directory");
        let file = root.path().join("taskrunner.json");
        fs::write(&file, "{}").expect("a file");
        if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
            return;
        }
        let error = Configuration::load(None, &sub, None).expect_err("it is somebody else's");
        assert!(matches!(error, ConfigurationError::SomebodyElses { .. }), "{error}");
        assert!(Configuration::load(None, root.path(), None).is_ok(), "who goes there means it");
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
