//! The runner's own keys, as they are written. Every field may be missing: a stronger layer is put over
//! a weaker one, and the defaults come last.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;

use super::units::{Bytes, LogLevel, Time};
use crate::execution::{Backoff, RetryOn};
use crate::plugin::Name;
use crate::report::LogFormat;
use crate::sandbox::Limits;

/// The top-level keys that are the runner's; every other one is the section of a command.
pub(crate) const RUNNER_KEYS: [&str; 6] =
    ["commands", "limits", "logging", "permissions", "plugins", "retry"];

/// `logging`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LoggingLayer {
    pub(super) level: Option<LogLevel>,
    pub(super) format: Option<LogFormat>,
}

/// `plugins`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PluginsLayer {
    /// Directories, relative to the one of the file.
    pub(super) path: Option<Vec<PathBuf>>,
    /// Embedded commands that a plugin of the same name may take the place of.
    pub(super) replace: Option<Vec<Name>>,
}

/// `limits`, also below `commands.NAME`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LimitsLayer {
    pub(crate) time: Option<Time>,
    pub(crate) memory: Option<Bytes>,
    pub(crate) output: Option<Bytes>,
    pub(crate) handles: Option<NonZeroU32>,
    pub(crate) disk: Option<Bytes>,
    pub(crate) files: Option<NonZeroU32>,
    pub(crate) records: Option<Bytes>,
}

/// `retry`, also below `commands.NAME`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RetryLayer {
    pub(crate) attempts: Option<std::num::NonZeroU8>,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) delay: Option<Time>,
    pub(crate) max_delay: Option<Time>,
    pub(crate) jitter: Option<bool>,
    pub(crate) on: Option<Vec<RetryOn>>,
}

/// `commands.NAME`: what the runner does differently for one command.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct CommandLayer {
    pub(super) limits: LimitsLayer,
    pub(super) retry: RetryLayer,
}

/// `commands`.
pub(super) type CommandsLayer = BTreeMap<Name, CommandLayer>;

impl LimitsLayer {
    /// This layer, and the other where this one says nothing.
    pub(super) fn over(self, weaker: Self) -> Self {
        Self {
            time: self.time.or(weaker.time),
            memory: self.memory.or(weaker.memory),
            output: self.output.or(weaker.output),
            handles: self.handles.or(weaker.handles),
            disk: self.disk.or(weaker.disk),
            files: self.files.or(weaker.files),
            records: self.records.or(weaker.records),
        }
    }

    /// This layer with nothing in it above these ceilings.
    pub(super) fn capped(self, ceilings: Limits) -> Self {
        let Self { time, memory, output, handles, disk, files, records } = self;
        Self {
            time: time.map(|time| Time(time.0.min(ceilings.time))),
            memory: memory.map(|bytes| Bytes(bytes.0.min(ceilings.memory))),
            output: output.map(|bytes| Bytes(bytes.0.min(ceilings.output))),
            handles: handles
                .map(|n| NonZeroU32::new(ceilings.handles).map_or(n, |most| n.min(most))),
            disk: disk.map(|bytes| Bytes(bytes.0.min(ceilings.disk))),
            files: files.map(|n| {
                let most = u32::try_from(ceilings.files).ok().and_then(NonZeroU32::new);
                most.map_or(n, |most| n.min(most))
            }),
            records: records.map(|bytes| Bytes(bytes.0.min(ceilings.records))),
        }
    }

    /// What this layer puts above these ceilings, and a flag does not set: the key and the value.
    pub(super) fn raised_over(self, ceilings: Limits, flags: Self) -> Vec<(&'static str, String)> {
        let Self { time, memory, output, handles, disk, files, records } = self;
        let time = time.filter(|time| flags.time.is_none() && time.0 > ceilings.time);
        let above = |bytes: Option<Bytes>, flag: Option<Bytes>, ceiling: u64| {
            bytes.filter(|bytes| flag.is_none() && bytes.0 > ceiling)
        };
        let memory = above(memory, flags.memory, ceilings.memory);
        let output = above(output, flags.output, ceilings.output);
        let handles = handles.filter(|n| flags.handles.is_none() && n.get() > ceilings.handles);
        let disk = above(disk, flags.disk, ceilings.disk);
        let files = files.filter(|n| flags.files.is_none() && u64::from(n.get()) > ceilings.files);
        let records = above(records, flags.records, ceilings.records);
        let size = |bytes: Bytes| bytesize::ByteSize(bytes.0).to_string();
        [
            ("time", time.map(|time| humantime::format_duration(time.0).to_string())),
            ("memory", memory.map(size)),
            ("output", output.map(size)),
            ("handles", handles.map(|n| n.to_string())),
            ("disk", disk.map(size)),
            ("files", files.map(|n| n.to_string())),
            ("records", records.map(size)),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }

    /// Whether a key is set.
    pub(super) fn has(&self, key: &str) -> bool {
        match key {
            "time" => self.time.is_some(),
            "memory" => self.memory.is_some(),
            "output" => self.output.is_some(),
            "handles" => self.handles.is_some(),
            "disk" => self.disk.is_some(),
            "files" => self.files.is_some(),
            "records" => self.records.is_some(),
            _ => false,
        }
    }
}

impl RetryLayer {
    /// This layer, and the other where this one says nothing.
    pub(super) fn over(self, weaker: Self) -> Self {
        Self {
            attempts: self.attempts.or(weaker.attempts),
            backoff: self.backoff.or(weaker.backoff),
            delay: self.delay.or(weaker.delay),
            max_delay: self.max_delay.or(weaker.max_delay),
            jitter: self.jitter.or(weaker.jitter),
            on: self.on.or(weaker.on),
        }
    }
}
