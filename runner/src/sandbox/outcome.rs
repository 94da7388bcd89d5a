//! How an attempt ended.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::files::CeilingReached;
use super::limits::cut;
use super::output::{OutputClosed, OutputLimitReached};
use super::worker::{Left, Signal, Stop};
use super::{Limits, engine};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// By itself, with a code from 0 to 123; 0 is success.
    Exited(u8),
    /// With a failure that it reported.
    Failed(Failure),
    /// At a ceiling.
    LimitReached(Limit),
    /// With a trap.
    Crashed(Crash),
    /// Since nobody read its output any more.
    OutputClosed,
    /// Since everything is to stop.
    Stopped(Stop),
    /// It got out of the first wall, and the second one ended it.
    Breach,
    /// Its process died by this signal.
    Died(i32),
    /// Before or beside the guest: the runner could not do its part.
    Broken(String),
}

/// A failure that the plugin reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Why it failed, in the plugin's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailureKind {
    Usage,
    Configuration,
    Retryable,
    Failed,
}

/// A ceiling, with its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Limit {
    Time(Duration),
    Memory(u64),
    Output(u64),
    Handles(u32),
    Disk(u64),
    Files(u64),
    Records(u64),
}

/// What the guest did that WebAssembly does not let pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Crash {
    /// Its calls went too deep.
    Stack,
    Trap(String),
}

/// Why a component cannot be made an instance of: it imports what there is not, or lacks an export.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotLinked(pub(super) String);

/// The largest exit code of a command: those above are the runner's own.
const MAX_EXIT_CODE: u8 = 123;

impl Outcome {
    /// An exit code that the guest chose; too large ones are cut.
    pub(super) fn exited(code: i32) -> Self {
        Self::Exited(u8::try_from(code).map_or(MAX_EXIT_CODE, |code| code.min(MAX_EXIT_CODE)))
    }

    /// One word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Exited(0) => "success",
            Self::Exited(_) => "exit-code",
            Self::Failed(failure) => match failure.kind {
                FailureKind::Usage => "usage",
                FailureKind::Configuration => "configuration",
                FailureKind::Retryable => "retryable",
                FailureKind::Failed => "failed",
            },
            Self::LimitReached(limit) => match limit {
                Limit::Time(_) => "time-limit",
                Limit::Memory(_) => "memory-limit",
                Limit::Output(_) => "output-limit",
                Limit::Handles(_) => "handle-limit",
                Limit::Disk(_) => "disk-limit",
                Limit::Files(_) => "file-limit",
                Limit::Records(_) => "record-limit",
            },
            Self::Crashed(_) => "crashed",
            Self::OutputClosed => "output-closed",
            Self::Stopped(Stop::Unwalled(_)) => "no-sandbox",
            Self::Stopped(Stop::Unrecorded(_)) => "not-recorded",
            Self::Stopped(_) => "interrupted",
            Self::Breach => "breach",
            Self::Died(signal) if died_of_memory(*signal) => "memory-limit",
            Self::Died(_) | Self::Broken(_) => "runner",
        }
    }

    /// Why a worker gave no outcome.
    pub(super) fn left(left: Left, limits: &Limits) -> Self {
        match left {
            Left::TimeOver { .. } => Self::LimitReached(Limit::Time(limits.time)),
            Left::Stopped(stop) => stop.into(),
            Left::Breach => Self::Breach,
            Left::Exhausted => Self::LimitReached(Limit::Memory(limits.memory)),
            Left::Died(signal) => Self::Died(signal),
            Left::Failed(reason) => Self::Broken(reason),
        }
    }

    /// What is believed of a worker's word, which a guest that got out of the first wall may have
    /// written: no more than a guest could have said with its exit code and its failure.
    pub(super) fn vouched(self) -> Self {
        match self {
            Self::Exited(code) => Self::exited(code.into()),
            Self::Failed(mut failure) => {
                cut(&mut failure.message);
                failure.hint.iter_mut().for_each(cut);
                Self::Failed(failure)
            }
            Self::Crashed(Crash::Trap(mut trap)) => {
                cut(&mut trap);
                Self::Crashed(Crash::Trap(trap))
            }
            Self::Broken(mut reason) => {
                cut(&mut reason);
                Self::Broken(reason)
            }
            Self::LimitReached(_) | Self::Crashed(Crash::Stack) | Self::OutputClosed => self,
            Self::Stopped(_) | Self::Breach | Self::Died(_) => Self::Breach,
        }
    }

    /// What an error of wasmtime's says of the guest. `out_of_memory`: growth was refused before.
    pub(super) fn of(error: &wasmtime::Error, limits: &Limits, out_of_memory: bool) -> Self {
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return Self::exited(*code);
        }
        if error.is::<OutputClosed>() {
            return Self::OutputClosed;
        }
        if let Some(NotLinked(reason)) = error.downcast_ref() {
            return Self::Broken(format!("cannot be linked: {reason}"));
        }
        if error.is::<OutputLimitReached>() {
            return Self::LimitReached(Limit::Output(limits.output));
        }
        if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
            return Self::LimitReached(Limit::Handles(limits.handles));
        }
        if let Some(reached) = error.downcast_ref() {
            return Self::LimitReached(match reached {
                CeilingReached::Disk => Limit::Disk(limits.disk),
                CeilingReached::Files => Limit::Files(limits.files),
            });
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::LimitReached(Limit::Time(limits.time)),
            Some(Trap::StackOverflow) => Self::Crashed(Crash::Stack),
            Some(Trap::MemoryOutOfBounds) if is_recursion(error) => Self::Crashed(Crash::Stack),
            _ if out_of_memory => Self::LimitReached(Limit::Memory(limits.memory)),
            Some(trap) => Self::Crashed(Crash::Trap(trap.to_string())),
            None => Self::Crashed(Crash::Trap(one_line(error))),
        }
    }
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::OutputClosed => Self::OutputClosed,
            Stop::RecordLimit(bytes) => Self::LimitReached(Limit::Records(bytes)),
            stop => Self::Stopped(stop),
        }
    }
}

