//! Which source gives each argument its values: command line, environment, configuration, default.

use serde_json::{Map, Value as Json};

use super::arguments::{Typed, TypedValues};
use super::value::{self, Value};
use super::{Argument, Source};
use crate::permission::{NamedPath, PathSpec, Paths, PermissionError};
use crate::plugin::{ArgumentSpec, Manifest, ValueType};

/// Everything that can give an argument its values.
pub(crate) struct Sources<'a> {
    pub(crate) typed: Typed,
    /// The value of an environment variable; none where it is not Unicode.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// The command's section of the configuration.
    pub(crate) section: &'a Map<String, Json>,
    /// What paths mean.
    pub(crate) paths: &'a Paths,
}

/// Why the arguments cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArgumentError {
    #[error(
        "{argument} is required: it is neither on the command line nor in the environment ({variable}) nor in the configuration ({key})"
    )]
    Missing { argument: String, variable: String, key: String },
    #[error("the environment variable {variable}: `{value}` is {problem}")]
    Environment { variable: String, value: String, problem: String },
    #[error("`{key}` in the configuration is {problem}")]
    Configuration { key: String, steps: Vec<String>, problem: String },
    #[error("{argument}: {error}")]
    Path {
        argument: String,
        #[source]
        error: PermissionError,
    },
    #[error(
        "it is a program that gets what stands behind its name: `--{option}` protects you before the name, and is the program's own behind `--`"
    )]
    Misplaced { option: String },
    #[error("with these values its command line is longer than {limit} MiB")]
    TooLong { limit: usize },
    #[error("a value has a NUL in it, which no word of a command line can hold")]
    Nul,
}

/// What the arguments come to.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) arguments: Vec<Argument>,
    /// The paths that the command line named, which grants them.
    pub(crate) named: Vec<NamedPath>,
    /// The paths that something else named, which grants nothing, each with its argument.
    pub(crate) pointed_at: Vec<(String, NamedPath)>,
}

/// Gives each argument of the manifest its values.
pub(crate) fn resolve(
    manifest: &Manifest,
    sources: Sources<'_>,
) -> Result<Resolved, ArgumentError> {
    let mut resolved = Resolved::default();
    for (spec, typed) in manifest.arguments.iter().zip(&sources.typed) {
        let (source, mut values) = strongest(manifest, spec, typed.as_ref(), &sources)?;
        if let Some(value) = spec.value() {
            if values.is_empty() && value.required {
                let key = spec.configuration_key.clone().unwrap_or_default();
                return Err(ArgumentError::Missing {
                    argument: spec.display(),
                    variable: manifest.name().environment_variable(&key),
                    key: format!("{}.{key}", manifest.name()),
                });
            }
            if let ValueType::Path(path) = &value.kind {
                for value in &mut values {
                    let found = locate(value, source, *path, sources.paths)
                        .map_err(|error| ArgumentError::Path { argument: spec.display(), error })?;
                    match source {
                        Source::CommandLine => resolved.named.push(found),
                        _ => resolved.pointed_at.push((spec.display(), found)),
                    }
                }
            }
        }
        resolved.arguments.push(Argument { name: spec.name.clone(), values, source });
    }
    Ok(resolved)
}

/// The one place that knows the precedence.
fn strongest(
    manifest: &Manifest,
    spec: &ArgumentSpec,
    typed: Option<&TypedValues>,
    sources: &Sources<'_>,
) -> Result<(Source, Vec<Value>), ArgumentError> {
    if let Some(typed) = typed {
        return Ok((Source::CommandLine, from_typed(spec, typed)));
    }
    if let Some(key) = &spec.configuration_key {
        let variable = manifest.name().environment_variable(key);
        if let Some(text) = (sources.environment)(&variable) {
            return Ok((Source::Environment, vec![from_environment(spec, variable, text)?]));
        }
        if let Some(json) = sources.section.get(key) {
            let key = format!("{}.{key}", manifest.name());
            return Ok((Source::Configuration, from_section(spec, key, json)?));
        }
    }
    Ok((Source::Default, default(spec)))
}

fn from_typed(spec: &ArgumentSpec, typed: &TypedValues) -> Vec<Value> {
    match typed {
        TypedValues::Flag(on) => vec![Value::Flag(*on)],
        TypedValues::Texts(texts) => {
            let kind = spec.value().map(|value| &value.kind);
            // Clap has checked them with the same function.
            texts.iter().filter_map(|text| value::parse(kind?, text).ok()).collect()
        }
    }
}

fn from_environment(
    spec: &ArgumentSpec,
    variable: String,
    text: String,
) -> Result<Value, ArgumentError> {
    match spec.value() {
        None => value::parse_flag(&text),
        Some(value) => value::parse(&value.kind, &text),
    }
    .map_err(|problem| ArgumentError::Environment { variable, value: text, problem })
}

fn from_section(
    spec: &ArgumentSpec,
    key: String,
    json: &Json,
) -> Result<Vec<Value>, ArgumentError> {
    let option = spec.configuration_key.clone().unwrap_or_default();
    let kind = spec.value().map(|value| &value.kind);
    let convert = |json: &Json, index: Option<usize>| {
        value::from_json(kind, json).map_err(|problem| ArgumentError::Configuration {
            key: key.clone(),
            steps: std::iter::once(option.clone())
                .chain(index.map(|index| index.to_string()))
                .collect(),
            problem,
        })
    };
    match json {
        Json::Array(items) if spec.value().is_some_and(|value| value.repeated) => {
            items.iter().enumerate().map(|(index, item)| convert(item, Some(index))).collect()
        }
        single => Ok(vec![convert(single, None)?]),
    }
}

fn default(spec: &ArgumentSpec) -> Vec<Value> {
    match spec.value() {
        None => vec![Value::Flag(false)],
        // The manifest's check has parsed it.
        Some(value) => {
            value.default.iter().filter_map(|text| value::parse(&value.kind, text).ok()).collect()
        }
    }
}

/// Makes a path the guest's. What was typed or comes from the environment is relative to the user's
/// directory; what the configuration or the plugin says, to the workspace.
fn locate(
    value: &mut Value,
    source: Source,
    spec: PathSpec,
    paths: &Paths,
) -> Result<NamedPath, PermissionError> {
    let Value::Path(text) = value else { unreachable!("a path argument has values of paths") };
    let located = match source {
        Source::CommandLine => {
            let located = paths.locate(paths.working_directory(), &*text)?;
            paths.refuse_detour(paths.working_directory(), text.as_ref(), &located.host)?;
            located.check(spec)?;
            located
        }
        Source::Environment => paths.locate(paths.working_directory(), &*text)?,
        Source::Configuration | Source::Default => paths.locate(paths.workspace(), &*text)?,
    };
    text.clone_from(&located.guest);
    Ok(NamedPath { host: located.host, guest: located.guest, spec })
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
