//! One run under valgrind, and what it counted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Count;
use crate::bench::place::Place;

/// Counts a run of the program.
pub(super) fn count(place: &Place, taskrunner: &Path, arguments: &[&str]) -> Result<Count> {
    let text = run(place, taskrunner, arguments, &["--callgrind-out-file=/dev/null".to_owned()])?;
    counted(&text).with_context(|| format!("valgrind counted nothing:\n{text}"))
}

/// The functions that a run of the program calls, by the names that the linker knows them by.
pub(super) fn functions(
    place: &Place,
    taskrunner: &Path,
    arguments: &[&str],
) -> Result<BTreeSet<String>> {
    let directory = tempfile::tempdir()?;
    let out = format!("--callgrind-out-file={}/%p", directory.path().display());
    run(place, taskrunner, arguments, &["--demangle=no".to_owned(), out])?;
    let mut functions = BTreeSet::new();
    for file in fs::read_dir(directory.path())? {
        let profile = fs::read(file?.path())?;
        functions.extend(String::from_utf8_lossy(&profile).lines().filter_map(function));
    }
    ensure!(!functions.is_empty(), "valgrind saw no function");
    Ok(functions)
}

/// The name that a line of a profile gives a function: `fn=(12) name`, or `cfn=` where it is called. One that calls
/// itself has a number behind it.
fn function(line: &str) -> Option<String> {
    let named = line.strip_prefix("fn=(").or_else(|| line.strip_prefix("cfn=("))?;
    let name = named.split_once(") ")?.1;
    let name = name.split_once('\'').map_or(name, |(name, _)| name);
    (!name.starts_with("0x") && !name.contains(' ')).then(|| name.to_owned())
}

/// Runs the program, and gives what valgrind says of it.
fn run(place: &Place, taskrunner: &Path, arguments: &[&str], options: &[String]) -> Result<String> {
    let log = place.beside("valgrind.log");
    let call = place
        .call(program()?)
        .argument("--tool=callgrind")
        .arguments(options.iter().map(String::as_str))
        .argument(format!("--log-file={}", log.display()))
        .argument(taskrunner)
        .argument("--audit")
        .argument(place.beside("audit.jsonl"))
        .arguments(arguments.iter().copied());
    let mut command = call.command()?;
    adapt(&mut command)?;
    let status = command.status().with_context(|| format!("cannot run {call}"))?;
    let text =
        fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    ensure!(status.success(), "{call} failed ({status})\n{text}");
    Ok(text)
}

/// Lets the program meet a kernel on which it can be counted to its end.
///
/// The runner ends a worker that has handed over its result, before it could count itself: such a signal goes
/// nowhere here, and the runner waits for the worker's own end. And the second wall would be around valgrind as
/// well, where it knows the wall's system calls; some of its versions do not, so here none does.
#[cfg(target_os = "linux")]
fn adapt(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    use nix::libc;

    let without_signals = filter(&[libc::SYS_kill, libc::SYS_pidfd_send_signal], 0)?;
    let without_walls = filter(
        &[libc::SYS_landlock_create_ruleset, libc::SYS_seccomp],
        libc::ENOSYS.unsigned_abs(),
    )?;
    let apply = move || {
        // The one that takes away `seccomp` comes last.
        [&without_signals, &without_walls]
            .into_iter()
            .try_for_each(|program| seccompiler::apply_filter(program))
            .map_err(std::io::Error::other)
    };
    // SAFETY: between fork and exec the closure makes four system calls; only a failure, which ends the
    // child, allocates.
    unsafe { command.pre_exec(apply) };
    Ok(())
}

/// A filter that answers some system calls in the kernel's place.
#[cfg(target_os = "linux")]
fn filter(calls: &[std::ffi::c_long], answer: u32) -> Result<seccompiler::BpfProgram> {
    use seccompiler::{SeccompAction, SeccompFilter};

    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let architecture = std::env::consts::ARCH.try_into()?;
    let answer = SeccompAction::Errno(answer);
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture)?.try_into()?)
}

#[cfg(not(target_os = "linux"))]
fn adapt(_: &mut Command) -> Result<()> {
    anyhow::bail!("instructions are counted on Linux alone")
}

/// Reads valgrind's log, which tells of the runner first and counts it last.
fn counted(log: &str) -> Option<Count> {
    let runner = process(log.lines().next()?)?;
    let mut count = Count { runner: 0, through_worker: None };
    for line in log.lines() {
        let Some((_, number)) = line.split_once("Collected : ") else { continue };
        let thousands = number.trim().parse::<u64>().ok()? / 1000;
        if process(line)? == runner {
            count.runner = thousands;
        } else {
            count.through_worker = count.through_worker.max(Some(thousands));
        }
    }
    (count.runner > 0).then_some(count)
}

/// The number of the process that a line of the log is about: `==123== …`.
fn process(line: &str) -> Option<&str> {
    line.strip_prefix("==")?.split_once("==").map(|(process, _)| process)
}

fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join("valgrind"))
        .find(|path| path.is_file())
        .context("there is no `valgrind` on the path")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "==10== Callgrind, a call-graph generating cache profiler\n\
        ==11== Events    : Ir\n==11== Collected : 2500999\n==10== Collected : 7000000\n";

    #[test]
    fn functions_are_told_by_name() {
        let named = |line| function(line);
        assert_eq!(named("fn=(7) _ZN4main17h0E").as_deref(), Some("_ZN4main17h0E"));
        assert_eq!(named("cfn=(8) malloc'2").as_deref(), Some("malloc"));
        for other in
            ["fn=(7)", "fn=(9) 0x0000000000cb9e80", "fn=(1) (below main)", "12 34", "cob=(1) x"]
        {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn runner_and_worker_are_told_apart() {
        assert_eq!(counted(LOG), Some(Count { runner: 7000, through_worker: Some(2500) }));
        let alone = counted("==10== Callgrind\n==10== Collected : 7000000\n");
        assert_eq!(alone, Some(Count { runner: 7000, through_worker: None }));
        assert_eq!(counted("==10== Command: true\n"), None);
        assert_eq!(counted(""), None);
    }
}
