//! What the configuration comes to. The one place that knows the precedence of the runner's settings:
//! flag, environment, project's file, user's file, default; within a file, what it says for the command
//! over what it says for all.

use std::num::NonZeroU8;
use std::path::{Path, PathBuf};

use tracing::level_filters::LevelFilter;

use super::document::{Document, Place};
use super::file::{CommandsLayer, LimitsLayer, LoggingLayer, PluginsLayer, RetryLayer};
use super::files::Configuration;
use super::{DocumentError, Location};
use crate::embedded;
use crate::execution::RetryPolicy;
use crate::plugin::Name;
use crate::report::LogFormat;
use crate::sandbox::Limits;

/// Settings that hold for every command.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) log_level: LevelFilter,
    pub(crate) log_format: LogFormat,
    /// Directories with plugins, absolute.
    pub(crate) plugin_path: Vec<Line<PathBuf>>,
    /// Embedded commands that another plugin may take the place of.
    pub(crate) replaceable: Vec<Line<Name>>,
    /// The layers of the files for every command, the strongest first.
    layers: Vec<FileLayer>,
}

/// Something that a file says.
#[derive(Clone, Debug)]
pub(crate) struct Line<T> {
    pub(crate) value: T,
    /// Where, if it is the workspace's file and only counts when the user trusts that.
    pub(crate) needs_trust: Option<Location>,
}

/// A ceiling that the workspace's file puts higher than it is without that file.
#[derive(Clone, Debug)]
pub(crate) struct RaisedLimit {
    /// Which, and how high.
    pub(crate) what: String,
    pub(crate) location: Option<Location>,
}

/// Settings for one command.
#[derive(Clone, Debug)]
pub(crate) struct CommandSettings {
    pub(crate) limits: Limits,
    pub(crate) retry: RetryPolicy,
}

impl CommandSettings {
    /// The same with no ceiling above the caps.
    pub(crate) fn capped(self, caps: &[LimitsLayer]) -> Self {
        Self { limits: caps.iter().fold(self.limits, capped), ..self }
    }
}

/// The lower of each.
fn capped(limits: Limits, cap: &LimitsLayer) -> Limits {
    let Limits { time, memory, output, handles, disk, files, records } = limits;
    Limits {
        time: cap.time.map_or(time, |cap| cap.0.min(time)),
        memory: cap.memory.map_or(memory, |cap| cap.0.min(memory)),
        output: cap.output.map_or(output, |cap| cap.0.min(output)),
        handles: cap.handles.map_or(handles, |cap| cap.get().min(handles)),
        disk: cap.disk.map_or(disk, |cap| cap.0.min(disk)),
        files: cap.files.map_or(files, |cap| u64::from(cap.get()).min(files)),
        records: cap.records.map_or(records, |cap| cap.0.min(records)),
    }
}

#[derive(Clone, Debug)]
struct FileLayer {
    is_project: bool,
    limits: LimitsLayer,
    retry: RetryLayer,
    commands: CommandsLayer,
}

impl Settings {
    /// Resolves what the files say.
    pub(crate) fn resolve(configuration: &Configuration) -> Result<Self, DocumentError> {
        let mut settings = Self {
            log_level: LevelFilter::WARN,
            log_format: LogFormat::Human,
            plugin_path: Vec::new(),
            replaceable: Vec::new(),
            layers: Vec::new(),
        };
        for document in configuration.documents() {
            let is_project =
                configuration.project().is_some_and(|project| std::ptr::eq(project, document));
            settings.put_over(document, is_project.then_some(configuration.workspace()))?;
        }
        Ok(settings)
    }

    /// `workspace` is that of the project's file.
    fn put_over(
        &mut self,
        document: &Document,
        workspace: Option<&Path>,
    ) -> Result<(), DocumentError> {
        let logging: LoggingLayer = document.section("logging")?.unwrap_or_default();
        if let Some(level) = logging.level {
            self.log_level = level.0;
        }
        if let Some(format) = logging.format {
            self.log_format = format;
        }
        let plugins: PluginsLayer = document.section("plugins")?.unwrap_or_default();
        let fault = |key: &str, index: usize, message: String| {
            let place = Place::value(["plugins", key, &index.to_string()]);
            document.error_at(&place, message, None)
        };
        let directory = document.path().parent().map(PathBuf::from).unwrap_or_default();
        let path: Vec<PathBuf> =
            plugins.path.into_iter().flatten().map(|path| directory.join(path)).collect();
        if let Some(index) = path.iter().position(|path| !path.is_dir()) {
            return Err(fault("path", index, "there is no such directory".to_owned()));
        }
        let location = |key: &str, index: usize| {
            Location::of(document, &Place::value(["plugins", key, &index.to_string()]))
        };
        let path = path.into_iter().enumerate().map(|(index, value)| {
            let is_outside = workspace.is_some_and(|workspace| {
                !dunce::canonicalize(&value).is_ok_and(|path| path.starts_with(workspace))
            });
            Line { value, needs_trust: is_outside.then(|| location("path", index)) }
        });
        self.plugin_path.splice(0..0, path);
        let replace = plugins.replace.unwrap_or_default();
        if let Some(index) = replace.iter().position(|name| !embedded::is_embedded(name.as_str())) {
            let message = format!("there is no embedded command `{}` to replace", replace[index]);
            return Err(fault("replace", index, message));
        }
        self.replaceable.extend(replace.into_iter().enumerate().map(|(index, value)| Line {
            value,
            needs_trust: workspace.map(|_| location("replace", index)),
        }));
        let layer = FileLayer {
            is_project: workspace.is_some(),
            limits: document.section("limits")?.unwrap_or_default(),
            retry: document.section("retry")?.unwrap_or_default(),
            commands: document.section("commands")?.unwrap_or_default(),
        };
        self.layers.insert(0, layer);
        Ok(())
    }

