//! A command's section of the configuration, checked before any of its code runs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::App;
use super::describer::Describer;
use super::ignored::Ignored;
use crate::config::SectionPart;
use crate::embedded;
use crate::error::Error;
use crate::invocation::ArgumentError;
use crate::plugin::{Fault, Manifest, Name, Registry};

impl App {
    /// Refuses keys of the project's file that are neither the runner's nor a command's. All plugins are
    /// looked at only where a key is not explained by the embedded commands, this one, and files of that name.
    pub(super) fn refuse_unknown_keys(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        command: &Name,
    ) -> Result<(), Error> {
        let known = |key: &str| {
            key == command.as_str() || embedded::is_embedded(key) || registry.has_file_of(key)
        };
        if self.configuration.named_commands().all(known) {
            return Ok(());
        }
        let listing = describer.listing(registry)?;
        let mut names: BTreeSet<String> = listing.commands.keys().map(Name::to_string).collect();
        // A broken plugin is a fault of its own; its section is not.
        names.extend(listing.faults.iter().filter_map(Fault::name));
        Ok(self.configuration.refuse_unknown_keys(&names)?)
    }

    /// The command's section, after the plugin's schema (or, without one, its keys) has passed it.
    pub(super) fn checked_section(&self, manifest: &Manifest) -> Result<Map<String, Value>, Error> {
        let command = manifest.name();
        let outside = self.configuration.sections_outside(|key| key == command.as_str());
        let outside = outside.map(|(path, target)| Ignored::sections(path, &target));
        let section = self.configuration.section(command, self.counts(outside))?;
        let (steps, part, message) = match manifest.schema() {
            Some(schema) => {
                let Err(violation) = schema.check(&Value::Object(section.clone())) else {
                    return Ok(section);
                };
                let part = match violation.unexpected_key {
                    Some(_) => SectionPart::Key,
                    None => SectionPart::Value,
                };
                let steps = violation.steps.into_iter().chain(violation.unexpected_key).collect();
                (steps, part, violation.message)
            }
            None if manifest.is_raw() => return Ok(section),
            None => {
                let keys: BTreeSet<&str> =
                    manifest.configuration_keys().map(|(key, _)| key).collect();
                let Some(key) = section.keys().find(|key| !keys.contains(key.as_str())) else {
                    return Ok(section);
                };
                let message =
                    format!("`{command}` has no configuration key `{}`", key.escape_debug());
                (vec![key.clone()], SectionPart::Key, message)
            }
        };
        Err(self.section_error(command, steps, part, message))
    }

    /// An error of an argument; one of the configuration points into the file.
    pub(super) fn argument_error(&self, command: &Name, error: ArgumentError) -> Error {
        match error {
            ArgumentError::Configuration { ref steps, .. } => {
                let message = error.to_string();
                self.section_error(command, steps.clone(), SectionPart::Value, message)
            }
            error => Error::Argument { command: command.clone(), error },
        }
    }

    fn section_error(
        &self,
        command: &Name,
        steps: Vec<String>,
        part: SectionPart,
        message: String,
    ) -> Error {
        match self.configuration.error_in_section(command, steps, part, &message) {
            Some(located) => Error::Section(located),
            None => Error::NoSection { command: command.clone(), message },
        }
    }
}
