//! Typed access to what the command was given.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::Failure;
use crate::bindings::taskrunner::plugin::types::{self, ArgumentValue};

pub use types::ArgumentSource as Source;

/// One call of the command.
///
/// The accessors of arguments take a name of the manifest.
///
/// # Panics
///
/// They panic where the manifest has no argument of that name, or one of another type: that is a
/// mistake in the plugin, which its first run shows.
#[derive(Clone, Debug)]
pub struct Invocation(types::Invocation);

impl Invocation {
    /// The name that the command was called by.
    pub fn command(&self) -> &str {
        &self.0.command
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// What stood behind the command's name, as it was typed.
    pub fn raw_arguments(&self) -> &[String] {
        &self.0.raw_arguments
    }

    /// Whether the flag is on.
    pub fn flag(&self, name: &str) -> bool {
        self.one(name, "a flag", |value| match value {
            ArgumentValue::Flag(on) => Some(*on),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// The value of a text or a choice.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.one(name, "a text", text)
    }

    /// All values of a repeated text or choice.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.all(name, "a text", text)
    }

    /// The value of an integer.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.one(name, "an integer", integer)
    }

    /// All values of a repeated integer.
    pub fn integers(&self, name: &str) -> Vec<i64> {
        self.all(name, "an integer", integer)
    }

    /// The value of a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.one(name, "a number", number)
    }

    /// All values of a repeated number.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.all(name, "a number", number)
    }

    /// The value of a path, as this command can open it.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.one(name, "a path", path)
    }

    /// All values of a repeated path.
    pub fn paths(&self, name: &str) -> Vec<&Path> {
        self.all(name, "a path", path)
    }

    /// What gave the argument its values.
    pub fn source(&self, name: &str) -> Source {
        self.argument(name).source
    }

    /// The command's section of the configuration, as a type of the plugin's own.
    ///
    /// # Errors
    ///
    /// A failure of the kind `configuration` where the section does not fit the type. With a schema in
    /// the manifest that says the same, the runner has found and shown the mistake before.
    pub fn configuration<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.0.configuration).map_err(|error| {
            Failure::configuration(format!("the section `{}`: {error}", self.0.command))
        })
    }

    pub(crate) fn from_wit(invocation: types::Invocation) -> Self {
        Self(invocation)
    }

    fn argument(&self, name: &str) -> &types::Argument {
        self.0
            .arguments
            .iter()
            .find(|argument| argument.name == name)
            .unwrap_or_else(|| panic!("the manifest has no argument `{name}`"))
    }

    fn all<'a, T>(
        &'a self,
        name: &str,
        expected: &str,
        cast: impl Fn(&'a ArgumentValue) -> Option<T>,
    ) -> Vec<T> {
        let values = self.argument(name).values.iter();
        values
            .map(|value| {
                cast(value).unwrap_or_else(|| panic!("the argument `{name}` is not {expected}"))
            })
            .collect()
    }

    fn one<'a, T>(
        &'a self,
        name: &str,
        expected: &str,
        cast: impl Fn(&'a ArgumentValue) -> Option<T>,
    ) -> Option<T> {
        self.all(name, expected, cast).pop()
    }
}

fn text(value: &ArgumentValue) -> Option<&str> {
    match value {
        ArgumentValue::Text(text) => Some(text),
        _ => None,
    }
}

fn integer(value: &ArgumentValue) -> Option<i64> {
    match value {
        ArgumentValue::Integer(integer) => Some(*integer),
        _ => None,
    }
}

fn number(value: &ArgumentValue) -> Option<f64> {
    match value {
        ArgumentValue::Number(number) => Some(*number),
        _ => None,
    }
}

fn path(value: &ArgumentValue) -> Option<&Path> {
    match value {
        ArgumentValue::Path(path) => Some(Path::new(path)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Invocation {
        let argument =
            |name: &str, values, source| types::Argument { name: name.into(), values, source };
        Invocation(types::Invocation {
            command: "demo".into(),
            raw_arguments: vec!["--loud".into()],
            arguments: vec![
                argument("loud", vec![ArgumentValue::Flag(true)], Source::CommandLine),
                argument(
                    "kind",
                    vec![ArgumentValue::Text("a".into()), ArgumentValue::Text("b".into())],
                    Source::Configuration,
                ),
                argument("count", vec![], Source::Default),
            ],
            configuration: r#"{"kind": ["a", "b"]}"#.into(),
            attempt: 1,
        })
    }

    #[test]
    fn arguments_arrive_in_their_types() {
        let call = call();
        assert!(call.flag("loud"));
        assert_eq!(call.texts("kind"), ["a", "b"]);
        assert_eq!(call.integer("count"), None);
        assert_eq!(call.source("kind"), Source::Configuration);
    }

    #[test]
    #[should_panic(expected = "no argument `lout`")]
    fn a_misspelt_name_is_a_mistake_of_the_plugin() {
        call().flag("lout");
    }

    #[test]
    fn the_configuration_arrives_in_the_plugins_own_type() {
        #[derive(serde::Deserialize)]
        struct Section {
            kind: Vec<String>,
        }
        assert_eq!(call().configuration::<Section>().expect("it fits").kind, ["a", "b"]);
        let failure = call().configuration::<Vec<u8>>().expect_err("an object is no list");
        assert!(failure.message().starts_with("the section `demo`: "), "{}", failure.message());
    }
}