/// Whether the innermost calls are all of few functions: then a guest that left its memory ran out of
/// the stack that its compiler keeps there.
fn is_recursion(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<WasmBacktrace>().is_some_and(|backtrace| {
        let mut functions: Vec<u32> =
            backtrace.frames().iter().map(|frame| frame.func_index()).collect();
        let depth = functions.len();
        functions.sort_unstable();
        functions.dedup();
        depth >= 16 && functions.len() <= depth / 3
    })
}

/// The longest error that is shown: it may quote names from the guest's file.
const MAX_ERROR: usize = 2000;

/// An error and its causes, on one line of bounded length and without the guest's backtrace.
pub(super) fn one_line(error: &wasmtime::Error) -> String {
    let messages: Vec<String> = error
        .chain()
        .map(ToString::to_string)
        .filter(|message| !message.starts_with("error while executing at"))
        .collect();
    messages.join(": ").replace('\n', " ").chars().take(MAX_ERROR).collect()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(0) => f.write_str("succeeded"),
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::Failed(failure) => f.write_str(&failure.message),
            Self::LimitReached(limit) => write!(f, "{limit}"),
            Self::Crashed(crash) => write!(f, "crashed: {crash}"),
            Self::OutputClosed => f.write_str("ended: nobody reads its output any more"),
            Self::Stopped(stop) => write!(f, "{stop}"),
            Self::Breach => f.write_str(
                "tried to leave the sandbox: it made a system call that ends its process",
            ),
            Self::Died(signal) if died_of_memory(*signal) => {
                write!(
                    f,
                    "its process was ended ({}), most likely for want of memory",
                    Signal(*signal)
                )
            }
            Self::Died(signal) => write!(f, "its process was ended by {}", Signal(*signal)),
            Self::Broken(message) => f.write_str(message),
        }
    }
}

/// Whether a signal is what a process gets that asks for more memory than there is: from the system, or
/// from its own allocator.
pub(crate) fn died_of_memory(signal: i32) -> bool {
    #[cfg(unix)]
    return matches!(signal, libc::SIGKILL | libc::SIGABRT);
    #[cfg(not(unix))]
    return false;
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => {
                write!(f, "took longer than the {} allowed", humantime::format_duration(*time))
            }
            Self::Memory(bytes) => {
                write!(f, "needs more than the {} of memory allowed", ByteSize(*bytes))
            }
            Self::Output(bytes) => {
                write!(f, "wrote more than the {} of output allowed", ByteSize(*bytes))
            }
            Self::Handles(handles) => {
                write!(f, "holds more than the {handles} open handles allowed")
            }
            Self::Disk(bytes) => {
                write!(f, "writes more than the {} to files allowed", ByteSize(*bytes))
            }
            Self::Files(files) => {
                write!(f, "creates more than the {files} files and directories allowed")
            }
            Self::Records(bytes) => {
                write!(f, "needs more than the {} of records allowed", ByteSize(*bytes))
            }
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack => write!(
                f,
                "its calls went too deep for the stack of {}",
                ByteSize(engine::STACK as u64)
            ),
            Self::Trap(trap) => f.write_str(trap),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::exit::ExitCode;

    #[test]
    fn a_worker_cannot_say_more_than_a_guest() {
        assert_eq!(Outcome::Exited(130).vouched(), Outcome::Exited(MAX_EXIT_CODE));
        for lie in [Outcome::Stopped(Stop::Signal(15)), Outcome::Breach, Outcome::Died(9)] {
            assert_eq!(lie.vouched(), Outcome::Breach);
        }
        let Outcome::Broken(reason) = Outcome::Broken("x".repeat(1 << 20)).vouched() else {
            panic!("it stays what it was")
        };
        assert!(reason.len() < 1 << 15, "{} bytes", reason.len());
    }

    #[test]
    fn how_a_process_ended_has_its_exit_code() {
        for (outcome, code) in [
            (Outcome::Breach, 126),
            (Outcome::Died(9), 137),
            (Outcome::Died(6), 137),
            (Outcome::Died(11), 125),
            (Outcome::Stopped(Stop::Signal(2)), 130),
            (Outcome::Stopped(Stop::Signal(i32::MAX)), 125),
            (Outcome::Stopped(Stop::Unwalled(String::new())), 126),
            (Stop::Unrecorded(String::new()).into(), 125),
            (Stop::RecordLimit(1).into(), 153),
            (Stop::OutputClosed.into(), 141),
        ] {
            assert_eq!(ExitCode::from(&outcome).code(), code, "{outcome:?}");
        }
    }
}
