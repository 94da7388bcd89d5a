//! How time and memory grow: with the number of plugins, of files, of bytes.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::{Bench, Measured, discovery, files, output};
use crate::bench::compare::{Contestant, Row};
use crate::bench::memory::Memory;
use crate::bench::tree;

/// How one thing grows with another.
#[derive(Serialize)]
pub(crate) struct Series {
    /// What grows, and so which plot it is part of.
    pub(crate) of: &'static str,
    /// What is done with it.
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

/// What was measured at one size.
#[derive(Serialize)]
pub(crate) struct Point {
    pub(crate) size: usize,
    /// The median, in seconds.
    pub(crate) seconds: f64,
    pub(crate) memory: Option<Memory>,
}

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    let mut growth = Vec::new();
    growth.extend(plugins(bench)?);
    growth.push(removing(bench)?);
    growth.push(writing(bench)?);
    Ok(Measured { races: Vec::new(), targets: Vec::new(), growth })
}

/// Sizes on a line: the least, and quarters of the most.
fn sizes(least: usize, most: usize) -> [usize; 5] {
    [least, most / 4, most / 2, most / 4 * 3, most]
}

fn series(of: &'static str, name: &str, sizes: &[usize], rows: &[Row]) -> Series {
    let points = sizes.iter().zip(rows).map(|(&size, row)| Point {
        size,
        seconds: row.wall.median,
        memory: row.memory,
    });
    Series { of, name: name.to_owned(), points: points.collect() }
}

fn plugins(bench: &Bench) -> Result<[Series; 2]> {
    let [least, _, most] = bench.scale.plugins();
    let sizes = sizes(least, most);
    let places = discovery::places(bench, &sizes)?;
    let lists = places.iter().map(|(size, place)| {
        Contestant::new("list", format!("list of {size}"), place.taskrunner(["list"]))
    });
    let runs = places.iter().map(|(size, place)| {
        let call = place.audited(["hello-0000"]);
        Contestant::new("run", format!("one command among {size}"), call)
    });
    let rows = bench.compare(&lists.chain(runs).collect::<Vec<_>>(), 20)?;
    let (lists, runs) = rows.split_at(sizes.len());
    Ok([
        series("plugins", "`taskrunner list`", &sizes, lists),
        series("plugins", "one command among them", &sizes, runs),
    ])
}

fn removing(bench: &Bench) -> Result<Series> {
    let sizes = sizes(1, bench.scale.files());
    let place = files::project(bench, "growth")?;
    let target = place.path("target");
    place.audited(["clean"]).rehearse()?;
    let contestants = sizes.map(|size| {
        let target = &target;
        Contestant::new("clean", format!("removing {size} files"), place.audited(["clean"]))
            .before(move || tree::make(target, size))
            .after(move || {
                ensure!(!target.exists(), "{} is still there", target.display());
                Ok(())
            })
            .heavy()
    });
    let rows = bench.compare(&contestants, 3)?;
    Ok(series("files", "`taskrunner clean`", &sizes, &rows))
}

fn writing(bench: &Bench) -> Result<Series> {
    let sizes = sizes(1 << 20, bench.scale.bytes());
    let place = output::place(bench)?;
    output::emit(&place, 1).rehearse()?;
    let contestants = sizes
        .map(|size| Contestant::new("emit", super::size(size), output::emit(&place, size)).heavy());
    let rows = bench.compare(&contestants, 3)?;
    Ok(series("bytes", "output through a plugin", &sizes, &rows))
}
