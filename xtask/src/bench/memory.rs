//! How much memory a run takes, with all its processes.
//!
//! A run of some milliseconds is too short to be sampled, and what `wait4` tells of a process is the most of
//! any one, this one among them: the kernel counts what stood there before the program was loaded. So the
//! run is traced, and each of its processes is stopped at its end, where it and those that live with it are
//! looked at.

use serde::Serialize;

/// The most memory that was in use, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// Of all processes at once, a page that several share counted once.
    pub(crate) together: u64,
    /// Of the largest process alone.
    pub(crate) largest: u64,
}

#[cfg(target_os = "linux")]
pub(crate) use traced::measure;

/// Elsewhere nobody knows.
#[cfg(not(target_os = "linux"))]
pub(crate) fn measure(mut command: std::process::Command) -> anyhow::Result<Option<Memory>> {
    let status = command.status()?;
    anyhow::ensure!(status.success(), "it failed ({status})");
    Ok(None)
}

#[cfg(target_os = "linux")]
mod traced {
    use std::collections::BTreeMap;
    use std::fs;
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use anyhow::{Context, Result, bail};
    use nix::errno::Errno;
    use nix::libc;
    use nix::sys::ptrace::{self, Options};
    use nix::sys::signal::Signal;
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    use super::Memory;

    /// Whether a process has loaded a program of its own, or is a copy of the one that made it.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Image {
        Own,
        Copied,
    }

    /// Runs the command under watch. Nothing, where this user may not look.
    pub(crate) fn measure(mut command: Command) -> Result<Option<Memory>> {
        // SAFETY: between fork and exec the closure makes one system call, and allocates nothing.
        unsafe { command.pre_exec(|| ptrace::traceme().map_err(io::Error::from)) };
        let child = command.spawn().context("cannot start it")?;
        drop(command);
        let root = Pid::from_raw(i32::try_from(child.id())?);
        waitpid(root, None).context("cannot wait for its start")?;
        let options = Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEEXIT
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK;
        ptrace::setoptions(root, options).context("cannot trace it")?;
        ptrace::cont(root, None).context("cannot let it go on")?;
        watch(root)
    }

    fn watch(root: Pid) -> Result<Option<Memory>> {
        let mut alive = BTreeMap::from([(root, Image::Own)]);
        let mut most = Memory { together: 0, largest: 0 };
        let mut seen = false;
        let mut failure = None;
        while !alive.is_empty() {
            // What other threads started is theirs.
            match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error).context("cannot wait for it"),
                Ok(WaitStatus::PtraceEvent(pid, _, event)) => {
                    if event == libc::PTRACE_EVENT_EXIT {
                        if let Ok(memory) = looked_at(root, &alive) {
                            seen = true;
                            most.together = most.together.max(memory.together);
                            most.largest = most.largest.max(memory.largest);
                        }
                    } else if event == libc::PTRACE_EVENT_EXEC {
                        alive.insert(pid, Image::Own);
                    }
                    go_on(pid, None)?;
                }
                Ok(WaitStatus::Stopped(pid, signal)) => {
                    // A new process begins with a stop that is the tracer's alone.
                    let is_new = !alive.contains_key(&pid);
                    alive.entry(pid).or_insert(Image::Copied);
                    go_on(pid, Some(signal).filter(|_| !is_new))?;
                }
                Ok(WaitStatus::Exited(pid, code)) => {
                    alive.remove(&pid);
                    failure = failure.or_else(|| (pid == root && code != 0).then_some(code));
                }
                Ok(WaitStatus::Signaled(pid, ..)) => {
                    alive.remove(&pid);
                    failure = failure.or_else(|| (pid == root).then_some(-1));
                }
                Ok(_) => {}
            }
        }
        match failure {
            Some(code) => bail!("it failed ({code})"),
            None => {
                Ok(seen.then_some(Memory { together: most.together.max(most.largest), ..most }))
            }
        }
    }

    /// It may have gone already.
    fn go_on(pid: Pid, signal: Option<Signal>) -> Result<()> {
        match ptrace::cont(pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error).context("cannot let it go on"),
        }
    }

    /// What the processes that live now have in memory.
    fn looked_at(root: Pid, alive: &BTreeMap<Pid, Image>) -> Result<Memory> {
        let mut memory = Memory { together: 0, largest: 0 };
        for (pid, image) in alive {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            memory.together += match image {
                // What a copy still shares with the one it was made of is counted there.
                Image::Copied if *pid != root => {
                    field(&rollup, "Private_Clean:") + field(&rollup, "Private_Dirty:")
                }
                _ => field(&rollup, "Rss:"),
            };
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            memory.largest = memory.largest.max(field(&status, "VmHWM:"));
        }
        Ok(memory)
    }

    /// A field of such a file, in bytes; 0 where it is not there.
    fn field(text: &str, name: &str) -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or_default() * 1024
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_field_is_in_bytes() {
            assert_eq!(field("Rss:      12 kB\nPss:   3 kB\n", "Pss:"), 3 * 1024);
            assert_eq!(field("Rss:      12 kB\n", "Pss:"), 0);
        }

        #[test]
        fn what_a_process_and_its_copies_hold_is_counted() {
            let shell = |script: &str| {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                measure(command).expect("it runs").expect("this user may look")
            };
            let alone = shell("true");
            // The copy of the shell holds what was read, eight megabytes, and the shell does not.
            let both = shell("(x=$(head -c 8000000 /dev/zero | tr '\\0' x); : \"$x\"); true");
            assert!(alone.together >= alone.largest && alone.largest > 0);
            assert!(both.together > alone.together + 8_000_000, "{alone:?} {both:?}");
        }

        #[test]
        fn a_failure_is_told() {
            let mut command = Command::new("sh");
            command.args(["-c", "exit 3"]);
            assert!(measure(command).is_err());
        }
    }
}
