//! The wiring: what happens between the arguments and the exit code, in order.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::cli::{self, Cli, GlobalOptions, Request};
use crate::config::schema::Schema;
use crate::config::{Configuration, LogLevel, SectionPart, Settings};
use crate::embedded;
use crate::environment::Environment;
use crate::error::Error;
use crate::execution;
use crate::exit::ExitCode;
use crate::invocation::{self, ArgumentError, Invocation, NamedPath, Sources};
use crate::permission::{Grants, Paths, Policy};
use crate::plugin::{
    Declared, Describe, Digest, Listing, Lookup, Manifest, Name, Origin, Place, Plugin, Registry,
    Remembered,
};
use crate::report::{self, Console, LogFormat, Report, Streams};
use crate::sandbox::{GuestIo, Sandbox, Setup};

/// Parses the arguments and does what they ask.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Cli { options, request } = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(mistake) => {
            let streams =
                Streams::of_process(cli::ColorChoice::Auto, &|name| std::env::var(name).ok());
            let report = Report {
                console: Console::new(streams),
                format: cli::Format::Human,
                log_format: LogFormat::Human,
            };
            return usage(&report, &mistake);
        }
    };
    let streams = Streams::of_process(options.color, &|name| std::env::var(name).ok());
    let report = Report {
        console: Console::new(streams),
        format: options.format,
        log_format: options.log_format.unwrap_or_default(),
    };
    let ended = App::new(options, report.clone()).and_then(|app| app.answer(request));
    ended.unwrap_or_else(|error| match error {
        Error::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::OUTPUT_CLOSED
        }
        error => {
            report.error(&error);
            ExitCode::from(&error)
        }
    })
}

fn usage(report: &Report, mistake: &clap::Error) -> ExitCode {
    match report.clap(mistake) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::USAGE,
        Err(_) => ExitCode::OUTPUT_CLOSED,
    }
}

/// Everything that the requests have in common.
struct App {
    options: GlobalOptions,
    environment: Environment,
    configuration: Configuration,
    settings: Settings,
    report: Report,
}

impl App {
    fn new(options: GlobalOptions, mut report: Report) -> Result<Self, Error> {
        let environment = Environment::read(options.directory.as_deref())?;
        let user =
            environment.directories.as_ref().map(|directories| directories.configuration.as_path());
        let configuration =
            Configuration::load(options.config.as_deref(), &environment.working_directory, user)?;
        let settings = Settings::resolve(&configuration)?;
        report.log_format = options.log_format.unwrap_or(settings.log_format);
        let missing = |directory: &&std::path::PathBuf| {
            !environment.working_directory.join(directory).is_dir()
        };
        if let Some(path) = options.plugin_dirs.iter().find(missing) {
            return Err(Error::PluginDirectory { path: path.clone() });
        }
        let mut app = Self { options, environment, configuration, settings, report };
        app.settings.log_level = app.log_level()?.unwrap_or(LogLevel(app.settings.log_level)).0;
        report::install_log(&app.report.console, app.settings.log_level, app.report.log_format);
        Ok(app)
    }

    /// The level that the command line or the environment asks for.
    fn log_level(&self) -> Result<Option<LogLevel>, Error> {
        if self.options.log_level.is_some() {
            return Ok(self.options.log_level);
        }
        let Some(value) = self.environment.variable("TASKRUNNER_LOG") else { return Ok(None) };
        value.parse().map(Some).map_err(|problem| Error::Variable {
            name: "TASKRUNNER_LOG",
            value,
            problem,
        })
    }

    fn answer(self, request: Request) -> Result<ExitCode, Error> {
        let sandbox = LazySandbox::new(&self.environment);
        let registry = self.registry(&sandbox);
        match request {
            Request::Run { name, arguments } => {
                return self.run(&registry, &sandbox, &name, arguments);
            }
            Request::Overview => {
                self.report.overview(&registry.list())?;
                return Ok(ExitCode::FAILURE);
            }
            Request::List => self.report.list(&registry.list())?,
            Request::Version => {
                self.report.line(concat!("taskrunner ", env!("CARGO_PKG_VERSION")))?
            }
            Request::Help => self.report.help(whole_command(&registry.list()))?,
            Request::HelpFor(name) => self.report.help(self.command_of(&registry, &name)?)?,
            Request::Completions(shell) => {
                self.report.completions(shell, whole_command(&registry.list()))?;
            }
            Request::Man(None) => self.report.manual(whole_command(&registry.list()))?,
            Request::Man(Some(name)) => self.report.manual(self.command_of(&registry, &name)?)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn registry<'a>(&self, describe: &'a dyn Describe) -> Registry<'a> {
        let named = |origin, directories: &[std::path::PathBuf]| -> Vec<Place> {
            let absolute = |directory| self.environment.working_directory.join(directory);
            directories
                .iter()
                .map(|directory| Place { origin, directory: absolute(directory) })
                .collect()
        };
        let mut places = named(Origin::CommandLine, &self.options.plugin_dirs);
        places.extend(named(Origin::Configuration, &self.settings.plugin_path));
        places.extend(self.environment.plugin_places(self.configuration.workspace()));
        Registry::new(places, embedded::PLUGINS, self.settings.replaceable.clone(), describe)
    }

