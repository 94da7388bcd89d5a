//! Runs a command of a plugin's.

use std::ffi::OsString;
use std::time::Instant;

use serde_json::Value;

use super::describer::Describer;
use super::grants::Subject;
use super::ignored::Ignored;
use super::{App, usage};
use crate::config::CommandSettings;
use crate::error::Error;
use crate::execution;
use crate::exit::ExitCode;
use crate::invocation::{self, Invocation, Sources};
use crate::permission::{Paths, Protected};
use crate::plugin::{Name, Registry};
use crate::sandbox::{GuestIo, Setup};

impl App {
    /// From the command's name and arguments to the exit code.
    pub(super) fn run(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
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
        let subject = Subject { plugin: &plugin, paths: &paths, named: &named };
        let grants = self.grants(subject)?;
        let settings = self.command_settings(command);
        self.report_ignored();
        let invocation = Invocation {
            command: command.clone(),
            raw_arguments: raw,
            arguments,
            configuration: Value::Object(section).to_string(),
        };

        let bytes = plugin.bytes().map_err(Error::Plugin)?;
        let broken = |error| Error::Sandbox { source_file: plugin.source(), error };
        let sandbox = describer.sandbox().map_err(broken)?;
        let program = sandbox.compile(bytes).map_err(broken)?;
        let load = begun.elapsed();

        let setup = Setup::new(&grants, settings.limits, self.guest_io(command)).map_err(broken)?;
        let execution = execution::execute(
            sandbox,
            &program,
            &setup,
            &invocation,
            &settings.retry,
            &mut |event| self.report.event(command, &event),
        );
        self.report.outcome(command, execution.outcome(), grants.refused());
        if self.options.timings {
            self.report.timings(command, load, &execution);
        }
        Ok(ExitCode::from(execution.outcome()))
    }

    pub(super) fn paths(&self, command: &Name) -> Result<Paths, Error> {
        Paths::new(
            self.configuration.workspace(),
            &self.environment.working_directory,
            self.environment.home.as_deref(),
        )
        .map_err(|error| Error::Permission { command: command.clone(), error })
    }

    /// The runner's own files.
    pub(super) fn protected(&self, paths: &Paths) -> Protected {
        let own = self.environment.directories.iter().flat_map(|directories| {
            [&directories.configuration, &directories.data, &directories.cache, &directories.state]
        });
        let named =
            self.configuration.paths().chain(self.options.plugin_dirs.iter().map(AsRef::as_ref));
        let named = named.chain(self.settings.plugin_path.iter().map(|line| line.value.as_path()));
        let named = named.map(|path| self.environment.working_directory.join(path));
        Protected::new(paths.workspace(), own.cloned().chain(named))
    }

    /// The settings of a command. What the workspace's file raises takes the user's trust.
    fn command_settings(&self, command: &Name) -> CommandSettings {
        let (limits, retry) = (self.options.limits(), self.options.retry());
        let raised = self.settings.raised_limits(&self.configuration, Some(command), limits);
        let trusted = raised.is_empty() || self.is_trusted();
        if !trusted {
            raised.iter().for_each(|raised| self.ignore(Ignored::limit(raised)));
        }
        self.settings.for_command(command, limits, retry, trusted)
    }

    fn guest_io(&self, command: &Name) -> GuestIo {
        GuestIo {
            stdin: true,
            stdout: Some(self.report.console.guest_stdout()),
            stderr: Some(self.report.console.guest_stderr()),
            observer: self.report.observer(command.as_str()),
            log_level: self.settings.log_level,
        }
    }
}

fn unicode(arguments: Vec<OsString>) -> Result<Vec<String>, Error> {
    let unicode = |argument: OsString| {
        argument.into_string().map_err(|argument| Error::NotUnicode {
            argument: argument.to_string_lossy().into_owned(),
        })
    };
    arguments.into_iter().map(unicode).collect()
}
