//! A program that was started for a project, and ends with the runner.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::sandbox::{self, Stop};

/// How long it takes at most to see that a program has ended.
const STEP: Duration = Duration::from_millis(2);

/// Any time, for who waits as long as it takes.
const A_WHILE: Duration = Duration::from_secs(3600);

/// How long a program has to end by itself, once it was told to.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(5);

/// A program that runs. It is ended when this is dropped.
pub(super) struct Running {
    child: Child,
    /// Whether those that it starts are ended with it.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no groups of processes"))]
    leads: bool,
}

/// Why a program is not waited for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unended {
    #[error("{0}")]
    Stopped(Stop),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Running {
    /// Starts a program that has no others.
    pub(super) fn alone(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        end_with_the_runner(command, rustix::process::Signal::KILL);
        Ok(Self { child: command.spawn()?, leads: false })
    }

    /// Starts a program with those that it will start.
    pub(super) fn leading(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        {
            std::os::unix::process::CommandExt::process_group(command, 0);
            end_with_the_runner(command, rustix::process::Signal::TERM);
        }
        Ok(Self { child: command.spawn()?, leads: true })
    }

    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) -> Result<ExitStatus, Unended> {
        loop {
            if let Some(status) = self.wait_until(Instant::now() + A_WHILE)? {
                return Ok(status);
            }
        }
    }

    /// Waits until it has ended; none where that takes longer than it may.
    pub(super) fn wait_until(&mut self, until: Instant) -> Result<Option<ExitStatus>, Unended> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            if let Err(stop) = sandbox::pause(STEP) {
                self.stop(&stop);
                return Err(Unended::Stopped(stop));
            }
        }
    }

    /// Passes on why everything is to stop, so that the program can tidy up.
    #[cfg(unix)]
    fn stop(&mut self, stop: &Stop) {
        use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};

        let signal = match stop {
            Stop::Signal(number) => Signal::from_named_raw(*number).unwrap_or(Signal::TERM),
            _ => Signal::TERM,
        };
        let Some(process) = self.process().filter(|_| self.leads) else { return };
        let _ = rustix::process::kill_process_group(process, signal);
        let until = Instant::now() + GRACE;
        // Seen so, it is still there, and its number means nobody else.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        while matches!(waitid(WaitId::Pid(process), options), Ok(None)) && Instant::now() < until {
            std::thread::sleep(STEP);
        }
        let _ = rustix::process::kill_process_group(process, Signal::KILL);
    }

    #[cfg(not(unix))]
    fn stop(&mut self, _: &Stop) {}

    #[cfg(unix)]
    fn process(&self) -> Option<rustix::process::Pid> {
        rustix::process::Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing where it was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the kernel end the program where the runner is killed. In a group of its own, it is not stopped at
/// a terminal, either.
#[cfg(unix)]
fn end_with_the_runner(command: &mut Command, signal: rustix::process::Signal) {
    use std::os::unix::process::CommandExt;

    #[cfg(target_os = "linux")]
    let runner = rustix::process::getpid();
    let prepare = move || {
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            if rustix::process::getppid() != Some(runner) {
                return Err(io::Error::other("the runner has ended"));
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = signal;
        // SAFETY: it installs no handler.
        unsafe { libc::signal(libc::SIGTTOU, libc::SIG_IGN) };
        Ok(())
    };
    // SAFETY: between fork and exec, it makes three system calls.
    unsafe { command.pre_exec(prepare) };
}
