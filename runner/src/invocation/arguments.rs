//! The command line of a plugin, made from its manifest: parsing, help and completion are clap's.

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::value;
use crate::permission::PathKind;
use crate::plugin::{ArgumentSpec, Manifest, Shape, ValueSpec, ValueType};

/// The values of each argument as they were typed, in the manifest's order. None where it was not
/// given.
pub(crate) type Typed = Vec<Option<TypedValues>>;

/// What was typed for one argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TypedValues {
    Flag(bool),
    Texts(Vec<String>),
}

/// What stands in help for arguments that only the program knows.
const RAW: &str = "arguments";

/// What clap needs to know of a command.
pub(crate) fn clap_command(manifest: &Manifest) -> Command {
    let mut command = Command::new(manifest.name().to_string())
        .bin_name(format!("taskrunner {}", manifest.name()))
        .display_name(format!("taskrunner {}", manifest.name()))
        .version(manifest.version.clone())
        .about(manifest.summary.clone())
        .after_help("The runner's own options, such as --config and --time-limit, may stand here too: see `taskrunner --help`.")
        .args_override_self(false);
    if manifest.is_raw() {
        return command
            .disable_help_flag(true)
            .disable_version_flag(true)
            .after_help("What stands behind its name is the program's own, `--help` too; the runner's options stand before it.")
            .arg(Arg::new(RAW).value_name("ARGUMENTS").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true));
    }
    if let Some(description) = &manifest.description {
        command = command.long_about(format!("{}\n\n{description}", manifest.summary));
    }
    for spec in &manifest.arguments {
        command = command.arg(clap_argument(manifest, spec));
        if has_negation(spec) {
            let negation = negation(spec);
            command = command.arg(
                Arg::new(negation.clone())
                    .long(negation.clone())
                    .hide(true)
                    .action(ArgAction::SetTrue)
                    .overrides_with_all([spec.name.clone(), negation]),
            );
        }
    }
    command
}

/// Parses what stands behind the command's name.
pub(crate) fn parse(manifest: &Manifest, raw: &[String]) -> Result<Typed, clap::Error> {
    if manifest.is_raw() {
        return Ok(Typed::new());
    }
    let words = std::iter::once(OsString::new()).chain(raw.iter().map(OsString::from));
    let matches = clap_command(manifest).try_get_matches_from(words)?;
    Ok(manifest.arguments.iter().map(|spec| typed(spec, &matches)).collect())
}

fn typed(spec: &ArgumentSpec, matches: &ArgMatches) -> Option<TypedValues> {
    if matches!(spec.shape, Shape::Flag) {
        let off = has_negation(spec) && matches.get_flag(&negation(spec));
        let on = matches.get_flag(&spec.name);
        return (on || off).then_some(TypedValues::Flag(on));
    }
    let values = matches.get_many::<String>(&spec.name)?;
    Some(TypedValues::Texts(values.cloned().collect()))
}

fn has_negation(spec: &ArgumentSpec) -> bool {
    matches!(spec.shape, Shape::Flag) && spec.configuration_key.is_some()
}

fn negation(spec: &ArgumentSpec) -> String {
    format!("no-{}", spec.name)
}

fn clap_argument(manifest: &Manifest, spec: &ArgumentSpec) -> Arg {
    let mut argument = Arg::new(spec.name.clone()).help(help(manifest, spec));
    if !matches!(spec.shape, Shape::Positional(_)) {
        argument = argument.long(spec.name.clone());
    }
    if let Some(short) = spec.short {
        argument = argument.short(short);
    }
    match spec.value() {
        None => {
            argument = argument.action(ArgAction::SetTrue).overrides_with(&spec.name);
            if has_negation(spec) {
                argument = argument.overrides_with(negation(spec));
            }
            argument
        }
        Some(value) => clap_value(argument, spec, value),
    }
}

fn clap_value(argument: Arg, spec: &ArgumentSpec, value: &ValueSpec) -> Arg {
    let positional = matches!(spec.shape, Shape::Positional(_));
    let placeholder = match &value.placeholder {
        Some(placeholder) => placeholder.clone(),
        None if positional => spec.name.to_ascii_uppercase(),
        None => placeholder(&value.kind).to_owned(),
    };
    let mut argument = argument
        .value_name(placeholder)
        .action(if value.repeated { ArgAction::Append } else { ArgAction::Set })
        .required(value.required && spec.configuration_key.is_none());
    if positional && value.repeated {
        argument = argument.num_args(if value.required { 1.. } else { 0.. });
    }
    match &value.kind {
        ValueType::Choice(words) => argument.value_parser(PossibleValuesParser::new(words.clone())),
        ValueType::Integer { .. } | ValueType::Number => {
            argument.allow_negative_numbers(true).value_parser(checked(value.kind.clone()))
        }
        ValueType::Path(path) => argument
            .value_hint(match path.kind {
                PathKind::File => ValueHint::FilePath,
                PathKind::Directory => ValueHint::DirPath,
            })
            .value_parser(checked(value.kind.clone())),
        ValueType::Text => argument.value_parser(clap::builder::StringValueParser::new()),
    }
}

/// Checks a value where clap can point at it, and keeps it as text.
fn checked(kind: ValueType) -> impl TypedValueParser<Value = String> {
    clap::builder::StringValueParser::new()
        .try_map(move |text| value::parse(&kind, &text).map(|_| text.clone()))
}

fn placeholder(kind: &ValueType) -> &'static str {
    match kind {
        ValueType::Text => "TEXT",
        ValueType::Integer { .. } => "INTEGER",
        ValueType::Number => "NUMBER",
        ValueType::Choice(_) => "CHOICE",
        ValueType::Path(path) => match path.kind {
            PathKind::File => "FILE",
            PathKind::Directory => "DIR",
        },
    }
}

/// The help of an argument, with what else can give its value.
fn help(manifest: &Manifest, spec: &ArgumentSpec) -> String {
    let mut help = spec.help.clone();
    let mut add = |note: String| {
        if !help.is_empty() {
            help.push(' ');
        }
        help.push_str(&note);
    };
    if let Some(default) = spec.value().and_then(|value| value.default.as_deref()) {
        add(format!("[default: {default}]"));
    }
    if let Some(key) = &spec.configuration_key {
        let variable = manifest.name().environment_variable(key);
        add(format!("[configuration: {}.{key}] [env: {variable}]", manifest.name()));
    }
    if has_negation(spec) {
        add(format!("[off: --{}]", negation(spec)));
    }
    help
}

#[cfg(test)]
#[path = "arguments_tests.rs"]
mod tests;
