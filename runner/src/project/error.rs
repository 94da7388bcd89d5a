//! Why something could not be done with a project.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::{ComponentizeError, EmbedError, Language, MissingTool};
use crate::config::DocumentError;
use crate::permission::PermissionError;
use crate::plugin::NameError;
use crate::sandbox::Stop;

/// Why something could not be done with a project.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("there is no template for {language} yet")]
    NoTemplate { language: Language },
    #[error("`{path}` is there already, and is not an empty directory", path = path.display())]
    NotEmpty { path: PathBuf },
    #[error("`{path}` is no project: there is no plugin.yaml in it", path = path.display())]
    NoProject { path: PathBuf },
    /// A mistake in `plugin.yaml`.
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("not found: {}", names(.0))]
    MissingTools(Vec<MissingTool>),
    #[error("cannot run `{program}`: {error}")]
    Start { program: String, error: io::Error },
    #[error("`{command}` failed: {status}")]
    Failed { command: String, status: ExitStatus },
    #[error("the build has not made `{path}`", path = path.display())]
    NoOutput { path: PathBuf },
    #[error("no component can be made of `{path}`: {error}", path = path.display())]
    Componentize { path: PathBuf, error: ComponentizeError },
    #[error("no manifest can be put into `{path}`: {error}", path = path.display())]
    Embed { path: PathBuf, error: EmbedError },
    #[error("no case's name holds `{}`", filter.escape_debug())]
    NoCase { filter: String },
    #[error("cannot run the case `{}`: {error}", name.escape_debug())]
    Case { name: String, error: io::Error },
    #[error("{0}")]
    Stopped(Stop),
    #[error("cannot read `{path}`: {error}", path = path.display())]
    Read { path: PathBuf, error: io::Error },
    /// A path that the user named, and that does not mean what it says.
    #[error("{0}")]
    Place(PermissionError),
    #[error("cannot write `{path}`: {error}", path = path.display())]
    Write { path: PathBuf, error: io::Error },
}

impl ProjectError {
    /// What the user can do about it.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::NotEmpty { .. } => Some("choose another with `--directory`".to_owned()),
            Self::NoProject { .. } => {
                Some("`taskrunner plugin new NAME --lang LANGUAGE` begins one".to_owned())
            }
            Self::MissingTools(tools) => {
                let hint = |tool: &MissingTool| match &tool.hint {
                    Some(hint) => format!("{}: {hint}", tool.name),
                    None => format!("{}: install it, and have it in the PATH", tool.name),
                };
                Some(tools.iter().map(hint).collect::<Vec<_>>().join("\n"))
            }
            Self::Embed { error, .. } => error.help().map(ToOwned::to_owned),
            Self::Componentize { error, .. } => error.help().map(ToOwned::to_owned),
            _ => None,
        }
    }
}

fn names(tools: &[MissingTool]) -> String {
    tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>().join(", ")
}
