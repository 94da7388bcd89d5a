//! Removing a large tree, and walking through one in vain.

use anyhow::{Context, Result, ensure};

use super::{Bench, Measured};
use crate::bench::compare::{Contestant, progress};
use crate::bench::place::{CONFIGURATION, Place};
use crate::bench::target::{Measure::*, Target};
use crate::bench::tree;

pub(super) fn run(bench: &Bench) -> Result<Measured> {
    Ok(remove(bench)?.and(walk(bench)?))
}

/// A project of Cargo's whose `target` is the tree.
fn remove(bench: &Bench) -> Result<Measured> {
    let files = bench.scale.files();
    let place = project(bench, "remove")?;
    let target = place.path("target");
    let make = || {
        progress(&format!("making {files} files"));
        tree::make(&target, files)
    };
    let gone = || {
        ensure!(!target.exists(), "{} is still there", target.display());
        Ok(())
    };
    // The first run compiles: that is not what is measured here.
    place.audited(["clean"]).rehearse()?;
    let mut contestants = vec![
        Contestant::new("taskrunner", "taskrunner clean", place.audited(["clean"]))
            .before(make)
            .after(gone)
            .heavy(),
    ];
    if let Some(rm) = bench.peers.system("rm") {
        let call = place.call(rm).arguments(["-rf", "target"]);
        contestants.push(Contestant::new("rm", "rm -rf", call).before(make).after(gone).heavy());
    }
    if let Some(kondo) = &bench.peers.kondo {
        let call = place.call(&kondo.program).arguments(["--all", "-qq"]);
        contestants
            .push(Contestant::new("kondo", "kondo --all", call).before(make).after(gone).heavy());
    }
    let rows = bench.compare(&contestants, 3)?;
    let target = Target::at_most(
        4.0,
        Time,
        &format!("removing {files} files / `rm -rf`"),
        "taskrunner",
        "rm",
    );
    Ok(Measured::of(&format!("Removing {files} files, a hundred in a directory"), rows, &[target]))
}

/// A tree that no build left behind.
fn walk(bench: &Bench) -> Result<Measured> {
    let files = bench.scale.files();
    let place = Place::new(&bench.scratch, "walk", &bench.taskrunner)?;
    place.write("taskrunner.yaml", CONFIGURATION)?;
    progress(&format!("making {files} files"));
    tree::make(&place.path("sources"), files)?;
    let call = place.audited(["clean", "--dry-run"]);
    let said = call.rehearse()?;
    ensure!(said.contains("nothing to remove"), "`clean` found something: {said}");
    let mut contestants =
        vec![Contestant::new("taskrunner", "taskrunner clean --dry-run", call).heavy()];
    if let Some(find) = bench.peers.system("find") {
        let call = place.call(find).arguments([".", "-name", "nothing-has-this-name"]);
        contestants.push(Contestant::new("find", "find", call).heavy());
    }
    // kondo ends with 2 where it finds nothing, and so is none of them.
    let rows = bench.compare(&contestants, 15)?;
    let target = Target::at_most(
        4.0,
        Time,
        &format!("walking through {files} files / `find`"),
        "taskrunner",
        "find",
    );
    Ok(Measured::of(&format!("Walking through {files} files in vain"), rows, &[target]))
}

/// An empty project of Cargo's.
pub(super) fn project(bench: &Bench, name: &str) -> Result<Place> {
    let place = Place::new(&bench.scratch, name, &bench.taskrunner)?;
    place.write("taskrunner.yaml", CONFIGURATION)?;
    place
        .write("Cargo.toml", b"[package]\nname = \"example\"\nversion = \"0.0.0\"\n")
        .context("cannot make a project")?;
    Ok(place)
}
