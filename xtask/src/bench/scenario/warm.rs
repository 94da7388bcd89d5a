//! The start of a command that ran before, against the starts of others.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Bench, Measured};
use crate::bench::call::Call;
use crate::bench::compare::Contestant;
use crate::bench::place::Place;
use crate::bench::target::{Measure::*, Target};

const LINE: &str = "Hello, world!\n";

/// A module that exports one function, which does nothing: `(module (func (export "hello") (result i32)
/// i32.const 0))`.
const MODULE: &[u8] = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x09\x01\x05hello\0\0\x0a\x06\x01\x04\0\x41\0\x0b";

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    let place = place(&bench.root, &bench.scratch, &bench.taskrunner)?;
    let mut contestants = ours(&place);
    others(bench, &place, &mut contestants)?;
    let rows = bench.compare(&contestants, 100)?;
    let targets = [
        Target::at_most(
            0.4,
            Time,
            "warm start / wasmtime, precompiled",
            "taskrunner",
            "wasmtime-precompiled",
        ),
        Target::at_most(4.0, Time, "warm start / `true`", "taskrunner", "true"),
        Target::at_most(0.05, Time, "warm start / a Python plugin CLI", "taskrunner", "python-cli"),
        Target::at_most(
            0.7,
            Memory,
            "memory of a warm start / wasmtime, precompiled",
            "taskrunner",
            "wasmtime-precompiled",
        ),
    ];
    Ok(Measured::of("A command that prints a line, run before", rows, &targets))
}

/// A workspace with a configuration, a lock file, a plugin and one grant; and the program that wasmtime runs,
/// under the same conditions.
pub(crate) fn place(root: &Path, scratch: &Path, taskrunner: &Path) -> Result<Place> {
    let place = Place::new(scratch, "warm", taskrunner)?;
    place.write("src/main.rs", b"fn main() {}\n")?;
    place.write(
        "taskrunner.yaml",
        b"logging: {level: warn}\npermissions:\n  hello-0000: {read: [src]}\n  greet: {read: [src]}\n",
    )?;
    for name in ["hello-0000", "greet"] {
        let guest = root.join(format!("benches/prebuilt/{name}.wasm"));
        let bytes = fs::read(&guest).with_context(|| format!("cannot read {}", guest.display()))?;
        place.write(&format!(".taskrunner/plugins/{name}.wasm"), &bytes)?;
    }
    place.taskrunner(["update", "--accept"]).rehearse()?;
    Ok(place)
}

fn ours(place: &Place) -> Vec<Contestant<'static>> {
    vec![
        Contestant::new("taskrunner", "taskrunner, a plugin", place.audited(["hello-0000"]))
            .printing(LINE),
        Contestant::new("taskrunner-program", "taskrunner, a program", place.audited(["greet"]))
            .printing(LINE),
    ]
}

fn others(bench: &Bench, place: &Place, contestants: &mut Vec<Contestant<'_>>) -> Result<()> {
    let peers = &bench.peers;
    let scripts = bench.root.join("benches/peers");
    if let Some(program) = peers.system("true") {
        contestants.push(Contestant::new("true", "true", place.call(program)));
    }
    if let Some(wasmtime) = &peers.wasmtime {
        let program = &wasmtime.program;
        let greet = bench.guest("greet");
        let compiled = bench.precompiled(program, &greet, &place.beside("home"))?;
        contestants.push(
            Contestant::new(
                "wasmtime-precompiled",
                "wasmtime run --allow-precompiled",
                place.call(program).arguments(["run", "--allow-precompiled"]).argument(compiled),
            )
            .printing(LINE),
        );
        contestants.push(
            Contestant::new(
                "wasmtime-cached",
                "wasmtime run, from its cache",
                place.call(program).argument("run").argument(greet),
            )
            .printing(LINE),
        );
    }
    if let Some(python) = &peers.python {
        contestants.push(Contestant::new(
            "python",
            "python -c pass",
            place.call(&python.program).arguments(["-c", "pass"]),
        ));
        let directory = scripts.join("python_cli");
        contestants.push(
            Contestant::new(
                "python-cli",
                "a plugin CLI in Python",
                Call::new(&python.program, &directory).arguments(["main.py", "hello"]),
            )
            .printing(LINE),
        );
    }
    if let Some(node) = &peers.node {
        contestants.push(Contestant::new(
            "node",
            "node -e 0",
            place.call(&node.program).arguments(["-e", "0"]),
        ));
    }
    place.write("module.wasm", MODULE)?;
    let module = place.path("module.wasm");
    if let Some(extism) = &peers.extism_python {
        contestants.push(
            Contestant::new(
                "extism-python",
                "extism in Python",
                place
                    .call(&extism.program)
                    .argument(scripts.join("extism_host.py"))
                    .argument(&module),
            )
            .printing(LINE),
        );
    }
    if let Some((extism, node)) = peers.extism_node.as_ref().zip(peers.node.as_ref()) {
        contestants.push(
            Contestant::new(
                "extism-node",
                "extism in Node",
                place
                    .call(&node.program)
                    .argument(scripts.join("extism_host.mjs"))
                    .argument(&extism.program)
                    .argument(&module),
            )
            .printing(LINE),
        );
    }
    Ok(())
}
