//! Runs a command of a plugin's.

use std::ffi::OsString;
use std::time::Instant;

use serde_json::Value;

use super::describer::Describer;
use super::{App, usage};
use crate::error::Error;
use crate::execution;
use crate::exit::ExitCode;
use crate::invocation::{self, Invocation, Sources};
use crate::permission::{Grants, NamedPath, Paths, Policy};
use crate::plugin::{Name, Origin, Plugin, Registry};
use crate::sandbox::{GuestIo, SandboxError, Setup};

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
        let plugin = self.find(registry, describer, name)?;
        let command = plugin.manifest.name();
        self.refuse_unknown_keys(registry, describer, command)?;

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
        let broken = |error| match error {
            SandboxError::Stopped(stop) => Error::Stopped(stop),
            error => Error::Sandbox { source_file: plugin.source(), error },
        };
        let sandbox = describer.sandbox().map_err(broken)?;
        let program = sandbox.compile(&plugin.digest, bytes).map_err(broken)?;
        let load = begun.elapsed();

        let (limits, retry) = (self.options.limits(), self.options.retry());
        let settings = self.settings.for_command(command, limits, retry);
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

    fn paths(&self, command: &Name) -> Result<Paths, Error> {
        Paths::new(
            self.configuration.workspace(),
            &self.environment.working_directory,
            self.environment.home.as_deref(),
        )
        .map_err(|error| Error::Permission { command: command.clone(), error })
    }

    fn grants(&self, plugin: &Plugin, paths: &Paths, named: &[NamedPath]) -> Result<Grants, Error> {
        Grants::decide(&Policy {
            embedded: plugin.origin == Origin::Embedded,
            requests: &plugin.manifest.requests,
            allowed: &self.options.allowed(),
            named,
            paths,
            environment: &|name| self.environment.variable(name),
        })
        .map_err(|error| Error::Permission { command: plugin.manifest.name().clone(), error })
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
