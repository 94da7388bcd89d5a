//! Counts the instructions of a start and of a listing, and holds them to what is recorded.
//!
//! Times differ from run to run and from machine to machine; what valgrind counts hardly does. It follows
//! the runner's fork, so that the worker is counted as well. It does not know Landlock, which is then
//! missing from what is run, and it counts nothing of what the kernel does: a fault of a page, a fork, a system call
//! cost nothing here. What grows there, `cargo xtask bench` has to show.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::bench;
use crate::bench::place::Place;
use crate::workspace::Workspace;

/// Where the counts are kept, relative to the root.
const RECORD: &str = "benches/instructions.json";

/// So many hundredths of the recorded count may be counted.
const TOLERATED: u64 = 105;

/// So many runs are counted, and the least counts: seeds of hash tables and such can only add.
const RUNS: usize = 3;

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
struct Count {
    runner: u64,
    worker: u64,
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
    let (then, taskrunner) = match arguments {
        [] => (Then::Show, None),
        ["--check"] => (Then::Check, None),
        ["--record"] => (Then::Record, None),
        ["--taskrunner", path] => (Then::Show, Some(PathBuf::from(path).canonicalize()?)),
        _ => bail!("usage: cargo xtask instructions [--check | --record | --taskrunner PATH]"),
    };
    let taskrunner = match taskrunner {
        Some(path) => path,
        None => {
            bench::build_taskrunner(&workspace.root)?;
            workspace.target_directory.join("release/taskrunner")
        }
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
        let change = before.map(|before| count.total() as f64 / before.total() as f64 - 1.0);
        let change_text =
            change.map_or_else(String::new, |change| format!(", {:+.2} %", change * 100.0));
        let Count { runner, worker } = count;
        println!("{name}: {runner} thousand instructions, and {worker} of the worker{change_text}");
        if before.is_some_and(|before| count.total() * 100 > before.total() * TOLERATED) {
            faults.push(format!("{name}: {} thousand{change_text}", count.total()));
        }
    }
    for (name, value) in recorded.into_iter().flat_map(|recorded| &recorded.with) {
        if let Some(here) = found.with.get(name).filter(|here| *here != value) {
            println!(
                "recorded with {name} {value}, and here is {here}: that alone makes a difference"
            );
        }
    }
    faults
}

/// Counts in worlds of which only the name differs from run to run, not the length.
fn count(root: &Path, taskrunner: &Path) -> Result<BTreeMap<String, Count>> {
    let scratch = tempfile::Builder::new().prefix("taskrunner-instructions-").tempdir()?;
    let warm = bench::warm_place(root, scratch.path(), taskrunner)?;
    let guest = fs::read(root.join("benches/prebuilt/hello-0000.wasm"))?;
    let many = Place::with_plugins(scratch.path(), PLUGINS, &guest, taskrunner)?;
    let mut counts = BTreeMap::new();
    for (name, place, arguments) in [
        ("a warm start", &warm, &["hello-0000"][..]),
        ("a listing of 100 plugins", &many, &["list"]),
    ] {
        let mut least = None::<Count>;
        // The first run is not counted: what valgrind's processor cannot do, is compiled anew.
        for run in 0..=RUNS {
            let count =
                count_once(place, taskrunner, arguments).with_context(|| name.to_owned())?;
            let fewer = least.is_none_or(|least| count.total() < least.total());
            if run > 0 && fewer {
                least = Some(count);
            }
        }
        counts.insert(name.to_owned(), least.context("nothing was counted")?);
    }
    Ok(counts)
}

/// One run under valgrind.
fn count_once(place: &Place, taskrunner: &Path, arguments: &[&str]) -> Result<Count> {
    let log = place.beside("valgrind.log");
    let audit = place.beside("audit.jsonl");
    let call = place
        .call(which("valgrind")?)
        .arguments(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .argument(format!("--log-file={}", log.display()))
        .argument(taskrunner)
        .argument("--audit")
        .argument(&audit)
        .arguments(arguments.iter().copied());
    call.rehearse()?;
    let text =
        fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    counted(&text).with_context(|| format!("valgrind counted nothing:\n{text}"))
}

/// Reads valgrind's log, which tells of the runner first and counts it last.
fn counted(log: &str) -> Option<Count> {
    let runner = process(log.lines().next()?)?;
    let mut count = Count { runner: 0, worker: 0 };
    for line in log.lines() {
        let Some((_, number)) = line.split_once("Collected : ") else { continue };
        let thousands = number.trim().parse::<u64>().ok()? / 1000;
        if process(line)? == runner {
            count.runner += thousands;
        } else {
            count.worker += thousands;
        }
    }
    (count.runner > 0).then_some(count)
}

/// The number of the process that a line of the log is about: `==123== …`.
fn process(line: &str) -> Option<&str> {
    line.strip_prefix("==")?.split_once("==").map(|(process, _)| process)
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

fn which(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
        .with_context(|| format!("there is no `{program}` on the path"))
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
        self.runner + self.worker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "==10== Callgrind, a call-graph generating cache profiler\n\
        ==11== Events    : Ir\n==11== Collected : 2500999\n==10== Collected : 7000000\n";

    fn found(total: u64) -> Counted {
        let counts = [("start".to_owned(), Count { runner: total - 10, worker: 10 })];
        Counted { with: BTreeMap::new(), counts: counts.into() }
    }

    #[test]
    fn runner_and_worker_are_told_apart() {
        assert_eq!(counted(LOG), Some(Count { runner: 7000, worker: 2500 }));
        assert_eq!(counted("==10== Command: true\n"), None);
        assert_eq!(counted(""), None);
    }

    #[test]
    fn five_in_a_hundred_more_are_too_many() {
        assert!(show(Some(&found(1000)), &found(1050)).is_empty());
        assert_eq!(show(Some(&found(1000)), &found(1051)).len(), 1);
        assert!(show(Some(&found(1000)), &found(500)).is_empty());
        assert!(show(None, &found(500)).is_empty());
    }
}