    fn find(&self, registry: &Registry<'_>, name: &str) -> Result<Plugin, Error> {
        match registry.lookup(name) {
            Lookup::Found(plugin) => Ok(*plugin),
            Lookup::Broken(fault) => Err(Error::Plugin(fault)),
            Lookup::Unknown => {
                let listing = registry.list();
                self.report.faults(&listing);
                Err(Error::UnknownCommand { name: name.to_owned(), nearest: listing.nearest(name) })
            }
        }
    }

    /// What clap knows of a command: a plugin's, or a subcommand of the runner's own.
    fn command_of(&self, registry: &Registry<'_>, name: &str) -> Result<clap::Command, Error> {
        let mut own = cli::own_command();
        own.build();
        if let Some(subcommand) = own.find_subcommand(name) {
            return Ok(subcommand.clone());
        }
        Ok(invocation::clap_command(&self.find(registry, name)?.manifest))
    }

    /// Runs a command of a plugin's.
    fn run(
        &self,
        registry: &Registry<'_>,
        sandbox: &LazySandbox,
        name: &str,
        arguments: Vec<OsString>,
    ) -> Result<ExitCode, Error> {
        let begun = Instant::now();
        let plugin = self.find(registry, name)?;
        let command = plugin.manifest.name();
        self.refuse_unknown_keys(registry, command)?;
        let raw = unicode(arguments)?;
        let typed = match invocation::parse(&plugin.manifest, &raw) {
            Ok(typed) => typed,
            Err(mistake) => return Ok(usage(&self.report, &mistake)),
        };
        let paths = self.paths(command)?;
        let section = self.checked_section(&plugin.manifest)?;
        let variable = |name: &str| self.environment.variable(name);
        let sources = Sources { typed, environment: &variable, section: &section, paths: &paths };
        let (arguments, named) = invocation::resolve(&plugin.manifest, sources)
            .map_err(|error| self.argument_error(command, error))?;
        let grants = self.grants(&plugin, &paths, &named)?;
        let invocation = Invocation {
            command: command.clone(),
            raw_arguments: raw,
            arguments,
            configuration: Value::Object(section).to_string(),
        };

        let bytes = plugin.bytes().map_err(Error::Plugin)?;
        let broken = |error| Error::Sandbox { source_file: plugin.source(), error };
        let sandbox = sandbox.get().map_err(broken)?;
        let program = sandbox.compile(&bytes).map_err(broken)?;
        let load = begun.elapsed();

        let settings =
            self.settings.for_command(command, self.options.limits(), self.options.retry());
        let refused = grants.refused().to_vec();
        let setup =
            Setup { grants: Arc::new(grants), limits: settings.limits, io: self.guest_io(name) };
        let execution = execution::execute(
            sandbox,
            &program,
            &setup,
            &invocation,
            &settings.retry,
            &mut |event| self.report.event(command, &event),
        );
        self.report.outcome(command, execution.outcome(), &refused);
        if self.options.timings {
            self.report.timings(command, load, &execution);
        }
        Ok(ExitCode::from(execution.outcome()))
    }

    /// Refuses top-level keys that are neither the runner's nor a command's. All plugins are looked at
    /// only where a key is not explained by the embedded commands and this one.
    fn refuse_unknown_keys(&self, registry: &Registry<'_>, command: &Name) -> Result<(), Error> {
        let known = |key: &str| {
            key == command.as_str() || embedded::PLUGINS.iter().any(|(name, _)| *name == key)
        };
        if self.configuration.section_names().all(known) {
            return Ok(());
        }
        let listing = registry.list();
        let mut names: BTreeSet<String> = listing.commands.keys().map(Name::to_string).collect();
        // A broken plugin is a fault of its own; its section is not.
        names.extend(
            listing
                .faults
                .iter()
                .filter_map(|fault| Some(fault.path.file_stem()?.to_str()?.to_owned())),
        );
        let list: Vec<String> = names.iter().cloned().collect();
        Ok(self.configuration.refuse_unknown_keys(|key| names.contains(key), &list)?)
    }

    fn paths(&self, command: &Name) -> Result<Paths, Error> {
        Paths::new(
            self.configuration.workspace(),
            &self.environment.working_directory,
            self.environment.home.as_deref(),
        )
        .map_err(|error| Error::Permission { command: command.clone(), error })
    }

