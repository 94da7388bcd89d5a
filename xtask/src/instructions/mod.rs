//! Counts the instructions of a start and of a listing, and holds them to what is recorded.
//!
//! Times differ from run to run and from machine to machine; what valgrind counts hardly does. It follows
//! the runner's fork, so that the worker is counted as well. What it does not count: the second wall, which would be around valgrind as well, and
//! all that the kernel does (a fault of a page, a fork, a system call cost nothing here). What grows there, `cargo xtask bench` has to show.

mod valgrind;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::bench::place::Place;
use crate::workspace::Workspace;
use crate::{bench, dist};

/// Where the counts are kept, relative to the root.
const RECORD: &str = "benches/instructions.json";

/// So many hundredths of the recorded count may be counted.
const TOLERATED: u64 = 105;

/// So many runs are counted, and the least counts: seeds of hash tables and such can only add.
const RUNS: usize = 2;

/// The plugins of the listing.
const PLUGINS: usize = 100;

/// What is kept: for each kind of machine, what it was counted with and the counts.
#[derive(Default, Deserialize, Serialize)]
struct Record {
    version: u32,
    machines: BTreeMap<String, Counted>,
}

#[derive(Deserialize, Serialize)]
struct Counted {
    /// What the counts depend on beside the sources.
    with: BTreeMap<String, String>,
    counts: BTreeMap<String, Count>,
}

/// Instructions, in thousands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Count {
    /// Of the process that was started, from its start to its end.
    runner: u64,
    /// From the same start, through the fork, to the end of the worker; nothing, where there is none. What was
    /// counted until then is part of what a fork copies.
    through_worker: Option<u64>,
}

/// What shall be done with what was counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Show,
    Check,
    Record,
}

/// Counts, shows, and checks or records.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let (mut then, mut taskrunner) = (Then::Show, None);
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        match argument {
            "--check" => then = Then::Check,
            "--record" => then = Then::Record,
            "--taskrunner" => {
                let path = rest.next().context("--taskrunner wants a path")?;
                let path = Path::new(path).canonicalize();
                taskrunner = Some(path.context("there is no such program")?);
            }
            _ => bail!("usage: cargo xtask instructions [--check | --record] [--taskrunner PATH]"),
        }
    }
    let taskrunner = match taskrunner {
        Some(path) => path,
        None => dist::build(&workspace.root, &workspace.target_directory)?,
    };
    let path = workspace.root.join(RECORD);
    let mut record = read(&path)?;
    let machine = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let found = Counted { with: with()?, counts: count(&workspace.root, &taskrunner)? };
    let recorded = record.machines.get(&machine);
    let faults = show(recorded, &found);
    match then {
        Then::Show => Ok(()),
        Then::Check => {
            ensure!(
                recorded.is_some(),
                "nothing is recorded for {machine}: `cargo xtask instructions --record`"
            );
            ensure!(
                faults.is_empty(),
                "more instructions than recorded in {RECORD}\n  {}\nif that is worth it: cargo xtask instructions --record",
                faults.join("\n  ")
            );
            Ok(())
        }
        Then::Record => {
            record.version = 1;
            record.machines.insert(machine, found);
            let text = serde_json::to_string_pretty(&record)? + "\n";
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        }
    }
}

/// Shows what was counted beside what is recorded, and gives what has grown too much.
fn show(recorded: Option<&Counted>, found: &Counted) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, count) in &found.counts {
        let before = recorded.and_then(|recorded| recorded.counts.get(name));
        let runner =
            (format!("{name}, the runner"), before.map(|it| it.runner), Some(count.runner));
        let through = before.and_then(|it| it.through_worker);
        let through = (format!("{name}, through its worker"), through, count.through_worker);
        for (what, before, now) in [runner, through] {
            let Some(now) = now else { continue };
            let change = before.map_or_else(String::new, |before| {
                format!(" ({:+.2} %)", (now as f64 / before as f64 - 1.0) * 100.0)
            });
            let line = format!("{what}: {now} thousand instructions{change}");
            println!("{line}");
            if before.is_some_and(|before| now * 100 > before * TOLERATED) {
                faults.push(line);
            }
        }
    }
    for (name, value) in recorded.into_iter().flat_map(|recorded| &recorded.with) {
        if let Some(here) = found.with.get(name).filter(|here| *here != value) {
            println!(
                "recorded with {name} {value}, and here is {here}: that alone can make a difference"
            );
        }
    }
    faults
}

