//! Listings, and running one command, among one and among many plugins.

use anyhow::{Context, Result, ensure};

use super::{Bench, Measured};
use crate::bench::compare::{Contestant, progress};
use crate::bench::place::Place;
use crate::bench::target::{Measure::*, Target};

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    let counts = bench.scale.plugins();
    let [one, .., most] = counts;
    let places = places(bench, &counts)?;
    let mut contestants = Vec::new();
    for (count, place) in &places {
        contestants.push(Contestant::new(
            format!("run-{count}"),
            format!("one command among {count}"),
            place.audited(["hello-0000"]),
        ));
    }
    for (count, place) in &places {
        contestants.push(Contestant::new(
            format!("list-{count}"),
            format!("list of {count}"),
            place.taskrunner(["list"]),
        ));
    }
    let rows = bench.compare(&contestants, 50)?;
    let target = |bound, name: &str, what: &str| {
        Target::at_most(
            bound,
            Time,
            &format!("{name} {most} / {one}"),
            &format!("{what}-{most}"),
            &format!("{what}-{one}"),
        )
    };
    let targets =
        [target(1.2, "one command among plugins,", "run"), target(3.0, "list of plugins,", "list")];
    Ok(Measured::of("Plugins whose digests are known", rows, &targets))
}

/// Workspaces with so many plugins each.
pub(super) fn places(bench: &Bench, counts: &[usize]) -> Result<Vec<(usize, Place)>> {
    counts.iter().map(|&count| Ok((count, place(bench, count)?))).collect()
}

/// A workspace with so many plugins, all of which the runner has seen.
pub(crate) fn place(bench: &Bench, count: usize) -> Result<Place> {
    progress(&format!("asking {count} plugins what they are"));
    let bytes = std::fs::read(bench.guest("hello-0000"))
        .context("cannot read the guest; `cargo xtask guests hello-0000` builds it")?;
    let place = Place::with_plugins(&bench.scratch, count, &bytes, &bench.taskrunner)?;
    let listed = place.listed()?;
    let found = listed.matches("hello-").count();
    ensure!(found >= count, "of {count} plugins {found} are listed:\n{listed}");
    Ok(place)
}
