//! The contract's host side: `wit/command.wit` as Rust types, and their conversion to the runner's own.

use crate::invocation::{Argument, Invocation, Source, Value};
use crate::permission::{Access, Capability, Kind, PathKind, PathSpec, Request};
use crate::plugin::{ArgumentSpec, Declared, Shape, ValueSpec, ValueType};

use super::limits::cut;
use super::outcome::{Failure, FailureKind};

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "command",
        imports: { default: trappable },
        exports: { default: async },
    });
}

pub(super) use generated::taskrunner::plugin::{log, progress};
pub(super) use generated::{Command, CommandIndices};

use generated::exports::taskrunner::plugin::guest;
use generated::taskrunner::plugin::types as wit;
pub(super) use guest::Invocation as WitInvocation;

impl From<guest::Manifest> for Declared {
    fn from(manifest: guest::Manifest) -> Self {
        Self {
            name: manifest.name,
            version: manifest.version,
            summary: manifest.summary,
            description: manifest.description,
            arguments: manifest.arguments.into_iter().map(Into::into).collect(),
            configuration_schema: manifest.configuration_schema,
            requests: manifest.requests.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<wit::ArgumentSpec> for ArgumentSpec {
    fn from(spec: wit::ArgumentSpec) -> Self {
        Self {
            name: spec.name,
            short: spec.short,
            help: spec.help,
            shape: match spec.shape {
                wit::ArgumentShape::Flag => Shape::Flag,
                wit::ArgumentShape::Option(value) => Shape::Option(value.into()),
                wit::ArgumentShape::Positional(value) => Shape::Positional(value.into()),
            },
            configuration_key: spec.configuration_key,
        }
    }
}

impl From<wit::ValueSpec> for ValueSpec {
    fn from(spec: wit::ValueSpec) -> Self {
        Self {
            kind: match spec.type_ {
                wit::ValueType::Text => ValueType::Text,
                wit::ValueType::Integer(range) => {
                    ValueType::Integer { min: range.min, max: range.max }
                }
                wit::ValueType::Number => ValueType::Number,
                wit::ValueType::Choice(words) => ValueType::Choice(words),
                wit::ValueType::Path(path) => ValueType::Path(PathSpec {
                    kind: match path.kind {
                        wit::PathKind::File => PathKind::File,
                        wit::PathKind::Directory => PathKind::Directory,
                    },
                    access: match path.access {
                        wit::PathAccess::Read => Access::Read,
                        wit::PathAccess::Write => Access::Write,
                    },
                }),
            },
            required: spec.required,
            repeated: spec.repeated,
            default: spec.default,
            placeholder: spec.placeholder,
        }
    }
}

impl From<wit::Request> for Request {
    fn from(request: wit::Request) -> Self {
        Self {
            capability: match request.capability {
                wit::Capability::Read(path) => Capability::new(Kind::Read, path),
                wit::Capability::Write(path) => Capability::new(Kind::Write, path),
                wit::Capability::Environment(name) => Capability::new(Kind::Env, name),
                wit::Capability::Connect(endpoint) => Capability::new(Kind::Connect, endpoint),
                wit::Capability::Udp(endpoint) => Capability::new(Kind::Udp, endpoint),
                wit::Capability::Resolve(host) => Capability::new(Kind::Resolve, host),
                wit::Capability::Http(endpoint) => Capability::new(Kind::Http, endpoint),
            },
            reason: request.reason,
        }
    }
}

impl From<guest::Failure> for Failure {
    fn from(mut failure: guest::Failure) -> Self {
        cut(&mut failure.message);
        failure.hint.iter_mut().for_each(cut);
        Self {
            kind: match failure.kind {
                wit::FailureKind::Usage => FailureKind::Usage,
                wit::FailureKind::Configuration => FailureKind::Configuration,
                wit::FailureKind::Retryable => FailureKind::Retryable,
                wit::FailureKind::Failed => FailureKind::Failed,
            },
            message: failure.message,
            hint: failure.hint,
        }
    }
}

/// What the guest is given.
pub(super) fn invocation(invocation: &Invocation, attempt: u32) -> guest::Invocation {
    guest::Invocation {
        command: invocation.command.to_string(),
        raw_arguments: invocation.raw_arguments.clone(),
        arguments: invocation.arguments.iter().map(argument).collect(),
        configuration: invocation.configuration(),
        attempt,
    }
}

fn argument(argument: &Argument) -> wit::Argument {
    wit::Argument {
        name: argument.name.clone(),
        values: argument
            .values
            .iter()
            .map(|value| match value {
                Value::Flag(on) => wit::ArgumentValue::Flag(*on),
                Value::Text(text) => wit::ArgumentValue::Text(text.clone()),
                Value::Integer(integer) => wit::ArgumentValue::Integer(*integer),
                Value::Number(number) => wit::ArgumentValue::Number(*number),
                Value::Path(path) => wit::ArgumentValue::Path(path.clone()),
            })
            .collect(),
        source: match argument.source {
            Source::CommandLine => wit::ArgumentSource::CommandLine,
            Source::Environment => wit::ArgumentSource::Environment,
            Source::Configuration => wit::ArgumentSource::Configuration,
            Source::Default => wit::ArgumentSource::Default,
        },
    }
}
