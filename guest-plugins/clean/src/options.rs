//! What the user wants, checked: the arguments and the command's section of the configuration.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use taskrunner_plugin::{Failure, Invocation, Source};

use crate::globs::{BadGlob, Globs};
use crate::kinds::KindSet;
use crate::scan::PATTERN;
use crate::told::Told;

/// What the user wants.
#[derive(Debug)]
pub(crate) struct Options {
    /// Say what would be removed, and remove nothing.
    pub(crate) dry_run: bool,
    /// The kinds of project of which something is removed.
    pub(crate) kinds: KindSet,
    /// What was changed after this is left alone.
    pub(crate) cutoff: Option<SystemTime>,
    /// What is left alone.
    pub(crate) keep: Globs,
    /// What is removed besides.
    pub(crate) patterns: Globs,
    /// The repositories that are out of sight.
    pub(crate) told: Told,
}

/// The part of the section that no argument stands for.
#[derive(Deserialize)]
struct Section {
    #[serde(default)]
    patterns: Vec<String>,
}

impl Options {
    /// The wishes of this call, `now` being now.
    pub(crate) fn of(call: &Invocation, now: SystemTime) -> Result<Self, Failure> {
        let section: Section = call.configuration()?;
        let kinds = call.texts("kind");
        let patterns = if patterns_wanted(&kinds, call.source("kind")) {
            Globs::parse(section.patterns.iter().map(String::as_str))
                .map_err(|bad| refused(Source::Configuration, "a glob of `patterns`", &bad))?
        } else {
            Globs::default()
        };
        let keep = Globs::parse(call.texts("keep"))
            .map_err(|bad| refused(call.source("keep"), "a glob to keep", &bad))?;
        let cutoff = match call.text("older-than") {
            Some(text) => Some(cutoff(text, now).map_err(|reason| {
                failure(call.source("older-than"), format!("`{text}` is no duration: {reason}"))
                    .hint("write it as `30d`, `2weeks` or `12h`")
            })?),
            None => None,
        };
        Ok(Self {
            dry_run: call.flag("dry-run"),
            kinds: if kinds.is_empty() { KindSet::all() } else { KindSet::named(&kinds) },
            cutoff,
            keep,
            patterns,
            told: Told::of_process(),
        })
    }
}

/// Whether the patterns of the configuration hold. Who names kinds for this one run means these; who
/// names them in the configuration, next to the patterns, means both.
fn patterns_wanted(kinds: &[&str], source: Source) -> bool {
    let for_this_run = matches!(source, Source::CommandLine | Source::Environment);
    kinds.is_empty() || !for_this_run || kinds.contains(&PATTERN)
}

fn cutoff(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    let age: Duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    now.checked_sub(age).ok_or_else(|| "it is too long".to_owned())
}

fn refused(source: Source, what: &str, bad: &BadGlob) -> Failure {
    failure(source, format!("`{}` is not {what}: {}", bad.written, bad.reason))
}

/// A mistake in the configuration is one; anywhere else, the command was called in a wrong way.
fn failure(source: Source, message: String) -> Failure {
    match source {
        Source::Configuration => Failure::configuration(message),
        Source::CommandLine | Source::Environment | Source::Default => Failure::usage(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_for_this_run_leave_the_patterns_out() {
        assert!(patterns_wanted(&[], Source::Default));
        assert!(patterns_wanted(&["cargo"], Source::Configuration));
        assert!(!patterns_wanted(&["cargo"], Source::CommandLine));
        assert!(!patterns_wanted(&["cargo"], Source::Environment));
        assert!(patterns_wanted(&["cargo", PATTERN], Source::CommandLine));
    }

    #[test]
    fn an_age_is_counted_back_from_now() {
        let now = SystemTime::now();
        assert_eq!(cutoff("2days 1h", now), Ok(now - Duration::from_secs(49 * 3600)));
        for text in ["", "soon", "30", "-1d", "30 parsecs"] {
            assert!(cutoff(text, now).is_err(), "{text}");
        }
        assert_eq!(cutoff("999999999999years", SystemTime::UNIX_EPOCH).ok(), None);
    }
}
