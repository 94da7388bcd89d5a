//! The configuration: which files it is in, what they say, and what that comes to.

pub(crate) mod document;
mod file;
mod files;
mod location;
mod permissions;
pub(crate) mod schema;
mod settings;
mod units;

pub(crate) use document::{Document, DocumentError, Place};
#[cfg(test)]
pub(crate) use file::RUNNER_KEYS;
pub(crate) use file::{LimitsLayer, RetryLayer};
pub(crate) use files::{Configuration, ConfigurationError, Permissions, SectionPart};
pub(crate) use location::Location;
pub(crate) use settings::{CommandSettings, Line, RaisedLimit, Settings};
pub(crate) use units::{Bytes, LogLevel, Time};
