//! Runs test cases: each in a fresh directory with a home of its own, by this same program.
//!
//! A file of cases comes with a project, which may be anybody's. What a case puts, names and grants lies
//! within directories that are made for it and go away after it: see [`bounds`].

mod bounds;
mod compare;
mod place;
mod process;
mod world;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::cases::{Case, CasePath};
use super::child::Unended;
use crate::plugin::{Digest, Manifest};
use crate::sandbox::Stop;

pub(crate) use compare::{Mismatch, Problem};
pub(crate) use place::TestDirectory;
pub(crate) use process::{Ended, Output};

use world::World;

/// What all cases of a plugin have in common.
pub(crate) struct Bench {
    /// This program.
    pub(crate) program: PathBuf,
    /// The variables of the machine's that every program has.
    pub(crate) surroundings: Vec<(&'static str, String)>,
    /// The directory for all of it.
    pub(crate) directory: TestDirectory,
    /// The plugin's file in it, which is what each case runs.
    pub(crate) plugin: PathBuf,
    /// What that file must be.
    pub(crate) identity: Digest,
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
    /// One of its files cannot be made.
    #[error("it cannot be written: {error}")]
    File { path: CasePath, error: io::Error },
    #[error("{0}")]
    Stopped(Stop),
    #[error("cannot run the case: {0}")]
    Io(#[from] io::Error),
}

impl From<Unended> for TestError {
    fn from(unended: Unended) -> Self {
        match unended {
            Unended::Stopped(stop) => Self::Stopped(stop),
            Unended::Io(error) => Self::Io(error),
        }
    }
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
        let world = World::new(case, self.manifest.name(), &self.directory, &self.seals)?;
        bounds::check(case, &self.manifest, &world)?;
        let begun = std::time::Instant::now();
        let ended = process::run(self, case, &world)?;
        let elapsed = begun.elapsed();
        let mismatches = compare::compare(case, &ended, &world.workspace());
        Ok(Tested { case, ended, mismatches, elapsed })
    }
}
