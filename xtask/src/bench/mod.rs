//! Measures whole runs of the program beside those of others.
//!
//! hyperfine measures one command after the other, so that whatever keeps the machine busy for a while falls on one
//! of them. Here all that are compared run in turn, in an order that rotates, and what is
//! reported are medians and their ratios in one run.

mod call;
mod compare;
mod machine;
mod memory;
mod options;
mod peers;
pub(crate) mod place;
mod report;
mod scenario;
mod statistics;
mod target;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use crate::dist;
use crate::workspace::{Workspace, cargo};
use machine::Machine;
use options::{Options, Scale};
use peers::Peers;
pub(crate) use scenario::warm_place;
use scenario::{Bench, Measured, SCENARIOS};

/// All that was measured, as it is written as JSON. A field may come; none goes or changes its meaning
/// without another version.
#[derive(Serialize)]
pub(crate) struct Results {
    version: u32,
    machine: Machine,
    /// Whether it was a first look only.
    quick: bool,
    scenarios: Vec<Outcome>,
}

#[derive(Serialize)]
pub(crate) struct Outcome {
    name: &'static str,
    title: &'static str,
    #[serde(flatten)]
    measured: Measured,
}

/// Measures, shows, and writes what is asked for.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let peers = Peers::find(&workspace.root);
    let machine = Machine::look(&workspace.root, &peers);
    report::machine(&machine);

    let bench = prepare(workspace, &options, peers)?;
    let mut results = Results {
        version: 1,
        machine,
        quick: options.scale == Scale::Quick,
        scenarios: Vec::new(),
    };
    let chosen = |name: &str| {
        options.scenarios.is_empty() || options.scenarios.iter().any(|chosen| chosen == name)
    };
    for scenario in SCENARIOS.iter().filter(|scenario| chosen(scenario.name)) {
        let measured = scenario
            .measure(&bench)
            .with_context(|| format!("cannot measure `{}`", scenario.name))?;
        report::measured(scenario.title, &measured);
        let (name, title) = (scenario.name, scenario.title);
        results.scenarios.push(Outcome { name, title, measured });
    }
    report::targets(&results);

    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&results)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.record {
        report::record(&workspace.root.join("docs"), &results)?;
    }
    let missed = results.verdicts().filter(|verdict| !verdict.met).count();
    ensure!(!options.check || missed == 0, "{missed} targets are not met");
    Ok(())
}

/// Builds what is measured.
fn prepare(workspace: &Workspace, options: &Options, peers: Peers) -> Result<Bench> {
    build(&workspace.root, &["--package", "taskrunner-bench-guests"])?;
    let native = workspace.target_directory.join("release");
    let taskrunner = match &options.taskrunner {
        Some(path) => {
            path.canonicalize().with_context(|| format!("there is no {}", path.display()))?
        }
        None => dist::build(&workspace.root, &workspace.target_directory)?,
    };
    Ok(Bench {
        root: workspace.root.clone(),
        scratch: scratch(&workspace.target_directory)?,
        taskrunner,
        native,
        peers,
        scale: options.scale,
    })
}

/// The directory of the worlds that are made for measuring.
fn scratch(target_directory: &Path) -> Result<PathBuf> {
    let scratch = target_directory.join("bench");
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    Ok(scratch.canonicalize()?)
}

fn build(root: &Path, what: &[&str]) -> Result<()> {
    let status = Command::new(cargo())
        .current_dir(root)
        .args(["build", "--quiet", "--release", "--locked", "--bins"])
        .args(what)
        .status()
        .context("cannot run cargo build")?;
    if !status.success() {
        bail!("cargo build --release failed ({status})");
    }
    Ok(())
}

impl Results {
    /// What came of all targets.
    fn verdicts(&self) -> impl Iterator<Item = &target::Verdict> {
        self.scenarios.iter().flat_map(|outcome| &outcome.measured.targets)
    }
}
