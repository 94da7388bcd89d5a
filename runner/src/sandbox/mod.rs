//! Runs guests. The only folder that names wasmtime.
//!
//! A guest runs in a store of its own, on a thread of its own, with what its [`Grants`] say and within
//! its [`Limits`]. Three things keep the time: the epoch interrupts code of the guest, a timeout of the
//! asynchronous runtime wakes a guest that waits, and this thread stops waiting for a guest that is
//! stuck in a call of the host's (the process then ends without it).

mod cache;
mod contract;
mod engine;
mod files;
mod guest;
mod limits;
mod opened;
mod outcome;
mod output;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::invocation::Invocation;
use crate::permission::Grants;
use crate::plugin::Declared;

pub(crate) use guest::{GuestEvent, GuestIo, Observer};
pub(crate) use limits::Limits;
#[cfg(test)]
pub(crate) use outcome::{Crash, Failure};
pub(crate) use outcome::{FailureKind, Limit, Outcome};
pub(crate) use output::Output;

use limits::{HOSTCALL_BYTES, MANIFEST_BYTES};
use opened::Opened;

/// How long a guest that was told to stop may take until its thread is left behind.
const GRACE: Duration = Duration::from_millis(200);

/// How long a component may take to compile: ten times what the largest known (a Python interpreter)
/// takes on two slow cores.
const COMPILE_LIMIT: Duration = Duration::from_secs(120);

/// Compiles and runs components.
pub(crate) struct Sandbox {
    engine: Engine,
}

/// A component, compiled.
#[derive(Clone)]
pub(crate) struct Program(Component);

/// Why a component cannot be compiled, or no sandbox be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("cannot set up the sandbox: {0}")]
    Engine(String),
    #[error("cannot compile the plugin: {0}")]
    Compile(String),
    #[error("cannot open `{path}` for the plugin: {reason}", path = path.display())]
    Open { path: PathBuf, reason: String },
}

/// How long the phases of one attempt took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phases {
    /// Making the instance: grants, linking, initialisation.
    pub(crate) start: Duration,
    /// The command itself.
    pub(crate) run: Duration,
    /// Whether the guest is stuck in a call of the host's, so that its thread still holds what it had.
    pub(crate) left_behind: bool,
}

/// What a guest is run with. It takes [`Grants`] to make one, and attempts share it.
#[derive(Clone)]
pub(crate) struct Setup {
    opened: Arc<Opened>,
    environment: Arc<[(String, String)]>,
    limits: Limits,
    /// The most bytes that one call of the host's may take out of the guest.
    hostcall_bytes: usize,
    io: GuestIo,
}

impl Setup {
    /// Opens what was granted.
    pub(crate) fn new(grants: &Grants, limits: Limits, io: GuestIo) -> Result<Self, SandboxError> {
        Ok(Self {
            opened: Arc::new(Opened::open(grants.mounts())?),
            environment: grants.environment().into(),
            limits,
            hostcall_bytes: HOSTCALL_BYTES,
            io,
        })
    }

    /// For `describe`: no capability at all, and tight limits.
    fn for_describe() -> Result<Self, SandboxError> {
        let setup = Self::new(&Grants::none(), Limits::for_describe(), GuestIo::closed())?;
        Ok(Self { hostcall_bytes: MANIFEST_BYTES, ..setup })
    }
}

impl Sandbox {
    /// `cache` is the directory of compiled code; without one, nothing is kept.
    pub(crate) fn new(cache: Option<&std::path::Path>) -> Result<Self, SandboxError> {
        Ok(Self { engine: engine::new(cache)? })
    }

