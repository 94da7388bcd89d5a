//! The command line of `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::scenario::SCENARIOS;

/// What to measure, and what to do with it.
#[derive(Default)]
pub(crate) struct Options {
    /// The scenarios by their names; all, if there are none.
    pub(crate) scenarios: Vec<String>,
    /// Where to write everything as JSON.
    pub(crate) json: Option<PathBuf>,
    /// The program to measure, instead of one that is built now.
    pub(crate) taskrunner: Option<PathBuf>,
    /// Write the tables and plots into the documentation.
    pub(crate) record: bool,
    /// Fail where a target is not met.
    pub(crate) check: bool,
    pub(crate) scale: Scale,
}

/// How much of everything.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    #[default]
    Full,
    /// For a first look: smaller, fewer rounds. Its ratios are not those of the targets.
    Quick,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(&argument) = rest.next() {
            let mut path = || rest.next().map(PathBuf::from).context("an option wants a path");
            match argument {
                "--json" => options.json = Some(path()?),
                "--taskrunner" => options.taskrunner = Some(path()?),
                "--record" => options.record = true,
                "--check" => options.check = true,
                "--quick" => options.scale = Scale::Quick,
                name if SCENARIOS.iter().any(|scenario| scenario.name == name) => {
                    options.scenarios.push(name.to_owned());
                }
                other => bail!("there is no scenario or option `{other}`; scenarios: {}", names()),
            }
        }
        if options.record && (options.scale == Scale::Quick || !options.scenarios.is_empty()) {
            bail!(
                "what is recorded is measured whole and in one go: without `--quick`, without names"
            );
        }
        Ok(options)
    }
}

fn names() -> String {
    SCENARIOS.map(|scenario| scenario.name).join(", ")
}

impl Scale {
    pub(crate) fn plugins(self) -> [usize; 3] {
        match self {
            Self::Full => [1, 100, 1000],
            Self::Quick => [1, 10, 100],
        }
    }

    pub(crate) fn files(self) -> usize {
        match self {
            Self::Full => 100_000,
            Self::Quick => 10_000,
        }
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Full => 1 << 30,
            Self::Quick => 128 << 20,
        }
    }

    pub(crate) fn rounds(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => (full / 5).max(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_and_options_stand_in_any_order() {
        let options = Options::parse(&["warm", "--json", "a.json", "files", "--check"])
            .expect("they are known");
        assert_eq!(options.scenarios, ["warm", "files"]);
        assert_eq!(options.json, Some("a.json".into()));
        assert!(options.check && !options.record);
    }

    #[test]
    fn what_is_unknown_or_incomplete_is_refused() {
        for arguments in [&["lukewarm"][..], &["--json"], &["--fast"]] {
            assert!(Options::parse(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn only_a_whole_run_is_recorded() {
        assert!(Options::parse(&["--record"]).is_ok());
        assert!(Options::parse(&["--record", "--quick"]).is_err());
        assert!(Options::parse(&["--record", "warm"]).is_err());
    }
}