/// The functions that a warm start calls, of a program that still has their names.
pub(crate) fn functions_of_a_start(root: &Path, taskrunner: &Path) -> Result<BTreeSet<String>> {
    let scratch = tempfile::Builder::new().prefix("taskrunner-functions-").tempdir()?;
    let place = bench::warm_place(root, scratch.path(), taskrunner)?;
    // What valgrind's processor cannot do, is compiled anew by the first run.
    valgrind::functions(&place, taskrunner, &["hello-0000"])?;
    valgrind::functions(&place, taskrunner, &["hello-0000"])
}

/// Counts in worlds of which only the name differs from run to run, not the length.
fn count(root: &Path, taskrunner: &Path) -> Result<BTreeMap<String, Count>> {
    let scratch = tempfile::Builder::new().prefix("taskrunner-instructions-").tempdir()?;
    let warm = bench::warm_place(root, scratch.path(), taskrunner)?;
    let guest = fs::read(root.join("benches/prebuilt/hello-0000.wasm"))?;
    let many = Place::with_plugins(scratch.path(), PLUGINS, &guest, taskrunner)?;
    many.listed()?;
    let mut counts = BTreeMap::new();
    for (name, place, arguments) in [
        ("a warm start", &warm, &["hello-0000"][..]),
        ("a listing of 100 plugins", &many, &["list"]),
    ] {
        let mut least = None::<Count>;
        // The first run is not counted: what valgrind's processor cannot do, is compiled anew.
        for run in 0..=RUNS {
            let count =
                valgrind::count(place, taskrunner, arguments).with_context(|| name.to_owned())?;
            let fewer = least.is_none_or(|least| count.total() < least.total());
            if run > 0 && fewer {
                least = Some(count);
            }
        }
        counts.insert(name.to_owned(), least.context("nothing was counted")?);
    }
    Ok(counts)
}

fn with() -> Result<BTreeMap<String, String>> {
    let first_line = |program: &str, argument: &str| -> Result<String> {
        let output = Command::new(program)
            .arg(argument)
            .output()
            .with_context(|| format!("cannot run {program}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let mut with = BTreeMap::new();
    for (name, program) in [("compiler", "rustc"), ("valgrind", "valgrind"), ("C library", "ldd")] {
        with.insert(name.to_owned(), first_line(program, "--version")?);
    }
    Ok(with)
}

fn read(path: &Path) -> Result<Record> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("cannot read {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Record::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

impl Count {
    fn total(self) -> u64 {
        self.runner + self.through_worker.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(runner: u64, through_worker: Option<u64>) -> Counted {
        let counts = [("start".to_owned(), Count { runner, through_worker })];
        Counted { with: BTreeMap::new(), counts: counts.into() }
    }

    #[test]
    fn five_in_a_hundred_more_are_too_many() {
        let faults = |runner, through| {
            show(Some(&found(1000, Some(2000))), &found(runner, Some(through))).len()
        };
        assert_eq!(faults(1050, 2100), 0);
        assert_eq!(faults(1051, 2000), 1);
        assert_eq!(faults(900, 2101), 1, "what the runner saves, the worker may not spend");
        assert_eq!(faults(500, 500), 0);
    }

    #[test]
    fn what_is_not_recorded_is_no_growth() {
        assert!(show(None, &found(500, None)).is_empty());
        assert!(show(Some(&found(500, None)), &found(500, Some(900))).is_empty());
    }
}