    /// Resolves the settings for a command, under what the flags say. If the workspace's file is not
    /// `trusted`, it raises no ceiling: it can lower them.
    pub(crate) fn for_command(
        &self,
        command: &Name,
        mut limits: LimitsLayer,
        mut retry: RetryLayer,
        trusted: bool,
    ) -> CommandSettings {
        for layer in &self.layers {
            if layer.is_project && !trusted {
                let own = layer.retry_of(Some(command));
                retry = retry.over(RetryLayer {
                    attempts: own.attempts.map(|n| n.min(self.attempts(Some(command)))),
                    ..own
                });
                limits = limits.over(
                    layer.limits_of(Some(command)).capped(self.without_project(Some(command))),
                );
                continue;
            }
            limits = limits.over(layer.limits_of(Some(command)));
            retry = retry.over(layer.retry_of(Some(command)));
        }
        CommandSettings { limits: limits_of(limits), retry: retry_of(retry) }
    }

    /// The ceilings of a command, or of all, that the workspace's file raises, but for those that a flag
    /// sets.
    pub(crate) fn raised_limits(
        &self,
        configuration: &Configuration,
        command: Option<&Name>,
        flags: LimitsLayer,
        retry_flags: &RetryLayer,
    ) -> Vec<RaisedLimit> {
        let Some(layer) = self.layers.iter().find(|layer| layer.is_project) else {
            return Vec::new();
        };
        let own = command.and_then(|command| Some((command, layer.commands.get(command)?)));
        let raised = layer.limits_of(command).raised_over(self.without_project(command), flags);
        let locate = |(key, value): (&'static str, String)| {
            let location = match own.filter(|(_, own)| own.limits.has(key)) {
                Some((command, _)) => {
                    configuration.project_location(&["commands", command.as_str(), "limits", key])
                }
                None => configuration.project_location(&["limits", key]),
            };
            RaisedLimit { what: format!("limits.{key}: {value}"), location }
        };
        let mut raised: Vec<RaisedLimit> = raised.into_iter().map(locate).collect();
        let attempts = layer.retry_of(command).attempts.filter(|attempts| {
            retry_flags.attempts.is_none() && *attempts > self.attempts(command)
        });
        if let Some(attempts) = attempts {
            let own = own.filter(|(_, own)| own.retry.attempts.is_some());
            let location = match own {
                Some((command, _)) => {
                    let place = ["commands", command.as_str(), "retry", "attempts"];
                    configuration.project_location(&place)
                }
                None => configuration.project_location(&["retry", "attempts"]),
            };
            raised.push(RaisedLimit { what: format!("retry.attempts: {attempts}"), location });
        }
        raised
    }

    /// The attempts of a command that the user's file and the default give: each has its ceilings anew, so
    /// that more of them are more of everything.
    fn attempts(&self, command: Option<&Name>) -> NonZeroU8 {
        let layers = self.layers.iter().filter(|layer| !layer.is_project);
        layers.filter_map(|layer| layer.retry_of(command).attempts).next().unwrap_or(NonZeroU8::MIN)
    }

    /// The commands for which the workspace's file sets ceilings of their own.
    pub(crate) fn limited_commands(&self) -> impl Iterator<Item = &Name> {
        let project = self.layers.iter().filter(|layer| layer.is_project);
        project.flat_map(|layer| layer.commands.keys())
    }

    /// The ceilings of a command that the user's file and the defaults give.
    fn without_project(&self, command: Option<&Name>) -> Limits {
        let layers = self.layers.iter().filter(|layer| !layer.is_project);
        let limits = layers
            .fold(LimitsLayer::default(), |limits, layer| limits.over(layer.limits_of(command)));
        limits_of(limits)
    }
}

impl FileLayer {
    /// What it says for a command over what it says for all.
    fn limits_of(&self, command: Option<&Name>) -> LimitsLayer {
        let own = command.and_then(|command| self.commands.get(command));
        let own = own.map(|own| own.limits).unwrap_or_default();
        own.over(self.limits)
    }