    fn grants(&self, plugin: &Plugin, paths: &Paths, named: &[NamedPath]) -> Result<Grants, Error> {
        let variable = |name: &str| self.environment.variable(name);
        Grants::decide(&Policy {
            embedded: plugin.origin == Origin::Embedded,
            requests: &plugin.manifest.requests,
            allowed: &self.options.allowed(),
            named,
            paths,
            environment: &variable,
        })
        .map_err(|error| Error::Permission { command: plugin.manifest.name().clone(), error })
    }

    /// The command's section, after the plugin's schema (or, without one, its keys) has passed it.
    fn checked_section(
        &self,
        manifest: &Manifest,
    ) -> Result<serde_json::Map<String, Value>, Error> {
        let command = manifest.name();
        let section = self.configuration.section(command)?;
        let fault = |steps: &[String], part, message| {
            self.configuration.error_in_section(command, steps, part, message).map(Error::Section)
        };
        let Some(schema) = &manifest.configuration_schema else {
            let keys: BTreeSet<&str> = manifest.configuration_keys().map(|(key, _)| key).collect();
            let unknown = section.keys().find(|key| !keys.contains(key.as_str()));
            let error = unknown.and_then(|key| {
                let message =
                    format!("`{command}` has no configuration key `{}`", key.escape_debug());
                fault(std::slice::from_ref(key), SectionPart::Key, message)
            });
            return error.map_or(Ok(section), Err);
        };
        // The manifest's check has parsed it.
        let Ok(schema) = Schema::parse(schema) else { return Ok(section) };
        let section = Value::Object(section);
        if let Err(violation) = schema.check(&section) {
            let mut steps = violation.steps;
            let part = if violation.unexpected_key.is_some() {
                SectionPart::Key
            } else {
                SectionPart::Value
            };
            steps.extend(violation.unexpected_key);
            if let Some(error) = fault(&steps, part, violation.message) {
                return Err(error);
            }
        }
        match section {
            Value::Object(section) => Ok(section),
            _ => Ok(serde_json::Map::new()),
        }
    }

    /// An error of an argument; one of the configuration points into the file.
    fn argument_error(&self, command: &Name, error: ArgumentError) -> Error {
        if let ArgumentError::Configuration { steps, .. } = &error {
            let located = self.configuration.error_in_section(
                command,
                steps,
                SectionPart::Value,
                error.to_string(),
            );
            if let Some(located) = located {
                return Error::Section(located);
            }
        }
        Error::Argument { command: command.clone(), error }
    }

    fn guest_io(&self, command: &str) -> GuestIo {
        GuestIo {
            stdin: true,
            stdout: Some(self.report.console.guest_stdout()),
            stderr: Some(self.report.console.guest_stderr()),
            observer: self.report.observer(command),
            log_level: self.settings.log_level,
        }
    }
}

/// The runner and all plugins, as one command: for help, completions and the manual.
fn whole_command(listing: &Listing) -> clap::Command {
    let plugins =
        listing.commands.values().map(|plugin| invocation::clap_command(&plugin.manifest));
    cli::own_command().subcommands(plugins)
}

fn unicode(arguments: Vec<OsString>) -> Result<Vec<String>, Error> {
    arguments
        .into_iter()
        .map(|argument| {
            argument.into_string().map_err(|argument| Error::NotUnicode {
                argument: argument.to_string_lossy().into_owned(),
            })
        })
        .collect()
}

/// A sandbox that is made when the first plugin needs it.
struct LazySandbox {
    sandbox: std::cell::OnceCell<Sandbox>,
    cache: Option<std::path::PathBuf>,
    remembered: Remembered,
}

impl LazySandbox {
    fn new(environment: &Environment) -> Self {
        let cache = environment.directories.as_ref().map(|directories| directories.cache.clone());
        let remembered = Remembered::new(cache.as_deref());
        Self { sandbox: std::cell::OnceCell::new(), cache, remembered }
    }

    fn get(&self) -> Result<&Sandbox, crate::sandbox::SandboxError> {
        if let Some(sandbox) = self.sandbox.get() {
            return Ok(sandbox);
        }
        let made = Sandbox::new(self.cache.as_deref())?;
        Ok(self.sandbox.get_or_init(|| made))
    }
}

impl Describe for LazySandbox {
    fn describe(&self, digest: &Digest, bytes: &[u8]) -> Result<Declared, String> {
        if let Some(declared) = self.remembered.get(digest) {
            return Ok(declared);
        }
        let sandbox = self.get().map_err(|error| error.to_string())?;
        let declared = sandbox.describe(bytes)?;
        self.remembered.put(digest, &declared);
        Ok(declared)
    }
}
