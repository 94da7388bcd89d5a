//! The first run of a component that was never seen, against wasmtime without a cache; and the second run.

use anyhow::Result;

use super::{Bench, Measured};
use crate::bench::compare::Contestant;
use crate::bench::place::Place;
use crate::bench::target::{Measure::*, Target};

/// A program in Rust of 115 KB, which shows what it is given.
const SMALL: &str = "tests/fixtures/programs/prebuilt/rust.wasm";

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    let small = race(bench, "small", &bench.root.join(SMALL), 15)?;
    let large =
        bench.peers.large.as_ref().map(|large| race(bench, "large", large, 5)).transpose()?;
    let measured = match large {
        Some(large) => small.and(large),
        None => small,
    };
    Ok(measured.and(second(bench)?))
}

fn race(bench: &Bench, name: &str, component: &std::path::Path, rounds: usize) -> Result<Measured> {
    let place = Place::new(&bench.scratch, &format!("cold-{name}"), &bench.taskrunner)?;
    place.write(".taskrunner/plugins/show.wasm", &std::fs::read(component)?)?;
    let kilobytes = std::fs::metadata(component)?.len() / 1000;
    let call = place.audited(["show"]);
    call.rehearse()?;
    let mut contestants =
        vec![Contestant::new("taskrunner", "taskrunner", call).before(|| place.forget()).heavy()];
    if let Some(wasmtime) = &bench.peers.wasmtime {
        let call = place.call(&wasmtime.program).arguments(["run", "-C", "cache=n"]);
        contestants.push(
            Contestant::new("wasmtime", "wasmtime run -C cache=n", call.argument(component))
                .heavy(),
        );
    }
    let rows = bench.compare(&contestants, rounds)?;
    let target = Target::at_most(
        1.0,
        Time,
        &format!("cold start of {kilobytes} KB / wasmtime"),
        "taskrunner",
        "wasmtime",
    );
    Ok(Measured::of(&format!("A component of {kilobytes} KB that was never seen"), rows, &[target]))
}

/// What is embedded and what is a file, at the first and at the second run.
fn second(bench: &Bench) -> Result<Measured> {
    let place = super::warm_place(&bench.root, &bench.scratch, &bench.taskrunner)?;
    let first = Place::new(&bench.scratch, "first", &bench.taskrunner)?;
    let clean = |place: &Place| place.audited(["clean", "--dry-run"]);
    let contestants = [
        Contestant::new("hello", "a plugin of 60 KB, then", place.audited(["hello-0000"])),
        Contestant::new("clean", "`clean`, then", clean(&place)),
        Contestant::new("clean-first", "`clean`, first", clean(&first))
            .before(|| first.forget())
            .heavy(),
    ];
    let rows = bench.compare(&contestants, 15)?;
    Ok(Measured::of("The first run of an embedded command, and those then", rows, &[]))
}
