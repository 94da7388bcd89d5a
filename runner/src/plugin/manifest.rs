//! What a plugin says of itself.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use std::sync::Arc;

use super::Name;
use super::check::Checked;
use crate::config::schema::Schema;
use crate::permission::{PathSpec, Request};

/// A manifest that was checked against the rules in `wit/command.wit`: nothing else makes one than that
/// check, of a guest's word as of a file's.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    name: Name,
    version: semver::Version,
    schema: Option<Arc<Schema>>,
    declared: Declared,
    program: Option<Program>,
}

/// How a program that knows nothing of the contract is called, and what bounds it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Words that it gets before all others.
    pub(crate) leading_arguments: Vec<String>,
    /// How each argument of the manifest is passed; none where what was typed is passed as it is.
    pub(crate) passed: Option<Vec<Vec<String>>>,
    /// Whether it can be granted what it requests, and no more.
    pub(crate) is_bounded: bool,
}

impl Manifest {
    /// Checks what a plugin declared.
    pub(crate) fn check(declared: Declared) -> Result<Self, super::ManifestError> {
        let mut manifest = Self::known(declared)?;
        let schema = manifest.configuration_schema.as_deref().map(Schema::parse).transpose()?;
        manifest.schema = schema.map(Arc::new);
        Ok(manifest)
    }

    /// The same for what was checked before, and remembered: its schema is looked at when it is needed.
    pub(crate) fn known(declared: Declared) -> Result<Self, super::ManifestError> {
        let Checked { name, version } = super::check::check(&declared)?;
        let schema = declared.configuration_schema.as_deref().map(Schema::known).map(Arc::new);
        Ok(Self { name, version, schema, declared, program: None })
    }

    /// Checks what somebody declared of a program.
    pub(super) fn of_program(
        declared: Declared,
        program: Program,
    ) -> Result<Self, super::ManifestError> {
        Ok(Self { program: Some(program), ..Self::check(declared)? })
    }

    /// How it is called, if it is a program that knows nothing of the contract.
    pub(crate) fn program(&self) -> Option<&Program> {
        self.program.as_ref()
    }

    /// Whether what is typed goes to a program as it is, unparsed.
    pub(crate) fn is_raw(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.passed.is_none())
    }

    /// What bounds its grants; none where only the user does.
    pub(crate) fn bounds(&self) -> Option<&[Request]> {
        let is_bounded = self.program.as_ref().is_none_or(|program| program.is_bounded);
        is_bounded.then_some(&self.declared.requests)
    }

    /// A manifest called `demo` with these arguments and nothing else.
    #[cfg(test)]
    pub(crate) fn with_arguments(arguments: Vec<ArgumentSpec>) -> Self {
        Self::check(Declared {
            name: "demo".into(),
            version: "1.0.0".into(),
            summary: "For tests".into(),
            description: None,
            arguments,
            configuration_schema: None,
            requests: Vec::new(),
        })
        .expect("a manifest that keeps the rules")
    }

    /// The manifest of a program called `demo`, with these leading words; with arguments and how they are
    /// passed, or with what is typed passed as it is.
    #[cfg(test)]
    pub(crate) fn of_demo_program(
        leading: &[&str],
        arguments: Option<(Vec<ArgumentSpec>, Vec<Vec<String>>)>,
    ) -> Self {
        let leading_arguments = leading.iter().map(|&word| word.to_owned()).collect();
        let (specs, passed) = arguments.unzip();
        let program = Program { leading_arguments, passed, is_bounded: true };
        Self { program: Some(program), ..Self::with_arguments(specs.unwrap_or_default()) }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// The version, to compare it with another.
    pub(crate) fn semantic_version(&self) -> &semver::Version {
        &self.version
    }

    /// The schema of the command's section.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.as_deref()
    }

    /// The arguments that a key of the configuration can give.
    pub(crate) fn configuration_keys(&self) -> impl Iterator<Item = (&str, &ArgumentSpec)> {
        self.arguments.iter().filter_map(|spec| Some((spec.configuration_key.as_deref()?, spec)))
    }
}

impl Deref for Manifest {
    type Target = Declared;

    fn deref(&self) -> &Declared {
        &self.declared
    }
}

/// A manifest as it was declared, by whomever: nothing of it is checked. The fields are those of the
/// record `manifest` in `wit/command.wit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    pub(crate) arguments: Vec<ArgumentSpec>,
    pub(crate) configuration_schema: Option<String>,
    pub(crate) requests: Vec<Request>,
}

/// One argument as the plugin declares it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ArgumentSpec {
    pub(crate) name: String,
    pub(crate) short: Option<char>,
    pub(crate) help: String,
    pub(crate) shape: Shape,
    pub(crate) configuration_key: Option<String>,
}

impl ArgumentSpec {
    /// The specification of its value; a flag has none.
    pub(crate) fn value(&self) -> Option<&ValueSpec> {
        match &self.shape {
            Shape::Flag => None,
            Shape::Option(value) | Shape::Positional(value) => Some(value),
        }
    }

    /// As a user would write it: `--optimize`, `<FILE>`.
    pub(crate) fn display(&self) -> String {
        match self.shape {
            Shape::Flag | Shape::Option(_) => format!("--{}", self.name),
            Shape::Positional(_) => format!("<{}>", self.name.to_ascii_uppercase()),
        }
    }
}

/// How an argument stands on the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    Flag,
    Option(ValueSpec),
    Positional(ValueSpec),
}

/// The specification of an argument's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueSpec {
    #[serde(rename = "type")]
    pub(crate) kind: ValueType,
    pub(crate) required: bool,
    pub(crate) repeated: bool,
    pub(crate) default: Option<String>,
    /// What stands for the value in help.
    pub(crate) placeholder: Option<String>,
}

/// What counts as a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ValueType {
    Text,
    Integer { min: Option<i64>, max: Option<i64> },
    Number,
    Choice(Vec<String>),
    Path(PathSpec),
}
