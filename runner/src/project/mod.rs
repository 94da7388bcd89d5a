//! A plugin that is being written: how a project is begun, built, made a component, and tested.

mod build;
pub(crate) mod cases;
mod check;
mod child;
mod componentize;
mod embed;
mod error;
mod file;
mod language;
mod template;
pub(crate) mod testing;

pub(crate) use build::MissingTool;
pub(crate) use check::{Finding, Severity, check};
pub(crate) use componentize::{ComponentizeError, Encoding, World, componentize};
pub(crate) use embed::{EmbedError, embed};
pub(crate) use error::ProjectError;
pub(crate) use file::Project;
pub(crate) use language::Language;
pub(crate) use template::begin;
