//! The command `{{name}}`: greets somebody.

use std::fs;

use exports::taskrunner::plugin::guest::Guest;
use taskrunner::plugin::log::{self, Level};
use taskrunner::plugin::progress;
use taskrunner::plugin::types::{
    ArgumentShape, ArgumentSpec, ArgumentValue, Failure, FailureKind, Invocation, Manifest,
    PathAccess, PathKind, PathSpec, ValueSpec, ValueType,
};

wit_bindgen::generate!({ path: "wit", world: "command" });

struct Command;

export!(Command);

impl Guest for Command {
    fn describe() -> Manifest {
        let file = PathSpec { kind: PathKind::File, access: PathAccess::Read };
        Manifest {
            name: "{{name}}".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            summary: "Greet somebody".into(),
            description: None,
            arguments: vec![
                ArgumentSpec {
                    name: "name".into(),
                    short: None,
                    help: "Whom to greet".into(),
                    shape: ArgumentShape::Positional(value(ValueType::Text, Some("world"), None)),
                    configuration_key: None,
                },
                ArgumentSpec {
                    name: "greeting".into(),
                    short: Some('g'),
                    help: "How to greet".into(),
                    shape: ArgumentShape::Option(value(ValueType::Text, Some("Hello"), Some("TEXT"))),
                    configuration_key: Some("greeting".into()),
                },
                ArgumentSpec {
                    name: "from".into(),
                    short: None,
                    help: "Take the name from this file instead".into(),
                    shape: ArgumentShape::Option(value(ValueType::Path(file), None, Some("FILE"))),
                    configuration_key: None,
                },
                ArgumentSpec {
                    name: "loud".into(),
                    short: None,
                    help: "Greet in capitals".into(),
                    shape: ArgumentShape::Flag,
                    configuration_key: None,
                },
            ],
            configuration_schema: None,
            requests: Vec::new(),
        }
    }

    fn run(invocation: Invocation) -> Result<u8, Failure> {
        let name = match text(&invocation, "from") {
            Some(path) => fs::read_to_string(path).map_err(|error| Failure {
                kind: FailureKind::Failed,
                message: format!("cannot read {path}: {error}"),
                hint: Some("name a text file".into()),
            })?,
            None => text(&invocation, "name").unwrap_or_default().to_owned(),
        };
        let name = name.trim();
        if name.is_empty() {
            return Err(Failure {
                kind: FailureKind::Usage,
                message: "there is nobody to greet".into(),
                hint: None,
            });
        }
        log::log(Level::Info, "greeting", &[("name".into(), name.into())]);
        let greeting = format!("{}, {name}!", text(&invocation, "greeting").unwrap_or_default());
        println!("{}", if flag(&invocation, "loud") { greeting.to_uppercase() } else { greeting });
        progress::report("greeting", 1, Some(1));
        Ok(0)
    }
}

/// A value that may be given once, and need not.
fn value(type_: ValueType, default: Option<&str>, placeholder: Option<&str>) -> ValueSpec {
    ValueSpec {
        type_,
        required: false,
        repeated: false,
        default: default.map(Into::into),
        placeholder: placeholder.map(Into::into),
    }
}

/// The first value of an argument.
fn first<'a>(invocation: &'a Invocation, name: &str) -> Option<&'a ArgumentValue> {
    invocation.arguments.iter().find(|argument| argument.name == name)?.values.first()
}

/// The value of an argument that is a text or a path.
fn text<'a>(invocation: &'a Invocation, name: &str) -> Option<&'a str> {
    match first(invocation, name)? {
        ArgumentValue::Text(text) | ArgumentValue::Path(text) => Some(text),
        _ => None,
    }
}

/// Whether a flag is given.
fn flag(invocation: &Invocation, name: &str) -> bool {
    matches!(first(invocation, name), Some(ArgumentValue::Flag(true)))
}
