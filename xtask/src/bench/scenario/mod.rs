//! What is measured: each scenario makes its world, and gives its programs and its targets.

mod cold;
mod compute;
mod discovery;
mod files;
mod growth;
mod output;
mod warm;

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::call::Call;
use super::compare::{Contestant, Row, compare};
use super::options::Scale;
use super::peers::Peers;
use super::target::{Target, Verdict};

/// What all scenarios use.
pub(crate) struct Bench {
    /// Where the sources are.
    pub(crate) root: PathBuf,
    /// Where the worlds are made.
    pub(crate) scratch: PathBuf,
    /// The program that all this is about.
    pub(crate) taskrunner: PathBuf,
    /// Where the same programs are that run in the sandbox, built natively.
    pub(crate) native: PathBuf,
    pub(crate) peers: Peers,
    pub(crate) scale: Scale,
}

/// A scenario by its name.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What it is, in a line.
    pub(crate) title: &'static str,
    run: fn(&Bench) -> Result<Measured>,
}

/// What came of it.
#[derive(Serialize)]
pub(crate) struct Measured {
    /// One table for each race.
    pub(crate) races: Vec<Race>,
    pub(crate) targets: Vec<Verdict>,
    /// For a plot: how time and memory grow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) growth: Vec<growth::Series>,
}

/// Programs that were measured in turn. Ratios are to the first one.
#[derive(Serialize)]
pub(crate) struct Race {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

pub(crate) use growth::{Point, Series};
pub(crate) use warm::place as warm_place;

/// All of them.
pub(crate) const SCENARIOS: [Scenario; 7] = [
    Scenario { name: "warm", title: "Warm start", run: warm::run },
    Scenario { name: "cold", title: "Cold start", run: cold::run },
    Scenario { name: "discovery", title: "Discovery", run: discovery::run },
    Scenario { name: "files", title: "Files", run: files::run },
    Scenario { name: "output", title: "Standard output", run: output::run },
    Scenario { name: "compute", title: "Computing", run: compute::run },
    Scenario { name: "growth", title: "Growth", run: growth::run },
];

impl Scenario {
    /// Measures it.
    pub(crate) fn measure(&self, bench: &Bench) -> Result<Measured> {
        (self.run)(bench)
    }
}

impl Measured {
    /// One race, and its targets.
    fn of(title: &str, rows: Vec<Row>, targets: &[Target]) -> Self {
        let targets = targets.iter().map(|target| target.decide(&rows)).collect();
        Self { races: vec![Race { title: title.to_owned(), rows }], targets, growth: Vec::new() }
    }

    fn and(mut self, other: Self) -> Self {
        self.races.extend(other.races);
        self.targets.extend(other.targets);
        self.growth.extend(other.growth);
        self
    }
}

impl Bench {
    /// The bytes of a guest of the benchmarks.
    fn guest(&self, name: &str) -> PathBuf {
        self.root.join("benches/prebuilt").join(format!("{name}.wasm"))
    }

    /// Measures in turn, so many rounds or, for a first look, fewer.
    fn compare(&self, contestants: &[Contestant<'_>], rounds: usize) -> Result<Vec<Row>> {
        let rounds = self.scale.rounds(rounds);
        compare(contestants, (rounds / 10).max(1), rounds)
    }

    /// What wasmtime makes of a component beforehand.
    fn precompiled(&self, wasmtime: &Path, component: &Path, into: &Path) -> Result<PathBuf> {
        let name = component.file_stem().unwrap_or_default();
        let compiled = into.join(name).with_extension("cwasm");
        Call::new(wasmtime, into)
            .argument("compile")
            .argument(component)
            .argument("-o")
            .argument(&compiled)
            .rehearse()?;
        Ok(compiled)
    }
}

/// A size for people.
fn size(bytes: usize) -> String {
    const UNITS: [(usize, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    UNITS
        .into_iter()
        .find(|(unit, _)| bytes >= *unit)
        .map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}