    /// Compiles, or takes what was compiled before. The work is bounded in time, but not counted against
    /// the command's own limit.
    pub(crate) fn compile(
        &self,
        bytes: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Program, SandboxError> {
        let engine = self.engine.clone();
        let compile = move || Component::new(&engine, bytes);
        let compiled = on_thread("compiler", COMPILE_LIMIT, || {}, compile);
        match compiled {
            Ok(Ok(component)) => Ok(Program(component)),
            Ok(Err(error)) => Err(SandboxError::Compile(outcome::one_line(&error))),
            Err(Left::Behind) => Err(SandboxError::Compile(format!(
                "it takes longer than {}",
                humantime::format_duration(COMPILE_LIMIT)
            ))),
            Err(Left::Failed(reason)) => Err(SandboxError::Compile(reason)),
        }
    }

    /// Asks a plugin what it is: without any capability, and within tight limits. The error is one line.
    pub(crate) fn describe(&self, bytes: &[u8]) -> Result<Declared, String> {
        let program = self.compile(bytes.to_vec()).map_err(|error| error.to_string())?;
        let setup = Setup::for_describe().map_err(|error| error.to_string())?;
        let (described, _) = self.enter(&program, setup, async |command, store| {
            command.taskrunner_plugin_guest().call_describe(store).await
        });
        match described {
            Ok(manifest) => Ok(manifest.into()),
            Err(outcome) => Err(format!("cannot say what it is: {outcome}")),
        }
    }

    /// Runs a command once.
    pub(crate) fn run(
        &self,
        program: &Program,
        setup: Setup,
        invocation: &Invocation,
        attempt: u32,
    ) -> (Outcome, Phases) {
        let invocation = contract::invocation(invocation, attempt);
        let (ended, phases) = self.enter(program, setup, async move |command, store| {
            command.taskrunner_plugin_guest().call_run(store, &invocation).await
        });
        let outcome = match ended {
            Ok(Ok(code)) => Outcome::exited(code.into()),
            Ok(Err(failure)) => Outcome::Failed(failure.into()),
            Err(outcome) => outcome,
        };
        (outcome, phases)
    }

    /// Makes an instance on a thread of its own, calls `entry`, and waits no longer than the limit.
    fn enter<T, F>(&self, program: &Program, setup: Setup, entry: F) -> (Result<T, Outcome>, Phases)
    where
        T: Send + 'static,
        F: AsyncFnOnce(&contract::Command, &mut guest::Store) -> wasmtime::Result<T>
            + Send
            + 'static,
    {
        let begun = Instant::now();
        let time = setup.limits.time;
        let (engine, component) = (self.engine.clone(), program.0.clone());
        let ended = on_thread(
            "guest",
            time,
            || self.engine.increment_epoch(),
            move || guest::enter(&engine, &component, setup, begun + time, entry),
        );
        ended.unwrap_or_else(|left| {
            let (outcome, left_behind) = match left {
                Left::Behind => (Outcome::LimitReached(Limit::Time(time)), true),
                Left::Failed(reason) => (Outcome::Broken(reason), false),
            };
            (Err(outcome), Phases { start: Duration::ZERO, run: begun.elapsed(), left_behind })
        })
    }
}

/// Why a thread gave no result.
enum Left {
    /// It still runs, and nobody waits for it any more.
    Behind,
    /// It could not start, or panicked.
    Failed(String),
}

/// Does some work on a thread of its own. When the time is over, tells it to stop, and waits for it no
/// longer than [`GRACE`].
fn on_thread<T: Send + 'static>(
    name: &str,
    limit: Duration,
    stop: impl FnOnce(),
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Left> {
    let (send, receive) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name(name.into()).spawn(move || {
        // Nobody is waiting any more where the time is over.
        let _ = send.send(work());
    });
    if let Err(error) = spawned {
        return Err(Left::Failed(format!("cannot start a thread: {error}")));
    }
    receive
        .recv_timeout(limit)
        .or_else(|error| match error {
            RecvTimeoutError::Disconnected => Err(error),
            RecvTimeoutError::Timeout => {
                stop();
                receive.recv_timeout(GRACE)
            }
        })
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => Left::Behind,
            RecvTimeoutError::Disconnected => Left::Failed(format!("the {name}'s thread panicked")),
        })
}
