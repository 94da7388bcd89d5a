//! The configuration: which files it is in, what they say, and what that comes to.

mod document;
mod file;
mod files;
mod permissions;
pub(crate) mod schema;
mod settings;
mod units;

#[cfg(fuzzing)]
pub(crate) use document::Document;
pub(crate) use document::DocumentError;
#[cfg(test)]
pub(crate) use file::RUNNER_KEYS;
pub(crate) use file::{LimitsLayer, RetryLayer};
pub(crate) use files::{Configuration, ConfigurationError, SectionPart};
pub(crate) use settings::Settings;
pub(crate) use units::{Bytes, LogLevel, Time};
