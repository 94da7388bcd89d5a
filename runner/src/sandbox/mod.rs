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
mod outcome;
mod output;

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

/// How long a guest that was told to stop may take until its thread is left behind.
const GRACE: Duration = Duration::from_millis(200);

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
}

/// How long the phases of one attempt took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phases {
    /// Making the instance: grants, linking, initialisation.
    pub(crate) start: Duration,
    /// The command itself.
    pub(crate) run: Duration,
}

/// What one run of a guest needs.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) grants: Arc<Grants>,
    pub(crate) limits: Limits,
    pub(crate) io: GuestIo,
}

impl Sandbox {
    /// `cache` is the directory of compiled code; without one, nothing is kept.
    pub(crate) fn new(cache: Option<&std::path::Path>) -> Result<Self, SandboxError> {
        Ok(Self { engine: engine::new(cache)? })
    }

    pub(crate) fn compile(&self, bytes: &[u8]) -> Result<Program, SandboxError> {
        Component::new(&self.engine, bytes)
            .map(Program)
            .map_err(|error| SandboxError::Compile(outcome::one_line(&error)))
    }

    /// Asks a plugin what it is: without any capability, and within tight limits. The error is one line.
    pub(crate) fn describe(&self, bytes: &[u8]) -> Result<Declared, String> {
        let program = self.compile(bytes).map_err(|error| error.to_string())?;
        let limits = Limits::for_describe();
        let setup = Setup { grants: Arc::new(Grants::none()), limits, io: GuestIo::closed() };
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
        let limits = setup.limits;
        let deadline = begun + limits.time;
        let (send, receive) = mpsc::sync_channel(1);
        let (engine, component) = (self.engine.clone(), program.0.clone());
        let spawned = thread::Builder::new().name("guest".into()).spawn(move || {
            let ended = guest::enter(&engine, &component, setup, deadline, entry);
            // Nobody is waiting any more where the time is over.
            let _ = send.send(ended);
        });
        if let Err(error) = spawned {
            return (
                Err(Outcome::Broken(format!("cannot start a thread: {error}"))),
                Phases::default(),
            );
        }
        let ended = receive.recv_timeout(limits.time).or_else(|error| match error {
            RecvTimeoutError::Disconnected => Err(error),
            RecvTimeoutError::Timeout => {
                self.engine.increment_epoch();
                receive.recv_timeout(GRACE)
            }
        });
        ended.unwrap_or_else(|error| {
            let outcome = match error {
                RecvTimeoutError::Timeout => Outcome::LimitReached(Limit::Time(limits.time)),
                RecvTimeoutError::Disconnected => {
                    Outcome::Broken("the guest's thread panicked".into())
                }
            };
            (Err(outcome), Phases { start: Duration::ZERO, run: begun.elapsed() })
        })
    }
}
