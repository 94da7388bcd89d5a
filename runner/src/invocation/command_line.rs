//! What a program that knows nothing of the contract is called with.

use super::{Argument, ArgumentError, Value};
use crate::plugin::{ArgumentSpec, Manifest, Shape};

/// What stands for the value in how an argument is passed.
const VALUE: &str = "{}";

/// The most bytes of a command line: as much as any system passes to a program.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What a word takes beside its text, as systems count: its end, and the pointer to it.
const WORD: usize = 9;

/// The words that a program is called with, the command's name first. None where the plugin is called by
/// the contract.
///
/// Without arguments in its manifest, a program is passed what was typed; else what was found of each
/// argument, wherever it comes from: flags and options first, in the manifest's order.
pub(crate) fn command_line(
    manifest: &Manifest,
    raw: &[String],
    arguments: &[Argument],
) -> Result<Option<Vec<String>>, ArgumentError> {
    let Some(program) = manifest.program() else { return Ok(None) };
    let mut line = CommandLine { words: vec![manifest.name().to_string()], room: MAX_BYTES };
    program.leading_arguments.iter().try_for_each(|word| line.add(word, None))?;
    let Some(passed) = &program.passed else {
        raw.iter().try_for_each(|word| line.add(word, None))?;
        return Ok(Some(line.words));
    };
    let is_positional = |spec: &ArgumentSpec| matches!(spec.shape, Shape::Positional(_));
    for positional in [false, true] {
        let specs = manifest.arguments.iter().zip(passed).zip(arguments);
        for ((spec, form), argument) in specs {
            if is_positional(spec) == positional {
                for value in argument.values.iter().filter_map(text) {
                    form.iter().try_for_each(|word| line.add(word, Some(&value)))?;
                }
            }
        }
    }
    Ok(Some(line.words))
}

/// A command line in the making. A manifest says how often a value stands in it, so its length is bounded
/// before any of it is written.
struct CommandLine {
    words: Vec<String>,
    room: usize,
}

impl CommandLine {
    /// Adds a word, in which the value stands where there is one.
    fn add(&mut self, word: &str, value: Option<&str>) -> Result<(), ArgumentError> {
        let inserted = value.map_or(0, |value| word.matches(VALUE).count() * value.len());
        let left = self.room.checked_sub(word.len() + inserted + WORD);
        self.room = left.ok_or(ArgumentError::TooLong { limit: MAX_BYTES / (1024 * 1024) })?;
        let word = value.map_or_else(|| word.to_owned(), |value| word.replace(VALUE, value));
        if word.contains('\0') {
            return Err(ArgumentError::Nul);
        }
        self.words.push(word);
        Ok(())
    }
}

/// A value as a word; a flag that is off has none.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Flag(on) => return on.then(String::new),
        Value::Text(text) | Value::Path(text) => text.clone(),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
    })
}

/// What is wrong with how an argument is passed, if anything is.
pub(crate) fn check_form(spec: &ArgumentSpec, form: &[String]) -> Result<(), &'static str> {
    let has_value = form.iter().any(|word| word.contains(VALUE));
    if form.is_empty() || form.iter().any(|word| word.contains('\0')) {
        return Err("is passed as no word at all, or as one with a NUL in it");
    }
    match spec.shape {
        Shape::Flag if has_value => Err("is a flag and passed with a value"),
        Shape::Option(_) | Shape::Positional(_) if !has_value => {
            Err("is passed without its value: `{}` stands for it")
        }
        _ => Ok(()),
    }
}

/// How an argument is passed where its manifest does not say.
pub(crate) fn usual_form(spec: &ArgumentSpec) -> Vec<String> {
    let long = format!("--{}", spec.name);
    match spec.shape {
        Shape::Flag => vec![long],
        Shape::Option(_) => vec![long, VALUE.to_owned()],
        Shape::Positional(_) => vec![VALUE.to_owned()],
    }
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
