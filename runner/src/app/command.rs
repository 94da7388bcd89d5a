//! Runs a command of a plugin's.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::describer::Describer;
use super::grants::Subject;
use super::ignored::Ignored;
use super::record::Record;
use super::{App, usage};
use crate::cli::GlobalOptions;
use crate::config::CommandSettings;
use crate::error::Error;
use crate::execution;
use crate::exit::ExitCode;
use crate::invocation::{self, ArgumentError, Invocation, Resolved, Sources};
use crate::permission::{OwnPaths, Paths, Protected, Variables};
use crate::plugin::name::OPTIONS;
use crate::plugin::{Manifest, Name, Plugin, Registry};
use crate::sandbox::{GuestIo, Limits, SandboxError, Setup, Source};

impl App {
    /// From the command's plugin and arguments to the exit code.
    pub(super) fn run(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        plugin: &Plugin,
        arguments: Vec<OsString>,
    ) -> Result<ExitCode, Error> {
        let ran = self.run_plugin(registry, describer, plugin, arguments);
        if let Err(error) = &ran {
            self.record_refusal(plugin, error)?;
        }
        ran
    }

    fn run_plugin(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        plugin: &Plugin,
        arguments: Vec<OsString>,
    ) -> Result<ExitCode, Error> {
        let records = self.open_records()?;
        let command = plugin.manifest.name();
        self.refuse_unknown_keys(registry, describer, command)?;

        let raw = unicode(arguments)?;
        for remark in &plugin.remarks {
            tracing::warn!("{}: {remark}", plugin.source());
        }
        if plugin.manifest.is_raw() {
            self.warn_of_options(command, &raw)?;
            self.refuse_unlocked(plugin, &raw)?;
        }
        let typed = match invocation::parse(&plugin.manifest, &raw) {
            Ok(typed) => typed,
            Err(mistake) => return Ok(usage(&self.report, &mistake)),
        };
        let paths = self.paths(&plugin.manifest)?;
        let section = self.checked_section(&plugin.manifest)?;
        let variable = |name: &str| self.environment.variable(name);
        let sources = Sources { typed, environment: &variable, section: &section, paths: &paths };
        let Resolved { arguments, named, pointed_at } =
            invocation::resolve(&plugin.manifest, sources)
                .map_err(|error| self.argument_error(command, error))?;
        let command_line = invocation::command_line(&plugin.manifest, &raw, &arguments)
            .map_err(|error| self.argument_error(command, error))?;
        let subject = Subject { plugin, paths: &paths, named: &named };
        let grants = self.grants(subject)?;
        for (argument, path) in pointed_at {
            grants
                .refuse_another(&path)
                .map_err(|error| ArgumentError::Path { argument, error })
                .map_err(|error| self.argument_error(command, error))?;
        }
        let settings = self.command_settings(command)?;
        self.report_ignored();
        let invocation = Invocation {
            command: command.clone(),
            command_line,
            raw_arguments: raw,
            arguments,
            section,
        };

        let broken = |error| match error {
            SandboxError::Stopped(stop) => Error::Stopped(stop),
            error => Error::Sandbox { source_file: plugin.source(), error },
        };
        let sandbox = describer.sandbox().map_err(broken)?;
        let program = sandbox.compile(&plugin.digest, source(plugin)).map_err(|error| {
            if let (SandboxError::Source(_), Some(path)) = (&error, &plugin.path) {
                describer.known().forget(path);
            }
            broken(error)
        })?;
        let load = self.begun.elapsed();

        let limits = settings.limits;
        let record = self.begin_record(records, plugin, &invocation, &grants, limits)?;
        let io = self.guest_io(command, &record);
        let setup = Setup::new(&grants, limits, io).map_err(broken)?.telling(&invocation);
        let execution = execution::execute(
            sandbox,
            &program,
            &setup,
            &invocation,
            &settings.retry,
            &mut |event| self.report.event(command, &event),
        );
        // What the guest's streams still hold comes before the runner's own words.
        drop(setup);
        self.report.outcome(command, execution.outcome(), grants.refused());
        if self.options.timings {
            self.report.timings(command, load, &execution);
        }
        self.finish_record(&record, &invocation, &execution, load, sandbox.walls())?;
        Ok(ExitCode::from(execution.outcome()))
    }

    /// The ceilings of a command.
    pub(super) fn limits(&self, command: &Name) -> Result<Limits, Error> {
        Ok(self.command_settings(command)?.limits)
    }

