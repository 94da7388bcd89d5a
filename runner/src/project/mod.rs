//! A plugin that is being written: how a project is begun, built, and made a component.

mod build;
mod componentize;
mod error;
mod file;
mod language;

pub(crate) use build::MissingTool;
pub(crate) use componentize::{ComponentizeError, Encoding, World, componentize};
pub(crate) use error::ProjectError;
pub(crate) use file::Project;
pub(crate) use language::Language;
