//! A program that only computes, against the same source built natively.

use anyhow::{Result, ensure};

use super::{Bench, Measured, size};
use crate::bench::compare::Contestant;
use crate::bench::place::{CONFIGURATION, Place};
use crate::bench::target::{Measure::*, Target};

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    // From 512 MiB on, the crate counts wrong where a number of the machine's has 32 bits.
    let bytes = bench.scale.bytes().min(384 << 20);
    let place = Place::new(&bench.scratch, "compute", &bench.taskrunner)?;
    place.write("taskrunner.yaml", CONFIGURATION)?;
    let guest = bench.guest("digest");
    place.write(".taskrunner/plugins/digest.wasm", &std::fs::read(&guest)?)?;
    let count = bytes.to_string();
    let native = place.call(bench.native.join("digest")).argument(&count);
    let sandboxed = place.audited(["digest", &count]);
    let (one, other) = (native.rehearse()?, sandboxed.rehearse()?);
    ensure!(one == other, "natively the digest is {one}, and in the sandbox {other}");
    let mut contestants = vec![
        Contestant::new("native", "the same source, natively", native).heavy(),
        Contestant::new("taskrunner", "taskrunner", sandboxed).heavy(),
    ];
    if let Some(wasmtime) = &bench.peers.wasmtime {
        let program = &wasmtime.program;
        let compiled = bench.precompiled(program, &guest, &place.beside("home"))?;
        let call = place.call(program).arguments(["run", "--allow-precompiled"]);
        contestants.push(
            Contestant::new(
                "wasmtime",
                "wasmtime run --allow-precompiled, not interrupted",
                call.argument(compiled).argument(&count),
            )
            .heavy(),
        );
    }
    let rows = bench.compare(&contestants, 5)?;
    let size = size(bytes);
    let target = Target::at_most(
        1.5,
        Time,
        &format!("SHA-256 of {size} / natively"),
        "taskrunner",
        "native",
    );
    Ok(Measured::of(&format!("SHA-256 of {size}, which can be interrupted"), rows, &[target]))
}
