//! Builders for the manifest. Each setter returns the builder.

use std::ops::RangeInclusive;

use crate::bindings::taskrunner::plugin::types;

/// What a plugin says of itself. The runner checks it against the rules in the contract and refuses a
/// plugin that breaks them.
#[derive(Clone, Debug)]
pub struct Manifest(types::Manifest);

impl Manifest {
    /// The command's name (lower-case kebab-case), the plugin's version (as `1.2.3`) and one line that
    /// says what it does.
    pub fn new(
        name: impl Into<String>,
        version: impl Into<String>,
        summary: impl Into<String>,
    ) -> Self {
        Self(types::Manifest {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            description: None,
            arguments: Vec::new(),
            configuration_schema: None,
            requests: Vec::new(),
        })
    }

    /// Paragraphs for the long help.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.description = Some(description.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: Argument) -> Self {
        self.0.arguments.push(argument.0);
        self
    }

    /// A JSON Schema of the command's section in the configuration.
    #[must_use]
    pub fn configuration_schema(mut self, schema: impl Into<String>) -> Self {
        self.0.configuration_schema = Some(schema.into());
        self
    }

    /// Asks to read a directory (`.` is the workspace), a file, or what a glob below a directory names.
    #[must_use]
    pub fn request_read(self, path: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Read(path.into()), reason)
    }

    /// Asks to read and write a directory (`.` is the workspace), a file, or what a glob below a
    /// directory names.
    #[must_use]
    pub fn request_write(self, path: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Write(path.into()), reason)
    }

    /// Asks for the value of an environment variable; with a `*` at the end, of all that begin so.
    #[must_use]
    pub fn request_environment(self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Environment(name.into()), reason)
    }

    /// Asks for TCP connections to `host:port`.
    #[must_use]
    pub fn request_connect(self, endpoint: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Connect(endpoint.into()), reason)
    }

    /// Asks for UDP to `host:port`.
    #[must_use]
    pub fn request_udp(self, endpoint: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Udp(endpoint.into()), reason)
    }

    /// Asks to look up a host's name.
    #[must_use]
    pub fn request_resolve(self, host: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Resolve(host.into()), reason)
    }

    /// Asks for HTTP requests to `host:port` or an origin such as `https://example.org`.
    #[must_use]
    pub fn request_http(self, endpoint: impl Into<String>, reason: impl Into<String>) -> Self {
        self.request(types::Capability::Http(endpoint.into()), reason)
    }

    fn request(mut self, capability: types::Capability, reason: impl Into<String>) -> Self {
        self.0.requests.push(types::Request { capability, reason: reason.into() });
        self
    }

    pub(crate) fn into_wit(self) -> types::Manifest {
        self.0
    }
}

/// One argument of the command.
#[derive(Clone, Debug)]
pub struct Argument(types::ArgumentSpec);

impl Argument {
    /// `--name`: there or not.
    pub fn flag(name: impl Into<String>) -> Self {
        Self::new(name, types::ArgumentShape::Flag)
    }

    /// `--name VALUE`.
    pub fn option(name: impl Into<String>, value: Value) -> Self {
        Self::new(name, types::ArgumentShape::Option(value.0))
    }

    /// `VALUE`, by its place among the positional arguments.
    pub fn positional(name: impl Into<String>, value: Value) -> Self {
        Self::new(name, types::ArgumentShape::Positional(value.0))
    }

    /// A one-letter form: `-x`.
    #[must_use]
    pub fn short(mut self, letter: char) -> Self {
        self.0.short = Some(letter);
        self
    }

    /// What help says of it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = help.into();
        self
    }

    /// The key of the command's section that gives the value where the command line does not.
    #[must_use]
    pub fn configuration_key(mut self, key: impl Into<String>) -> Self {
        self.0.configuration_key = Some(key.into());
        self
    }

    fn new(name: impl Into<String>, shape: types::ArgumentShape) -> Self {
        Self(types::ArgumentSpec {
            name: name.into(),
            short: None,
            help: String::new(),
            shape,
            configuration_key: None,
        })
    }
}

/// What counts as a value of an option or a positional argument.
#[derive(Clone, Debug)]
pub struct Value(types::ValueSpec);

impl Value {
    /// Any text.
    pub fn text() -> Self {
        Self::new(types::ValueType::Text)
    }

    /// Any whole number of 64 bits.
    pub fn integer() -> Self {
        Self::new(types::ValueType::Integer(types::IntegerRange { min: None, max: None }))
    }

    /// A whole number within bounds.
    pub fn integer_in(range: RangeInclusive<i64>) -> Self {
        let (min, max) = range.into_inner();
        Self::new(types::ValueType::Integer(types::IntegerRange { min: Some(min), max: Some(max) }))
    }

    /// A finite decimal number.
    pub fn number() -> Self {
        Self::new(types::ValueType::Number)
    }

    /// One of these words.
    pub fn choice<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self::new(types::ValueType::Choice(words.into_iter().map(Into::into).collect()))
    }

    /// A file to read: naming it on the command line grants it.
    pub fn input_file() -> Self {
        Self::path(types::PathKind::File, types::PathAccess::Read)
    }

    /// A file to write.
    pub fn output_file() -> Self {
        Self::path(types::PathKind::File, types::PathAccess::Write)
    }

    /// A directory to read.
    pub fn input_directory() -> Self {
        Self::path(types::PathKind::Directory, types::PathAccess::Read)
    }

    /// A directory to write.
    pub fn output_directory() -> Self {
        Self::path(types::PathKind::Directory, types::PathAccess::Write)
    }

    /// A missing value is a usage error.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    /// May be given more than once.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.0.repeated = true;
        self
    }

    /// The value where nothing else gives one.
    #[must_use]
    pub fn default(mut self, value: impl Into<String>) -> Self {
        self.0.default = Some(value.into());
        self
    }

    /// What stands for the value in help: `FILE`, say.
    #[must_use]
    pub fn placeholder(mut self, placeholder: impl Into<String>) -> Self {
        self.0.placeholder = Some(placeholder.into());
        self
    }

    fn path(kind: types::PathKind, access: types::PathAccess) -> Self {
        Self::new(types::ValueType::Path(types::PathSpec { kind, access }))
    }

    fn new(type_: types::ValueType) -> Self {
        Self(types::ValueSpec {
            type_,
            required: false,
            repeated: false,
            default: None,
            placeholder: None,
        })
    }
}
