//! What was asked: a command, its arguments, its section of the configuration.

mod arguments;
mod command_line;
mod resolve;
pub(crate) mod value;

use serde_json::{Map, Value as Json};

use crate::plugin::Name;

pub(crate) use arguments::{TypedValues, clap_command, parse};
pub(crate) use command_line::{check_form, command_line, usual_form};
pub(crate) use resolve::{ArgumentError, Resolved, Sources, resolve};
pub(crate) use value::Value;

/// One call of a command, checked.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) command: Name,
    /// What stood behind the command's name, without the runner's options.
    pub(crate) raw_arguments: Vec<String>,
    /// One for each argument of the manifest, in its order.
    pub(crate) arguments: Vec<Argument>,
    /// The command's section of the configuration.
    pub(crate) section: Map<String, Json>,
    /// What a program is called with, the command's name first; none where the plugin is called by the
    /// contract.
    pub(crate) command_line: Option<Vec<String>>,
}

impl Invocation {
    /// The command's section of the configuration: the text of a JSON object.
    pub(crate) fn configuration(&self) -> String {
        Json::Object(self.section.clone()).to_string()
    }
}

/// One argument with its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) values: Vec<Value>,
    pub(crate) source: Source,
}

/// What gave the values of an argument, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    CommandLine,
    Environment,
    Configuration,
    Default,
}
