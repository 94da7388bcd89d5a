//! Much output through a plugin into a pipe.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Bench, Measured, size};
use crate::bench::compare::Contestant;
use crate::bench::place::{CONFIGURATION, Place};
use crate::bench::target::{Measure::*, Target};

/// More than any scenario writes; by default it would end at 64 MiB.
const OUTPUT_LIMIT: &str = "--output-limit=8GiB";

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    let bytes = bench.scale.bytes();
    let place = place(bench)?;
    let data = place.path("data");
    fill(&data, bytes)?;
    let count = bytes.to_string();
    place.taskrunner(["emit", "1"]).rehearse()?;
    place
        .call(&bench.taskrunner)
        .argument("cat")
        .input(place.path("taskrunner.yaml"))
        .rehearse()?;
    let mut contestants = Vec::new();
    if let Some(cat) = bench.peers.system("cat") {
        let call = place.call(cat).argument(&data).piped();
        contestants.push(Contestant::new("cat", "cat of a file", call).heavy());
    }
    let emit = place.audited([OUTPUT_LIMIT, "emit", &count]).piped();
    contestants.push(Contestant::new("emit", "taskrunner, a program that writes", emit).heavy());
    let cat = place.audited([OUTPUT_LIMIT, "cat"]).input(&data).piped();
    contestants
        .push(Contestant::new("copy", "taskrunner, a plugin that copies its input", cat).heavy());
    let native = place.call(bench.native.join("emit")).argument(&count).piped();
    contestants.push(Contestant::new("native", "the same program, natively", native).heavy());
    if let Some(wasmtime) = &bench.peers.wasmtime {
        let program = &wasmtime.program;
        let compiled = bench.precompiled(program, &bench.guest("emit"), &place.beside("home"))?;
        let call = place.call(program).arguments(["run", "--allow-precompiled"]);
        contestants.push(
            Contestant::new(
                "wasmtime",
                "wasmtime run --allow-precompiled",
                call.argument(compiled).argument(&count).piped(),
            )
            .heavy(),
        );
    }
    let rows = bench.compare(&contestants, 7)?;
    std::fs::remove_file(&data).with_context(|| format!("cannot remove {}", data.display()))?;
    let size = size(bytes);
    let target =
        Target::at_least(0.5, Speed, &format!("speed of {size} of output / `cat`"), "emit", "cat");
    Ok(Measured::of(
        &format!("{size} through a pipe, whose reader throws it away"),
        rows,
        &[target],
    ))
}

/// A workspace with what writes.
pub(super) fn place(bench: &Bench) -> Result<Place> {
    let place = Place::new(&bench.scratch, "output", &bench.taskrunner)?;
    place.write("taskrunner.yaml", CONFIGURATION)?;
    let cat = bench.root.join("tests/fixtures/prebuilt/cat.wasm");
    for (name, path) in [("emit", bench.guest("emit")), ("cat", cat)] {
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        place.write(&format!(".taskrunner/plugins/{name}.wasm"), &bytes)?;
    }
    Ok(place)
}

/// A call that writes so many bytes.
pub(super) fn emit(place: &Place, bytes: usize) -> crate::bench::call::Call {
    place.audited([OUTPUT_LIMIT, "emit", &bytes.to_string()]).piped()
}

fn fill(path: &Path, bytes: usize) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = File::create(path).with_context(failed)?;
    let chunk = vec![b'x'; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let length = left.min(chunk.len());
        file.write_all(&chunk[..length]).with_context(failed)?;
        left -= length;
    }
    Ok(())
}