    fn retry_of(&self, command: Option<&Name>) -> RetryLayer {
        let own = command.and_then(|command| self.commands.get(command));
        let own = own.map(|own| own.retry.clone()).unwrap_or_default();
        own.over(self.retry.clone())
    }
}

fn limits_of(layer: LimitsLayer) -> Limits {
    let default = Limits::default();
    Limits {
        time: layer.time.map_or(default.time, |time| time.0),
        memory: layer.memory.map_or(default.memory, |bytes| bytes.0),
        output: layer.output.map_or(default.output, |bytes| bytes.0),
        handles: layer.handles.map_or(default.handles, std::num::NonZeroU32::get),
        disk: layer.disk.map_or(default.disk, |bytes| bytes.0),
        files: layer.files.map_or(default.files, |files| files.get().into()),
        records: layer.records.map_or(default.records, |bytes| bytes.0),
    }
}

fn retry_of(layer: RetryLayer) -> RetryPolicy {
    let default = RetryPolicy::default();
    RetryPolicy {
        attempts: layer.attempts.map_or(default.attempts, |n| u32::from(n.get())),
        backoff: layer.backoff.unwrap_or(default.backoff),
        delay: layer.delay.map_or(default.delay, |time| time.0),
        max_delay: layer.max_delay.map_or(default.max_delay, |time| time.0),
        jitter: layer.jitter.unwrap_or(default.jitter),
        on: layer.on.map_or(default.on, |on| on.into_iter().collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn settings(user: &str, project: &str) -> Settings {
        let root = tempfile::tempdir().expect("a directory");
        let user_directory = root.path().join("user");
        fs::create_dir(&user_directory).expect("a directory");
        fs::write(user_directory.join("config.yaml"), user).expect("a file");
        fs::write(root.path().join("taskrunner.yaml"), project).expect("a file");
        let configuration =
            Configuration::load(None, root.path(), Some(&user_directory)).expect("it loads");
        Settings::resolve(&configuration).expect("it resolves")
    }

    #[test]
    fn the_nearer_and_the_more_particular_wins() {
        let settings = settings(
            "{limits: {time: 1s, memory: 1MiB, handles: 7}, commands: {build: {limits: {time: 2s}}}}",
            "{limits: {time: 3s}, commands: {build: {limits: {time: 4s}}}}",
        );
        let time = |name: &str, flag: Option<&str>| {
            let time = flag.map(|flag| flag.parse().expect("a time"));
            let flags = LimitsLayer { time, ..LimitsLayer::default() };
            let name = Name::new(name).expect("a name");
            settings.for_command(&name, flags, RetryLayer::default(), true).limits.time
        };
        assert_eq!(time("build", Some("5s")), Duration::from_secs(5));
        assert_eq!(time("build", None), Duration::from_secs(4));
        assert_eq!(time("clean", None), Duration::from_secs(3));
        let name = Name::new("clean").expect("a name");
        let flags = LimitsLayer::default();
        let limits = settings.for_command(&name, flags, RetryLayer::default(), true).limits;
        assert_eq!((limits.memory, limits.handles), (1 << 20, 7));
        assert_eq!(limits.output, Limits::default().output);
        // A cap lowers what is above it, and raises nothing.
        let time = Some("1s".parse().expect("a time"));
        let handles = std::num::NonZeroU32::new(100);
        let cap = LimitsLayer { time, handles, ..LimitsLayer::default() };
        let all = settings.for_command(&name, flags, RetryLayer::default(), true);
        let capped = all.capped(&[cap]).limits;
        assert_eq!((capped.time, capped.handles), (Duration::from_secs(1), 7));
    }

    #[test]
    fn an_untrusted_project_lowers_ceilings_and_raises_none() {
        let settings = settings(
            "{limits: {time: 1h, handles: 7}}",
            "{limits: {time: 2h, memory: 1MiB, handles: 5}, commands: {build: {limits: {output: 1TB}}}}",
        );
        let limits = |name: &str, flags: LimitsLayer, trusted: bool| {
            let name = Name::new(name).expect("a name");
            settings.for_command(&name, flags, RetryLayer::default(), trusted).limits
        };
        let untrusted = limits("build", LimitsLayer::default(), false);
        assert_eq!(untrusted.time, Duration::from_secs(3600));
        assert_eq!((untrusted.memory, untrusted.handles), (1 << 20, 5));
        assert_eq!(untrusted.output, Limits::default().output);
        let trusted = limits("build", LimitsLayer::default(), true);
        assert_eq!((trusted.time, trusted.output), (Duration::from_secs(7200), 1_000_000_000_000));
        let time = Some("3h".parse().expect("a time"));
        let flags = LimitsLayer { time, ..LimitsLayer::default() };
        assert_eq!(limits("build", flags, false).time, Duration::from_secs(10800));
    }
}
