//! What a program that knows nothing of the contract is called with.

use super::{Argument, Value};
use crate::plugin::{ArgumentSpec, Manifest, Shape};

/// What stands for the value in how an argument is passed.
const VALUE: &str = "{}";

/// The words that a program is called with, the command's name first. None where the plugin is called by
/// the contract.
///
/// Without arguments in its manifest, a program is passed what was typed; else what was found of each
/// argument, wherever it comes from: flags and options first, in the manifest's order.
pub(crate) fn command_line(
    manifest: &Manifest,
    raw: &[String],
    arguments: &[Argument],
) -> Option<Vec<String>> {
    let program = manifest.program()?;
    let mut words = vec![manifest.name().to_string()];
    words.extend_from_slice(&program.leading_arguments);
    let Some(passed) = &program.passed else {
        words.extend_from_slice(raw);
        return Some(words);
    };
    let is_positional = |spec: &ArgumentSpec| matches!(spec.shape, Shape::Positional(_));
    for positional in [false, true] {
        let specs = manifest.arguments.iter().zip(passed).zip(arguments);
        for ((spec, form), argument) in specs {
            if is_positional(spec) == positional {
                let values = argument.values.iter().filter_map(text);
                words.extend(values.flat_map(|value| pass(form, &value)));
            }
        }
    }
    Some(words)
}

/// What stands for one value.
fn pass(form: &[String], value: &str) -> Vec<String> {
    form.iter().map(|word| word.replace(VALUE, value)).collect()
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
