//! The rules of a manifest, as `wit/command.wit` states them.

use std::collections::HashSet;
use std::path::{Component, Path};

use semver::Version;

use super::manifest::{ArgumentSpec, Declared, Shape, ValueSpec, ValueType};
use super::name::{OPTIONS, SHORT_OPTIONS, is_kebab_case};
use super::{Name, NameError};
use crate::config::schema::SchemaError;
use crate::invocation::value;
use crate::permission::{Endpoint, Request, Statement};
use crate::text::is_deceptive;

const MAX_SUMMARY: usize = 120;
const MAX_DESCRIPTION: usize = 16 * 1024;
const MAX_HELP: usize = 4 * 1024;
const MAX_ARGUMENTS: usize = 256;
const MAX_CHOICES: usize = 256;
const MAX_CHOICE: usize = 64;
const MAX_PLACEHOLDER: usize = 32;
const MAX_REQUESTS: usize = 64;
const MAX_REASON: usize = 256;
const MAX_VERSION: usize = 64;

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the version `{0}` is not of the form 1.2.3")]
    Version(String),
    #[error("{what} {problem}")]
    Text { what: String, problem: &'static str },
    #[error("there are {count} {what}, at most {limit} are allowed")]
    TooMany { what: &'static str, count: usize, limit: usize },
    #[error("the argument `{name}` {problem}")]
    Argument { name: String, problem: String },
    #[error("the request of {what} {problem}")]
    Request { what: String, problem: String },
    #[error("the configuration schema: {0}")]
    Schema(#[from] SchemaError),
}

/// What the texts of a manifest mean.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: Name,
    pub(super) version: Version,
}

/// Checks every rule, but for those of the schema.
pub(super) fn check(manifest: &Declared) -> Result<Checked, ManifestError> {
    let name = Name::new(&manifest.name)?;
    let version = Version::parse(&manifest.version).ok();
    let Some(version) = version.filter(|_| manifest.version.len() <= MAX_VERSION) else {
        let version: String = manifest.version.chars().take(MAX_VERSION).collect();
        return Err(ManifestError::Version(version.escape_debug().to_string()));
    };
    check_text("the summary", &manifest.summary, MAX_SUMMARY, Lines::One)?;
    if manifest.summary.is_empty() {
        return Err(ManifestError::Text { what: "the summary".into(), problem: "is empty" });
    }
    if let Some(description) = &manifest.description {
        check_text("the description", description, MAX_DESCRIPTION, Lines::Many)?;
    }
    check_count("arguments", manifest.arguments.len(), MAX_ARGUMENTS)?;
    check_arguments(&manifest.arguments)?;
    check_count("requests", manifest.requests.len(), MAX_REQUESTS)?;
    manifest.requests.iter().try_for_each(check_request)?;
    Ok(Checked { name, version })
}

fn check_count(what: &'static str, count: usize, limit: usize) -> Result<(), ManifestError> {
    if count > limit {
        return Err(ManifestError::TooMany { what, count, limit });
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Lines {
    One,
    Many,
}

/// Text that help and listings show: of bounded length, and without characters that would let it pose
/// as something else on a terminal.
fn check_text(what: &str, text: &str, limit: usize, lines: Lines) -> Result<(), ManifestError> {
    let problem = if text.chars().nth(limit).is_some() {
        "is too long"
    } else if lines == Lines::One && text.contains('\n') {
        "has more than one line"
    } else if text.chars().any(|c| c != '\n' && is_deceptive(c)) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(ManifestError::Text { what: what.to_owned(), problem })
}

fn check_arguments(arguments: &[ArgumentSpec]) -> Result<(), ManifestError> {
    let mut longs = HashSet::new();
    let mut shorts = HashSet::new();
    let mut keys = HashSet::new();
    let mut positionals = Positionals::default();
    for spec in arguments {
        let fault = |problem: String| ManifestError::Argument {
            name: spec.name.chars().take(64).collect::<String>().escape_debug().to_string(),
            problem,
        };
        check_argument(spec).map_err(fault)?;
        let negation = (matches!(spec.shape, Shape::Flag) && spec.configuration_key.is_some())
            .then(|| format!("no-{}", spec.name));
        for long in std::iter::once(spec.name.clone()).chain(negation) {
            if !longs.insert(long) {
                return Err(fault("is declared twice".into()));
            }
        }
        if spec.short.is_some_and(|short| !shorts.insert(short)) {
            return Err(fault("has the short form of another".into()));
        }
        if let Some(key) = &spec.configuration_key
            && !keys.insert(key.to_ascii_lowercase().replace('-', "_"))
        {
            return Err(fault("has the configuration key of another".into()));
        }
        positionals.check(spec).map_err(fault)?;
    }
    Ok(())
}

fn check_argument(spec: &ArgumentSpec) -> Result<(), String> {
    if !is_kebab_case(&spec.name) {
        return Err("is not in lower-case kebab-case".into());
    }
    check_text("its help", &spec.help, MAX_HELP, Lines::Many)
        .map_err(|e| format!("is wrong: {e}"))?;
    let positional = matches!(spec.shape, Shape::Positional(_));
    if OPTIONS.contains(&spec.name.as_str()) {
        return Err("has the name of one of the runner's options".into());
    }
    if let Some(short) = spec.short {
        if positional {
            return Err("is positional and has a short form".into());
        }
        if !short.is_ascii_alphanumeric() || SHORT_OPTIONS.contains(&short) {
            return Err(format!("cannot have the short form `{}`", short.escape_debug()));
        }
    }
    if let Some(key) = &spec.configuration_key
        && (key.len() > 64
            || !key.starts_with(|c: char| c.is_ascii_alphabetic())
            || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
    {
        return Err(
            "has a configuration key with other characters than letters, digits, `-` and `_`"
                .into(),
        );
    }
    spec.value().map_or(Ok(()), check_value)
}

fn check_value(value: &ValueSpec) -> Result<(), String> {
    match &value.kind {
        ValueType::Text | ValueType::Number | ValueType::Path(_) => {}
        ValueType::Integer { min, max } => {
            if min.zip(*max).is_some_and(|(min, max)| min > max) {
                return Err("has a minimum above its maximum".into());
            }
        }
        ValueType::Choice(words) => {
            if !(1..=MAX_CHOICES).contains(&words.len()) {
                return Err(format!(
                    "has {} words to choose from, 1 to {MAX_CHOICES} are allowed",
                    words.len()
                ));
            }
            let mut seen = HashSet::new();
            if !words.iter().all(|word| is_plain_word(word) && seen.insert(word)) {
                return Err("has the same word twice to choose from, or one with other characters than letters, digits and `-_.+:/@`".into());
            }
        }
    }
    if !value.placeholder.as_deref().is_none_or(is_placeholder) {
        return Err("has a placeholder with other characters than capitals, digits, `-` and `_`, or more than 32".into());
    }
    let Some(default) = &value.default else { return Ok(()) };
    if value.required {
        return Err("is required and has a default".into());
    }
    check_text("its default", default, MAX_HELP, Lines::One)
        .map_err(|e| format!("is wrong: {e}"))?;
    value::parse(&value.kind, default)
        .map(drop)
        .map_err(|problem| format!("has a default that does not fit: {problem}"))
}

/// A word of a choice. Completion scripts quote these words for a shell, which would run what stands in
/// `$()`: so there are only characters that no shell knows.
fn is_plain_word(word: &str) -> bool {
    (1..=MAX_CHOICE).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+:/@".contains(&b))
}

/// A word that stands for a value in help.
fn is_placeholder(word: &str) -> bool {
    (1..=MAX_PLACEHOLDER).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

/// The order of positional arguments: required ones first, a repeated one last.
#[derive(Default)]
struct Positionals {
    optional: bool,
    repeated: bool,
}

impl Positionals {
    fn check(&mut self, spec: &ArgumentSpec) -> Result<(), String> {
        let Shape::Positional(value) = &spec.shape else { return Ok(()) };
        if self.repeated {
            return Err(
                "follows a repeated positional argument, which takes all that is left".into()
            );
        }
        let required = value.required && spec.configuration_key.is_none();
        if self.optional && required {
            return Err("is required and follows a positional argument that may be left out".into());
        }
        self.optional |= !required;
        self.repeated |= value.repeated;
        Ok(())
    }
}

fn check_request(request: &Request) -> Result<(), ManifestError> {
    check_text("the reason of a request", &request.reason, MAX_REASON, Lines::One)?;
    let target = &request.capability.target;
    check_text("what is requested", target, MAX_HELP, Lines::One)?;
    let fault = |problem: String| ManifestError::Request { what: format!("`{target}`"), problem };
    Statement::check(&request.capability).map_err(|error| fault(format!("is wrong: {error}")))?;
    // Letters of other scripts can look like those of a host that people trust, wherever the request is shown.
    if let Some(protocol) = request.capability.kind.protocol().filter(|_| !target.is_ascii())
        && let Ok(endpoint) = Endpoint::parse(protocol, target)
    {
        return Err(fault(format!("has other letters than ASCII: it is written `{endpoint}`")));
    }
    if request.capability.kind.access().is_some() && !request.is_of_git_index() {
        let has_parent = Path::new(target).components().any(|c| c == Component::ParentDir);
        if has_parent || target.contains(['\\', ':']) || target.starts_with('~') {
            return Err(fault("is not a path below the workspace or from the root".into()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
