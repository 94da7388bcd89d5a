//! The runner's own options.

use std::ffi::OsString;
use std::num::{NonZeroU8, NonZeroU32};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Args, Command, FromArgMatches, ValueEnum, ValueHint};

use super::LogFormat;
use crate::config::{Bytes, LimitsLayer, LogLevel, RetryLayer, Time};
use crate::execution::{Backoff, RetryOn};
use crate::permission::{Capability, Effect, Kind, Source, Statement};

/// Options that stand before or after the command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of the runner, before or after a command")]
pub(crate) struct GlobalOptions {
    /// Read this configuration file instead of searching for one upward
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Look for plugins in this directory first; may be repeated
    #[arg(long = "plugin-dir", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) plugin_dirs: Vec<PathBuf>,
    /// Work as if started in this directory
    #[arg(short = 'C', value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
    /// How listings, diagnostics and timings are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// When to color
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// How much is logged: off, error, warn, info, debug or trace [env: TASKRUNNER_LOG] [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    /// How the log is written [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Show the wall time of each phase and attempt
    #[arg(long)]
    pub(crate) timings: bool,
    /// Add a line of JSON to this file for each thing that the command is allowed or denied
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) audit: Option<PathBuf>,
    /// Write the record of the run into this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: Option<PathBuf>,
    /// Run nothing where a part of the second wall (Landlock, seccomp, limits) does not stand
    #[arg(long)]
    pub(crate) require_sandbox: bool,
    /// Ask nothing, also on a terminal: what is not granted is not granted
    #[arg(long)]
    pub(crate) no_input: bool,
    /// Run only what `taskrunner.lock` accepts as it is, with all that it requests granted; ask nothing
    #[arg(long)]
    pub(crate) locked: bool,
    #[command(flatten)]
    pub(crate) permissions: PermissionOptions,
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
    #[command(flatten)]
    pub(crate) retry: RetryOptions,
}

/// What the command may reach in this run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Permissions, for this run")]
pub(crate) struct PermissionOptions {
    /// Let the command read a directory, a file, or what a glob names; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    allow_read: Vec<String>,
    /// Let the command read and write a directory, a file, or what a glob names; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    allow_write: Vec<String>,
    /// Let the command see an environment variable, or all that begin so (`CARGO_*`); may be repeated
    #[arg(long, value_name = "NAME")]
    allow_env: Vec<String>,
    /// Keep the command from reading and writing there, whatever else allows it; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    deny_read: Vec<String>,
    /// Keep the command from writing there, whatever else allows it; may be repeated
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    deny_write: Vec<String>,
    /// Hide an environment variable from the command, whatever else allows it; may be repeated
    #[arg(long, value_name = "NAME")]
    deny_env: Vec<String>,
    /// Let the command connect to a host by TCP, such as example.org:443; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    allow_connect: Vec<String>,
    /// Let the command send datagrams to a host by UDP; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    allow_udp: Vec<String>,
    /// Let the command look up a name, such as *.example.org; may be repeated
    #[arg(long, value_name = "NAME")]
    allow_resolve: Vec<String>,
    /// Let the command send HTTP requests to a host, such as https://example.org; may be repeated
    #[arg(long, value_name = "HOST")]
    allow_http: Vec<String>,
    /// Refuse connections to a host, whatever allows them; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    deny_connect: Vec<String>,
    /// Refuse datagrams to a host, whatever allows them; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    deny_udp: Vec<String>,
    /// Refuse the look-up of a name, whatever allows it; may be repeated
    #[arg(long, value_name = "NAME")]
    deny_resolve: Vec<String>,
    /// Refuse HTTP requests to a host, whatever allows them; may be repeated
    #[arg(long, value_name = "HOST")]
    deny_http: Vec<String>,
}

/// Ceilings.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitOptions {
    /// The time that an attempt may take, such as 2s [default: 10m]
    #[arg(long, value_name = "TIME")]
    time_limit: Option<Time>,
    /// The memory that the command may use, such as 64MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<Bytes>,
    /// The bytes that the command may write to its output and log [default: 64MiB]
    #[arg(long, value_name = "SIZE")]
    output_limit: Option<Bytes>,
    /// The files and streams that the command may hold open [default: 1024]
    #[arg(long, value_name = "COUNT")]
    handle_limit: Option<NonZeroU32>,
    /// The bytes that the command may write to files [default: 4GiB]
    #[arg(long, value_name = "SIZE")]
    disk_limit: Option<Bytes>,
    /// The files, directories and links that the command may create [default: 100000]
    #[arg(long, value_name = "COUNT")]
    file_limit: Option<NonZeroU32>,
    /// The bytes that the audit of the command may take [default: 1GiB]
    #[arg(long, value_name = "SIZE")]
    record_limit: Option<Bytes>,
}

/// When to try again.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Retries")]
pub(crate) struct RetryOptions {
    /// Try at most so many times [default: 1]
    #[arg(long, value_name = "COUNT")]
    attempts: Option<NonZeroU8>,
    /// Whether the wait between attempts stays or doubles [default: exponential]
    #[arg(long, value_name = "KIND")]
    backoff: Option<Backoff>,
    /// The wait after the first attempt [default: 200ms]
    #[arg(long, value_name = "TIME")]
    backoff_delay: Option<Time>,
    /// No wait is longer [default: 10s]
    #[arg(long, value_name = "TIME")]
    backoff_max: Option<Time>,
    /// Whether a random part is added to the waits [default: true]
    #[arg(long, value_name = "BOOL")]
    backoff_jitter: Option<bool>,
    /// What is tried again; may be repeated or separated by commas [default: retryable]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    retry_on: Option<Vec<RetryOn>>,
}

