//! What the configuration comes to. The one place that knows the precedence of the runner's settings:
//! flag, environment, project's file, user's file, default; within a file, what it says for the command
//! over what it says for all.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

use super::DocumentError;
use super::document::{Document, Place};
use super::file::{CommandsLayer, LimitsLayer, LoggingLayer, PluginsLayer, RetryLayer};
use super::files::Configuration;
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
    pub(crate) plugin_path: Vec<PathBuf>,
    /// Embedded commands that another plugin may take the place of.
    pub(crate) replaceable: BTreeSet<Name>,
    /// The layers of the files for every command, the strongest first.
    layers: Vec<FileLayer>,
}

#[derive(Clone, Debug)]
struct FileLayer {
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
            replaceable: BTreeSet::new(),
            layers: Vec::new(),
        };
        for document in configuration.documents() {
            settings.put_over(document)?;
        }
        Ok(settings)
    }

    fn put_over(&mut self, document: &Document) -> Result<(), DocumentError> {
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
        self.plugin_path.splice(0..0, path);
        let replace = plugins.replace.unwrap_or_default();
        if let Some(index) = replace.iter().position(|name| !embedded::is_embedded(name.as_str())) {
            let message = format!("there is no embedded command `{}` to replace", replace[index]);
            return Err(fault("replace", index, message));
        }
        self.replaceable.extend(replace);
        let layer = FileLayer {
            limits: document.section("limits")?.unwrap_or_default(),
            retry: document.section("retry")?.unwrap_or_default(),
            commands: document.section("commands")?.unwrap_or_default(),
        };
        self.layers.insert(0, layer);
        Ok(())
    }

    /// The ceilings of a command: what the flags say over what the files say, and none above the caps.
    pub(crate) fn limits(
        &self,
        command: &Name,
        flags: LimitsLayer,
        caps: &[LimitsLayer],
    ) -> Limits {
        let layers = self.layers.iter().flat_map(|layer| {
            let own = layer.commands.get(command).map(|own| own.limits);
            own.into_iter().chain([layer.limits])
        });
        let limits = limits_of(layers.fold(flags, LimitsLayer::over));
        caps.iter().fold(limits, |limits, cap| capped(limits, *cap))
    }

    /// When a command is tried again: what the flags say over what the files say.
    pub(crate) fn retry(&self, command: &Name, flags: RetryLayer) -> RetryPolicy {
        let layers = self.layers.iter().flat_map(|layer| {
            let own = layer.commands.get(command).map(|own| own.retry.clone());
            own.into_iter().chain([layer.retry.clone()])
        });
        retry_of(layers.fold(flags, RetryLayer::over))
    }
}

/// The lower of each.
fn capped(limits: Limits, cap: LimitsLayer) -> Limits {
    let Limits { time, memory, output, handles, disk, files } = limits;
    Limits {
        time: cap.time.map_or(time, |cap| cap.0.min(time)),
        memory: cap.memory.map_or(memory, |cap| cap.0.min(memory)),
        output: cap.output.map_or(output, |cap| cap.0.min(output)),
        handles: cap.handles.map_or(handles, |cap| cap.get().min(handles)),
        disk: cap.disk.map_or(disk, |cap| cap.0.min(disk)),
        files: cap.files.map_or(files, |cap| u64::from(cap.get()).min(files)),
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
            settings.limits(&name, flags, &[]).time
        };
        assert_eq!(time("build", Some("5s")), Duration::from_secs(5));
        assert_eq!(time("build", None), Duration::from_secs(4));
        assert_eq!(time("clean", None), Duration::from_secs(3));
        let name = Name::new("clean").expect("a name");
        let limits = settings.limits(&name, LimitsLayer::default(), &[]);
        assert_eq!((limits.memory, limits.handles), (1 << 20, 7));
        assert_eq!(limits.output, Limits::default().output);
        // A cap lowers what is above it, and raises nothing.
        let time = Some("1s".parse().expect("a time"));
        let handles = std::num::NonZeroU32::new(100);
        let cap = LimitsLayer { time, handles, ..LimitsLayer::default() };
        let capped = settings.limits(&name, LimitsLayer::default(), &[cap]);
        assert_eq!((capped.time, capped.handles), (Duration::from_secs(1), 7));
    }
}
