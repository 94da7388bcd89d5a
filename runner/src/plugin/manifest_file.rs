//! The manifest of a program, which cannot say what it is: a file beside it, or a section inside.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::ManifestError;
use super::manifest::{ArgumentSpec, Declared, Manifest, Program, Shape, ValueSpec, ValueType};
use crate::invocation::{check_form, usual_form};
use crate::permission::{Access, Capability, Kind, PathKind, PathSpec, Request};

/// The version of a program whose manifest has none.
const NO_VERSION: &str = "0.0.0";

/// A manifest as people write it, nothing of it checked beyond its form. The JSON Schema of it is
/// `schemas/manifest.schema.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ManifestFile {
    /// The command's name; without it, that of the file.
    name: Option<String>,
    version: Option<String>,
    summary: String,
    description: Option<String>,
    /// Words that the program gets before all others.
    #[serde(default)]
    leading_arguments: Vec<String>,
    /// What it can be called with. Without it, the program gets what was typed.
    arguments: Option<Vec<ArgumentEntry>>,
    configuration_schema: Option<Map<String, Value>>,
    /// What it asks for. Without it, what the user grants is all that counts.
    requests: Option<Vec<RequestEntry>>,
}

/// One argument: exactly one of `flag`, `option` and `positional`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "ArgumentText")]
struct ArgumentEntry {
    spec: ArgumentSpec,
    pass: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ArgumentText {
    name: String,
    short: Option<char>,
    #[serde(default)]
    help: String,
    configuration_key: Option<String>,
    flag: Option<bool>,
    option: Option<ValueEntry>,
    positional: Option<ValueEntry>,
    /// How it stands on the program's own command line: `{}` is the value.
    pass: Option<Vec<String>>,
}

impl TryFrom<ArgumentText> for ArgumentEntry {
    type Error = &'static str;

    fn try_from(text: ArgumentText) -> Result<Self, Self::Error> {
        let shape = match (text.flag, text.option, text.positional) {
            (Some(true), None, None) => Shape::Flag,
            (None, Some(value), None) => Shape::Option(value.0),
            (None, None, Some(value)) => Shape::Positional(value.0),
            _ => return Err("an argument is one of `flag: true`, `option` and `positional`"),
        };
        let ArgumentText { name, short, help, configuration_key, pass, .. } = text;
        Ok(Self { spec: ArgumentSpec { name, short, help, shape, configuration_key }, pass })
    }
}

/// The specification of a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "ValueText")]
struct ValueEntry(ValueSpec);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ValueText {
    r#type: TypeWord,
    /// The bounds of an integer.
    min: Option<i64>,
    max: Option<i64>,
    /// The words of a choice.
    choices: Option<Vec<String>>,
    /// What a path leads to, and what is done with it.
    kind: Option<PathKind>,
    access: Option<Access>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    repeated: bool,
    default: Option<Value>,
    placeholder: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TypeWord {
    Text,
    Integer,
    Number,
    Choice,
    Path,
}

impl TryFrom<ValueText> for ValueEntry {
    type Error = &'static str;

    fn try_from(text: ValueText) -> Result<Self, Self::Error> {
        let ValueText { r#type, min, max, choices, kind, access, .. } = text;
        let is = |word| r#type == word;
        if (min.is_some() || max.is_some()) && !is(TypeWord::Integer) {
            return Err("`min` and `max` belong to an integer");
        }
        if choices.is_some() != is(TypeWord::Choice) {
            return Err("`choices` belong to a choice, and a choice has them");
        }
        if (kind.is_some() || access.is_some()) && !is(TypeWord::Path) {
            return Err("`kind` and `access` belong to a path");
        }
        let kind = match r#type {
            TypeWord::Text => ValueType::Text,
            TypeWord::Integer => ValueType::Integer { min, max },
            TypeWord::Number => ValueType::Number,
            TypeWord::Choice => ValueType::Choice(choices.unwrap_or_default()),
            TypeWord::Path => ValueType::Path(PathSpec {
                kind: kind.ok_or("a path has a `kind`: file or directory")?,
                access: access.ok_or("a path has an `access`: read or write")?,
            }),
        };
        let default = match text.default {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => Some(scalar.to_string()),
            Some(_) => return Err("a default is a text or a number"),
        };
        let ValueText { required, repeated, placeholder, .. } = text;
        Ok(Self(ValueSpec { kind, required, repeated, default, placeholder }))
    }
}

/// One request: exactly one capability, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RequestText")]
struct RequestEntry(Request);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RequestText {
    read: Option<String>,
    write: Option<String>,
    env: Option<String>,
    connect: Option<String>,
    udp: Option<String>,
    resolve: Option<String>,
    http: Option<String>,
    reason: String,
}

impl TryFrom<RequestText> for RequestEntry {
    type Error = &'static str;

    fn try_from(text: RequestText) -> Result<Self, Self::Error> {
        let RequestText { read, write, env, connect, udp, resolve, http, reason } = text;
        let targets = [read, write, env, connect, udp, resolve, http];
        let mut named = Kind::ALL
            .into_iter()
            .zip(targets)
            .filter_map(|(kind, target)| Some(Capability::new(kind, target?)));
        match (named.next(), named.next()) {
            (Some(capability), None) => Ok(Self(Request { capability, reason })),
            _ => Err(
                "a request is one of `read`, `write`, `env`, `connect`, `udp`, `resolve` and `http`",
            ),
        }
    }
}

impl ManifestFile {
    /// What there is to say of a program that nobody wrote a manifest for.
    pub(super) fn none() -> Self {
        Self {
            name: None,
            version: None,
            summary: "A program of WASI".to_owned(),
            description: None,
            leading_arguments: Vec::new(),
            arguments: None,
            configuration_schema: None,
            requests: None,
        }
    }

    /// Checks it against the rules in `wit/command.wit`. `stem` is the name of the file, which names the
    /// command where the manifest does not.
    pub(crate) fn check(self, stem: &str) -> Result<Manifest, ManifestError> {
        if self.leading_arguments.iter().any(|word| word.contains('\0')) {
            return Err(ManifestError::Text {
                what: "a leading argument".to_owned(),
                problem: "holds a control character",
            });
        }
        let passed = self.arguments.as_ref().map(|arguments| arguments.iter().map(form).collect());
        let program = Program {
            leading_arguments: self.leading_arguments,
            passed: passed.transpose()?,
            is_bounded: self.requests.is_some(),
        };
        let arguments = self.arguments.into_iter().flatten().map(|entry| entry.spec).collect();
        let requests = self.requests.into_iter().flatten().map(|entry| entry.0).collect();
        let declared = Declared {
            name: self.name.unwrap_or_else(|| stem.to_owned()),
            version: self.version.unwrap_or_else(|| NO_VERSION.to_owned()),
            summary: self.summary,
            description: self.description,
            arguments,
            configuration_schema: self
                .configuration_schema
                .map(|schema| Value::Object(schema).to_string()),
            requests,
        };
        Manifest::of_program(declared, program)
    }
}

/// How an argument is passed to the program.
fn form(entry: &ArgumentEntry) -> Result<Vec<String>, ManifestError> {
    let Some(form) = &entry.pass else { return Ok(usual_form(&entry.spec)) };
    check_form(&entry.spec, form).map_err(|problem| ManifestError::Argument {
        name: entry.spec.name.escape_debug().to_string(),
        problem: problem.to_owned(),
    })?;
    Ok(form.clone())
}