/// How things are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: JSON, in a documented and versioned shape.
    Json,
}

/// When to color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

impl GlobalOptions {
    /// A parser of these options alone, made once: clap takes longer to make it than to parse.
    pub(super) fn command_for_parsing() -> &'static Command {
        static COMMAND: LazyLock<Command> = LazyLock::new(|| {
            let command = Command::new("taskrunner")
                .disable_help_flag(true)
                .override_usage("taskrunner [OPTIONS] COMMAND [ARGUMENTS]");
            GlobalOptions::augment_args(command)
        });
        &COMMAND
    }

    /// Parses these options, which are all that the words are.
    pub(super) fn parse(words: Vec<OsString>) -> Result<Self, clap::Error> {
        if words.is_empty() {
            return Ok(Self::default());
        }
        let words = std::iter::once(OsString::from("taskrunner")).chain(words);
        Self::from_arg_matches(&Self::command_for_parsing().clone().try_get_matches_from(words)?)
    }

    /// Whether plugins and configuration are looked for in the same places.
    pub(crate) fn look_where(&self, other: &Self) -> bool {
        let places = |options: &Self| {
            let Self { config, plugin_dirs, directory, require_sandbox, .. } = options;
            (config.clone(), plugin_dirs.clone(), directory.clone(), *require_sandbox)
        };
        places(self) == places(other)
    }

    /// What the flags allow and deny. Relative paths are relative to the directory.
    pub(crate) fn statements(&self, directory: &Path) -> Vec<Statement> {
        let options = &self.permissions;
        [
            (Effect::Allow, Kind::Read, &options.allow_read),
            (Effect::Allow, Kind::Write, &options.allow_write),
            (Effect::Allow, Kind::Env, &options.allow_env),
            (Effect::Allow, Kind::Connect, &options.allow_connect),
            (Effect::Allow, Kind::Udp, &options.allow_udp),
            (Effect::Allow, Kind::Resolve, &options.allow_resolve),
            (Effect::Allow, Kind::Http, &options.allow_http),
            (Effect::Deny, Kind::Read, &options.deny_read),
            (Effect::Deny, Kind::Write, &options.deny_write),
            (Effect::Deny, Kind::Env, &options.deny_env),
            (Effect::Deny, Kind::Connect, &options.deny_connect),
            (Effect::Deny, Kind::Udp, &options.deny_udp),
            (Effect::Deny, Kind::Resolve, &options.deny_resolve),
            (Effect::Deny, Kind::Http, &options.deny_http),
        ]
        .into_iter()
        .flat_map(|(effect, kind, targets)| {
            targets.iter().map(move |target| Statement {
                effect,
                capability: Capability::new(kind, target),
                directory: directory.to_owned(),
                source: Source::Flag,
            })
        })
        .collect()
    }

    /// The first of these options that leads beyond a test case's own directories: it names other
    /// files, or grants what the case does not. Each option that there is stands here, so that a new one does.
    pub(crate) fn beyond_a_case(&self) -> Option<&'static str> {
        let Self {
            config,
            plugin_dirs,
            directory,
            audit,
            receipt,
            permissions,
            format: _,
            color: _,
            log_level: _,
            log_format: _,
            timings: _,
            require_sandbox: _,
            no_input: _,
            locked: _,
            limits: _,
            retry: _,
        } = self;
        let PermissionOptions {
            allow_read,
            allow_write,
            allow_env: _,
            allow_connect,
            allow_udp,
            allow_resolve,
            allow_http,
            deny_read: _,
            deny_write: _,
            deny_env: _,
            deny_connect: _,
            deny_udp: _,
            deny_resolve: _,
            deny_http: _,
        } = permissions;
        let given = [
            ("--config", config.is_some()),
            ("--plugin-dir", !plugin_dirs.is_empty()),
            ("-C", directory.is_some()),
            ("--audit", audit.is_some()),
            ("--receipt", receipt.is_some()),
            ("--allow-read", !allow_read.is_empty()),
            ("--allow-write", !allow_write.is_empty()),
            ("--allow-connect", !allow_connect.is_empty()),
            ("--allow-udp", !allow_udp.is_empty()),
            ("--allow-resolve", !allow_resolve.is_empty()),
            ("--allow-http", !allow_http.is_empty()),
        ];
        given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
    }

    pub(crate) fn limits(&self) -> LimitsLayer {
        LimitsLayer {
            time: self.limits.time_limit,
            memory: self.limits.memory_limit,
            output: self.limits.output_limit,
            handles: self.limits.handle_limit,
            disk: self.limits.disk_limit,
            files: self.limits.file_limit,
            records: self.limits.record_limit,
        }
    }

    pub(crate) fn retry(&self) -> RetryLayer {
        RetryLayer {
            attempts: self.retry.attempts,
            backoff: self.retry.backoff,
            delay: self.retry.backoff_delay,
            max_delay: self.retry.backoff_max,
            jitter: self.retry.backoff_jitter,
            on: self.retry.retry_on.clone(),
        }
    }
}
