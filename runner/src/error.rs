//! Why the runner could not do what was asked. How a command itself ended is an
//! [`Outcome`](crate::sandbox::Outcome).

use std::io;
use std::path::PathBuf;

use crate::config::{ConfigurationError, DocumentError};
use crate::destination::DestinationError;
use crate::invocation::ArgumentError;
use crate::permission::PermissionError;
use crate::plugin::lock::Refusal;
use crate::plugin::{Fault, Name};
use crate::project::ProjectError;
use crate::sandbox::{SandboxError, Stop};
use crate::state::{ContentsError, StateError};

/// Why the runner could not do what was asked. The exit code is
/// [`ExitCode::from`](crate::exit::ExitCode)'s, the rendering [`crate::report`]'s.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The section of a command does not fit its manifest.
    #[error(transparent)]
    Section(DocumentError),
    /// The same, where there is no file to show.
    #[error("{command}: there is no configuration, and it is needed: {message}")]
    NoSection { command: Name, message: String },
    #[error("{command}: {error}")]
    Argument { command: Name, error: ArgumentError },
    #[error("the argument `{argument}` is not Unicode, which plugins need")]
    NotUnicode { argument: String },
    #[error("the environment variable {name}: `{value}` is {problem}")]
    Variable { name: &'static str, value: String, problem: String },
    #[error("cannot go to `{path}`: {error}", path = path.display())]
    WorkingDirectory { path: PathBuf, error: io::Error },
    #[error("--plugin-dir `{path}`: there is no such directory", path = path.display())]
    PluginDirectory { path: PathBuf },
    #[error("there is no command `{name}`")]
    UnknownCommand { name: String, nearest: Vec<String> },
    #[error("{command}: {error}")]
    Permission { command: Name, error: PermissionError },
    #[error("this file is no usable plugin: {0}")]
    Plugin(Fault),
    /// The file that was to be inspected is none that this runner runs.
    #[error(transparent)]
    NoPlugin(Fault),
    /// An inspected file could do what it was forbidden to.
    #[error("{source_file} could do what is forbidden: {reasons}")]
    Forbidden { source_file: String, reasons: String },
    #[error("there is neither a file nor a command `{name}`")]
    NothingToInspect { name: String, nearest: Vec<String> },
    #[error("{source_file}: {error}")]
    Sandbox { source_file: String, error: SandboxError },
    #[error(transparent)]
    Destination(DestinationError),
    #[error("the record `{path}`: {problem}", path = path.display())]
    Record { path: PathBuf, problem: String },
    #[error("{0}")]
    Stopped(Stop),
    #[error("{command}: {refusal}")]
    Locked { command: Name, refusal: Refusal },
    #[error("nothing was written: {} newly requests what has not been accepted", names.join(", "))]
    NotAccepted { names: Vec<String> },
    #[error("this workspace was not trusted: {0}")]
    NotTrusted(&'static str),
    #[error("this workspace cannot be trusted: {0}")]
    Contents(#[from] ContentsError),
    #[error("{0}")]
    Project(ProjectError),
    #[error("cannot keep what was decided: {0}")]
    State(#[from] StateError),
    #[error("{command}: {problem}")]
    NothingToChange { command: Name, problem: &'static str },
    #[error("cannot write `{path}`: {error}", path = path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// What the user can do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::UnknownCommand { nearest, .. } | Self::NothingToInspect { nearest, .. } => {
                Some(match nearest.as_slice() {
                    [] => "`taskrunner list` shows the commands".to_owned(),
                    [one] => format!("did you mean `{one}`?"),
                    several => format!("did you mean one of `{}`?", several.join("`, `")),
                })
            }
            Self::Permission { error: PermissionError::Forbidden { .. }, .. } => {
                Some("go to the project's directory, or name a directory below this one".to_owned())
            }
            Self::Argument {
                error: ArgumentError::Path { error: PermissionError::OutOfReach { .. }, .. },
                ..
            } => Some("name it on the command line, which grants it for that run".to_owned()),
            Self::Locked { command, refusal } => Some(refusal.help(command)),
            Self::NotAccepted { .. } => {
                Some("look at what is new, and accept it with `--accept`".to_owned())
            }
            Self::Project(error) => error.help(),
            Self::Destination(_) => Some("name a regular file outside the project".to_owned()),
            Self::NotTrusted(_) => Some("`taskrunner trust --yes` asks nothing".to_owned()),
            Self::Plugin(_) => Some("`taskrunner list` shows all files with faults".to_owned()),
            _ => None,
        }
    }

    /// The mistake in a configuration file, if that is what it is.
    pub(crate) fn document(&self) -> Option<&DocumentError> {
        match self {
            Self::Configuration(ConfigurationError::Document(error))
            | Self::Section(error)
            | Self::Project(ProjectError::Document(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<DestinationError> for Error {
    fn from(error: DestinationError) -> Self {
        match error {
            DestinationError::Io { path, error } => Self::Write { path, error },
            refused => Self::Destination(refused),
        }
    }
}

impl From<ProjectError> for Error {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Stopped(stop) => Self::Stopped(stop),
            error => Self::Project(error),
        }
    }
}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        Self::Configuration(error.into())
    }
}
