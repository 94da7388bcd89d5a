//! What was asked: a command, its arguments, its section of the configuration.

mod arguments;
mod resolve;
pub(crate) mod value;

use crate::plugin::Name;

pub(crate) use arguments::{clap_command, parse};
pub(crate) use resolve::{ArgumentError, Sources, resolve};
pub(crate) use value::Value;

/// One call of a command, checked.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) command: Name,
    /// What stood behind the command's name, without the runner's options.
    pub(crate) raw_arguments: Vec<String>,
    /// One for each argument of the manifest, in its order.
    pub(crate) arguments: Vec<Argument>,
    /// The command's section of the configuration: the text of a JSON object.
    pub(crate) configuration: String,
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
