//! Runs test cases: each in a fresh directory with a home of its own, by this same program.

mod compare;
mod process;
mod world;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::cases::Case;
use crate::plugin::Name;

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
    /// The plugin's command.
    pub(crate) command: Name,
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
    /// Runs a case. An error is the machine's, not the plugin's.
    pub(crate) fn run<'a>(&self, case: &'a Case) -> io::Result<Tested<'a>> {
        let world = World::new(case, &self.command)?;
        let begun = std::time::Instant::now();
        let ended = process::run(self, case, &world)?;
        let elapsed = begun.elapsed();
        let mismatches = compare::compare(case, &ended, &world.workspace());
        Ok(Tested { case, ended, mismatches, elapsed })
    }
}
