//! The name of a command.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a command may not be called: the subcommands that the runner has or keeps for itself, and the
/// top-level keys of the configuration that are its own.
pub(crate) const RESERVED: [&str; 19] = [
    "audit",
    "commands",
    "completions",
    "help",
    "inspect",
    "limits",
    "list",
    "lock",
    "logging",
    "man",
    "permissions",
    "pipeline",
    "plugin",
    "plugins",
    "retry",
    "run",
    "self",
    "trust",
    "update",
];

/// What an argument may not be called: the runner's own options, which stand behind a command, too.
pub(crate) const OPTIONS: [&str; 41] = [
    "allow-connect",
    "allow-env",
    "allow-http",
    "allow-read",
    "allow-resolve",
    "allow-udp",
    "allow-write",
    "attempts",
    "audit",
    "backoff",
    "backoff-delay",
    "backoff-jitter",
    "backoff-max",
    "color",
    "config",
    "deny-connect",
    "deny-env",
    "deny-http",
    "deny-read",
    "deny-resolve",
    "deny-udp",
    "deny-write",
    "disk-limit",
    "file-limit",
    "format",
    "handle-limit",
    "help",
    "locked",
    "log-format",
    "log-level",
    "memory-limit",
    "no-input",
    "output-limit",
    "plugin-dir",
    "receipt",
    "record-limit",
    "require-sandbox",
    "retry-on",
    "time-limit",
    "timings",
    "version",
];

/// The letters of the runner's own options.
pub(crate) const SHORT_OPTIONS: [char; 3] = ['C', 'V', 'h'];

/// The longest name, in characters.
const MAX_LENGTH: usize = 64;

/// The name of a command: lower-case ASCII kebab-case, and none of the runner's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(String);

/// Why a text is no name of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(
        "`{0}` is no name for a command: lower-case letters, digits and single `-` inside, beginning with a letter, at most 64 characters"
    )]
    Form(String),
    #[error("`{0}` is a name of the runner's own")]
    Reserved(String),
}

impl Name {
    pub(crate) fn new(name: &str) -> Result<Self, NameError> {
        if !is_kebab_case(name) {
            return Err(NameError::Form(name.escape_debug().to_string()));
        }
        if RESERVED.contains(&name) {
            return Err(NameError::Reserved(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment variable that gives a key of this command's section: `TASKRUNNER_BUILD_OPTIMIZE`.
    pub(crate) fn environment_variable(&self, key: &str) -> String {
        format!("TASKRUNNER_{}_{key}", self.0).replace('-', "_").to_ascii_uppercase()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// Whether the text is lower-case ASCII kebab-case of 1 to 64 characters that begins with a letter.
pub(crate) fn is_kebab_case(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case() {
        for good in ["a", "clean", "a-b", "to-wasm32", &"x".repeat(64)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "1a",
            "a_b",
            "a b",
            "сlean",
            "a\u{1b}",
            "../a",
            &"x".repeat(65),
        ] {
            assert!(matches!(Name::new(bad), Err(NameError::Form(_))), "{bad}");
        }
    }

    #[test]
    fn the_runners_own_names_are_refused() {
        assert!(matches!(Name::new("list"), Err(NameError::Reserved(_))));
    }

    #[test]
    fn the_environment_variable_is_in_capitals() {
        let name = Name::new("to-wasm").expect("a name");
        assert_eq!(name.environment_variable("opt-level"), "TASKRUNNER_TO_WASM_OPT_LEVEL");
    }
}
