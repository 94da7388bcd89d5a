//! Runs test cases: each in a fresh directory with a home of its own, by this same program.
//!
//! A file of cases comes with a project, which may be anybody's. What a case puts, names and grants lies
//! within directories that are made for it and go away after it: see [`bounds`].

mod bounds;
mod compare;
mod process;
mod world;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::cases::Case;
use crate::plugin::Manifest;

pub(crate) use compare::{Mismatch, Problem};
pub(crate) use process::{Ended, Output};

use world::World;

/// What all cases of a plugin have in common.
pub(crate) struct Bench {
    /// This program.
    pub(crate) program: PathBuf,
    /// The variables of the machine's that every program has.
    pub(crate) surroundings: Vec<(&'static str, String)>,
    /// The directory that holds the plugin alone.
    pub(crate) plugins: PathBuf,
    /// The directory for caches, so that a plugin is compiled once.
    pub(crate) cache: PathBuf,
    /// The directory for what vouches for that.
    pub(crate) seals: PathBuf,
    /// What the plugin says of itself.
    pub(crate) manifest: Manifest,
}

/// Why a case could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestError {
    /// It names something beyond its own directories.
    #[error("{0}")]
    Beyond(String),
    #[error("cannot run the case: {0}")]
    Io(#[from] io::Error),
}

/// How a case ended.
pub(crate) struct Tested<'a> {
    pub(crate) case: &'a Case,
    pub(crate) ended: Ended,
    /// What is not as it is expected; nothing, where the case passes.
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) elapsed: Duration,
}

impl Tested<'_> {
    pub(crate) fn passed(&self) -> bool {
        self.mismatches.is_empty()
    }
}

impl Bench {
    /// Runs a case. An error is the case's or the machine's, not the plugin's.
    pub(crate) fn run<'a>(&self, case: &'a Case) -> Result<Tested<'a>, TestError> {
        let world = World::new(case, self.manifest.name(), &self.seals)?;
        bounds::check(case, &self.manifest, &world)?;
        let begun = std::time::Instant::now();
        let ended = process::run(self, case, &world)?;
        let elapsed = begun.elapsed();
        let mismatches = compare::compare(case, &ended, &world.workspace());
        Ok(Tested { case, ended, mismatches, elapsed })
    }
}
