//! Where guests run and plugins are compiled: apart from the runner itself, which only waits.
//!
//! On Unix a piece of work is a process of its own, behind a wall of its own, that the runner ends when
//! the time is over, when a signal comes, or when nobody reads the output any more: whatever the work
//! is doing. Elsewhere, and in unit tests (whose process has many threads, so that it cannot be
//! forked), it is a thread without a wall, which can only be left behind.

mod alarm;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
mod descriptors;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
mod frame;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
mod listener;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
mod memory;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
pub(crate) mod process;
#[cfg(unix)]
#[cfg_attr(test, allow(dead_code, reason = "unit tests use threads; tests/walls tests this"))]
mod signals;
#[cfg(any(not(unix), test))]
mod thread;

use std::fmt;
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::wall::{Wall, WallReport};

pub(crate) use alarm::Alarm;
#[cfg(unix)]
pub(crate) use memory::Allocator;
#[cfg(all(unix, not(test)))]
pub(crate) use process::{hold_signals, leave, pause, run};
#[cfg(all(unix, not(test)))]
pub(crate) use signals::survive_file_limits;
#[cfg(any(not(unix), test))]
pub(crate) use thread::{hold_signals, leave, pause, run, survive_file_limits};

/// How long work that was told to stop may take until it is ended or left behind.
pub(crate) const GRACE: Duration = Duration::from_millis(200);

/// How long work may take before somebody is told that there is some.
pub(crate) const SLOW: Duration = Duration::from_millis(500);

/// How much is read at once of what a worker tells: what a pipe holds, if nobody has asked for more.
pub(crate) const PIPE: usize = 64 * 1024;

/// How much the pipe of a worker holds that has much to tell, so that it need not wait meanwhile.
#[cfg(target_os = "linux")]
pub(crate) const LARGE_PIPE: usize = 4 * PIPE;
#[cfg(not(target_os = "linux"))]
pub(crate) const LARGE_PIPE: usize = PIPE;

/// A piece of work, seen from the runner.
pub(crate) struct Job<'a, N> {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    pub(crate) wall: Wall,
    /// The files that the work uses, besides those of its wall. All other file descriptors are closed before it
    /// begins.
    #[cfg(unix)]
    pub(crate) files: Vec<BorrowedFd<'a>>,
    /// Whether the work uses the standard streams. Otherwise they are `/dev/null`.
    #[cfg_attr(not(unix), expect(dead_code, reason = "a thread shares all descriptors"))]
    pub(crate) streams: bool,
    /// When the work should have ended: then its [`Alarm`] rings, and it is ended [`GRACE`] later.
    pub(crate) limit: Duration,
    /// Who hears that the work takes longer than [`SLOW`].
    pub(crate) slow: &'a mut dyn FnMut(),
    /// Who hears of what stands of the wall, before the work begins.
    pub(crate) walled: &'a mut dyn FnMut(&WallReport),
    /// Whether the pipe may grow for a worker with much to tell.
    pub(crate) may_run_ahead: bool,
    /// Who hears the worker's notes, while it works: those that have arrived together, in their order. An
    /// error ends the work.
    pub(crate) notes: &'a mut dyn FnMut(Vec<N>) -> Result<(), Stop>,
}

/// Where the worker sends notes.
pub(crate) struct Channel<N>(Arc<dyn Fn(N) + Send + Sync>);

impl<N> Channel<N> {
    /// For a test or a bench that wants none of the notes.
    #[cfg(any(test, feature = "bench"))]
    pub(crate) fn to_nobody() -> Self {
        Self(Arc::new(|_| {}))
    }

    /// Sends a note. It is lost where nobody listens any more: then the work is over, too.
    pub(crate) fn send(&self, note: N) {
        (self.0)(note);
    }
}

impl<N> Clone for Channel<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Why work gave no result.
#[derive(Debug)]
pub(crate) enum Left {
    /// The time was over.
    TimeOver {
        /// Whether it still runs, and holds what it had.
        behind: bool,
    },
    /// Everything is to stop.
    Stopped(Stop),
    /// It did what the wall forbids.
    #[cfg_attr(not(unix), expect(dead_code, reason = "a thread has no wall"))]
    Breach,
    /// It used up its memory.
    #[cfg_attr(not(unix), expect(dead_code, reason = "a thread has no memory of its own"))]
    Exhausted,
    /// Its process was ended by this signal.
    #[cfg_attr(not(unix), expect(dead_code, reason = "a thread cannot die alone"))]
    Died(i32),
    /// It could not start, or panicked.
    Failed(String),
}

/// Why everything is to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(unix), expect(dead_code, reason = "signals end a thread with the runner"))]
pub(crate) enum Stop {
    /// The user, or who started the runner, says so by this signal.
    Signal(i32),
    /// Nobody reads standard output any more.
    OutputClosed,
    /// A wall is asked for that does not stand, for this reason.
    Unwalled(String),
    /// The records have reached this limit, in bytes.
    RecordLimit(u64),
    /// What is done can no longer be recorded, for this reason.
    Unrecorded(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "ended by {}", Signal(*signal)),
            Self::OutputClosed => f.write_str("ended: nobody reads the output any more"),
            Self::Unwalled(gaps) => {
                write!(f, "`--require-sandbox` asks for a wall that does not stand: {gaps}")
            }
            Self::RecordLimit(bytes) => write!(f, "ended after {bytes} bytes of records"),
            Self::Unrecorded(reason) => {
                write!(f, "ended: its record cannot be written: {reason}")
            }
        }
    }
}

/// The number of a signal, shown by its name.
pub(crate) struct Signal(pub(crate) i32);

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(unix)]
        if let Some(name) = signal_hook::low_level::signal_name(self.0) {
            return f.write_str(name);
        }
        write!(f, "signal {}", self.0)
    }
}