    pub(super) fn paths(&self, manifest: &Manifest) -> Result<Paths, Error> {
        let paths = Paths::new(
            self.configuration.workspace(),
            &self.environment.working_directory,
            self.environment.home.as_deref(),
        )
        .map_err(|error| Error::Permission { command: manifest.name().clone(), error })?;
        let paths = paths.with_variables(Variables::new(self.environment.shared()));
        let case = self.environment.case.as_ref();
        let paths = paths.confined_to(case.map(|case| &*case.directory));
        Ok(if manifest.is_raw() { paths.at_working_directory() } else { paths })
    }

    /// The runner's own files.
    pub(super) fn protected(&self, paths: &Paths) -> &Protected {
        self.protected.get_or_init(|| self.own_files(paths.workspace()))
    }

    /// The list of all that is the runner's, git's or a CI system's. Nothing of it is looked up here.
    fn own_files(&self, workspace: &Path) -> Protected {
        let here = &self.environment.working_directory;
        let GlobalOptions { config, audit, receipt, .. } = &self.options;
        let named = [config, audit, receipt].into_iter().flatten().map(|path| here.join(path));
        let read = self.configuration.paths().map(Path::to_owned);
        let own = self.environment.directories.iter().flat_map(|directories| {
            [&directories.configuration, &directories.data, &directories.cache, &directories.state]
        });
        // A directory of plugins that does not count yet does so once the workspace is trusted.
        let plugins = self.places(|_| true).into_iter().map(|place| place.directory);
        Protected::new(OwnPaths {
            workspace: workspace.to_owned(),
            files: named.chain(read).chain(self.environment.program()).collect(),
            directories: own.cloned().chain(plugins).collect(),
            git: self.environment.git_files(),
            ci: self.environment.ci_files(),
        })
    }

    /// The settings of a command. What the workspace's file raises takes the user's trust; what
    /// permissions cap, nothing raises.
    fn command_settings(&self, command: &Name) -> Result<CommandSettings, Error> {
        let (limits, retry) = (self.options.limits(), self.options.retry());
        let raised =
            self.settings.raised_limits(&self.configuration, Some(command), limits, &retry);
        let trusted = raised.is_empty() || self.is_trusted();
        if !trusted {
            raised.iter().for_each(|raised| self.ignore(Ignored::limit(raised)));
        }
        let caps = self.configuration.permissions(command)?.limits;
        Ok(self.settings.for_command(command, limits, retry, trusted).capped(&caps))
    }

    /// Tells of options that stand where they are the program's. No level of the log that the workspace sets
    /// keeps that from the user. Who typed `--deny-read` there would not be protected by it, and may not know
    /// that the command is a program: that is refused.
    fn warn_of_options(&self, command: &Name, arguments: &[String]) -> Result<(), Error> {
        for word in arguments.iter().take_while(|word| *word != "--") {
            let Some(name) = word.strip_prefix("--") else { continue };
            let name = name.split('=').next().unwrap_or(name);
            if name == "require-sandbox" || name.starts_with("deny-") && OPTIONS.contains(&name) {
                let error = ArgumentError::Misplaced { option: name.to_owned() };
                return Err(Error::Argument { command: command.clone(), error });
            }
            if OPTIONS.contains(&name) && !COMMON.contains(&name) {
                let message = format!("`{word}` is passed to `{command}`");
                self.report.warn(&message, "options of the runner's stand before its name");
            }
        }
        Ok(())
    }

    /// What was locked under this name may have taken `--locked` behind it: a program in its place does not
    /// take that away.
    fn refuse_unlocked(&self, plugin: &Plugin, arguments: &[String]) -> Result<(), Error> {
        let mut own = arguments.iter().take_while(|word| *word != "--");
        match own.any(|word| word == "--locked") {
            true => self.refuse_changed(plugin),
            false => Ok(()),
        }
    }

    fn guest_io(&self, command: &Name, record: &Record) -> GuestIo {
        GuestIo {
            stdin: true,
            stdout: Some(self.report.console.guest_stdout()),
            stderr: Some(self.report.console.guest_stderr()),
            observer: self.report.observer(command.as_str()),
            witness: record.witness(),
            may_run_ahead: record.has_ample_room(),
            log_level: self.settings.log_level,
        }
    }
}

/// Reads a plugin for who compiles it.
fn source(plugin: &Plugin) -> Source {
    let plugin = plugin.clone();
    Box::new(move || match plugin.bytes() {
        Ok(bytes) => Ok(Arc::new(bytes)),
        Err(fault) => Err(fault.kind.to_string()),
    })
}

/// Options that a program may well have of its own, too.
const COMMON: [&str; 5] = ["color", "config", "format", "help", "version"];

fn unicode(arguments: Vec<OsString>) -> Result<Vec<String>, Error> {
    let unicode = |argument: OsString| {
        argument.into_string().map_err(|argument| Error::NotUnicode {
            argument: argument.to_string_lossy().into_owned(),
        })
    };
    arguments.into_iter().map(unicode).collect()
}
