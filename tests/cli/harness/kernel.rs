//! What Linux knows of a process, and a Linux that lacks something.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// No state that is waited for takes longer to come, or the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The processes that a process has started and not reaped.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().map(|child| child.parse().expect("a number")).collect()
}

/// Waits for the worker of a runner.
pub(crate) fn worker(runner: u32) -> u32 {
    let mut found = None;
    until("there is a worker", || {
        found = children(runner).first().copied();
        found.is_some()
    });
    found.expect("it was found")
}

/// Whether a process runs: one that has ended and is not reaped does not.
pub(crate) fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits for something to become true.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal.
pub(crate) fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(process.cast_signed()).expect("a process");
    kill_process(process, signal).expect("it is there");
}

/// Lets a program run as on a kernel that has neither Landlock nor seccomp.
pub(super) fn without_walls(command: &mut Command) {
    let missing = [libc::SYS_landlock_create_ruleset, libc::SYS_seccomp];
    let rules = missing.into_iter().map(|call| (call, Vec::new())).collect();
    let arch: TargetArch = std::env::consts::ARCH.try_into().expect("a processor with filters");
    let answer = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch).expect("a filter");
    let program: BpfProgram = filter.try_into().expect("a filter");
    let install = move || seccompiler::apply_filter(&program).map_err(std::io::Error::other);
    // SAFETY: between fork and exec, it makes two system calls.
    unsafe { command.pre_exec(install) };
}

/// Lets a program start with the signals that end it as a person's shell would start it: one that runs the
/// tests in the background ignores some, and what is ignored is inherited. `hangup` is ignored as `nohup`
/// does it.
pub(super) fn usual_signals(command: &mut Command, hangup: bool) {
    let set = move || {
        let hangup = if hangup { libc::SIG_IGN } else { libc::SIG_DFL };
        for (signal, action) in
            [(libc::SIGINT, libc::SIG_DFL), (libc::SIGTERM, libc::SIG_DFL), (libc::SIGHUP, hangup)]
        {
            // SAFETY: it installs no handler.
            unsafe { libc::signal(signal, action) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec, it makes three system calls.
    unsafe { command.pre_exec(set) };
}

/// Lets a program run under a limit of the system, as `ulimit` sets it.
pub(super) fn limit(command: &mut Command, (resource, limit): (libc::__rlimit_resource_t, u64)) {
    let set = move || {
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
        // SAFETY: it reads what is there.
        match unsafe { libc::setrlimit(resource, &raw const limit) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec, it makes a system call.
    unsafe { command.pre_exec(set) };
}
