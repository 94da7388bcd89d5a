//! Runs guests. The only folder that names wasmtime.
//!
//! A guest runs in a store of its own, in a process of its own ([`worker`]) behind the second [`wall`],
//! with what its [`Grants`] say and within its [`Limits`]. Three things keep the time: the epoch
//! interrupts code of the guest, a timeout of the asynchronous runtime wakes a guest that waits, and the
//! runner ends the process of a guest that is stuck in a call of the host's.

mod answer;
#[cfg(feature = "bench")]
pub(crate) mod benching;
mod compiled;
mod contract;
mod engine;
mod files;
mod guest;
mod instance;
mod limits;
mod linking;
mod network;
mod outcome;
mod output;
mod p3;
mod preview1;
mod setup;
mod wall;
mod worker;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasmtime::Engine;

use crate::invocation::Invocation;
use crate::permission::{RecordEvent, Unrecorded};
use crate::plugin::{Declared, Digest};

pub(crate) use compiled::{Cache, Program, Source};
pub(crate) use guest::{GuestEvent, GuestIo, Observer};
pub(crate) use limits::Limits;
pub(crate) use linking::offers;
#[cfg(test)]
pub(crate) use outcome::{Crash, Failure};
pub(crate) use outcome::{FailureKind, Limit, Outcome, died_of_memory};
pub(crate) use output::Output;
pub(crate) use setup::Setup;
pub(crate) use wall::WallReport;
#[cfg(unix)]
pub(crate) use worker::Allocator;
pub(crate) use worker::{LARGE_PIPE, PIPE, Stop, hold_signals, pause, survive_file_limits};

use compiled::Compiler;
use guest::Note;
use instance::Instance;
use limits::{HANDLES_OF_HOST, MEMORY_OF_HOST};
use wall::{Network, Part, Wall};
use worker::{Job, Left};

/// Compiles and runs components.
pub(crate) struct Sandbox {
    engine: Engine,
    compiler: Compiler,
    /// Whether nothing may run without the second wall.
    required: bool,
    /// Whether it was said how the second wall stands.
    walls: RefCell<Option<WallReport>>,
}

/// Why a component cannot be compiled, or no sandbox be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("cannot set up the sandbox: {0}")]
    Engine(String),
    #[error("{0}")]
    Source(String),
    #[error("cannot compile the plugin: {0}")]
    Compile(String),
    #[error("cannot open `{path}` for the plugin: {reason}", path = path.display())]
    Open { path: PathBuf, reason: String },
    #[error("{0}")]
    Stopped(Stop),
}

/// Why a plugin cannot be asked what it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DescribeError {
    /// The plugin cannot say, for this reason on one line.
    #[error("{0}")]
    Plugin(String),
    /// It was not to be asked to the end.
    #[error("{0}")]
    Stopped(Stop),
}

/// How long the phases of one attempt took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Phases {
    /// Making the process and the instance: walls, loading, grants, linking, initialisation.
    pub(crate) start: Duration,
    /// The command itself.
    pub(crate) run: Duration,
    /// Whether the guest is stuck in a call of the host's, so that its thread still holds what it had.
    /// On Unix its process is ended, and nothing stays.
    pub(crate) left_behind: bool,
}

impl Sandbox {
    /// Without a cache nothing that was compiled is kept.
    /// `required`: where the second wall does not stand, nothing is compiled or run. `compiling` is called
    /// when somebody waits for a plugin to be compiled.
    pub(crate) fn new(
        cache: Option<Cache>,
        required: bool,
        compiling: Box<dyn Fn()>,
    ) -> Result<Self, SandboxError> {
        let engine = engine::new()?;
        let compiler = Compiler::new(&engine, cache, required, compiling);
        Ok(Self { engine, compiler, required, walls: RefCell::default() })
    }

    /// Compiles, or takes what was compiled before. The work is bounded in time, but not counted against
    /// the command's own limit.
    pub(crate) fn compile(&self, digest: &Digest, source: Source) -> Result<Program, SandboxError> {
        self.compiler.program(digest, source, &mut |report| self.tell(report))
    }

    /// Asks a plugin what it is: without any capability, and within tight limits.
    pub(crate) fn describe(
        &self,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<Declared, DescribeError> {
        let bytes: compiled::Bytes = Arc::new(bytes.to_vec());
        let program = self.compile(digest, Box::new(move || Ok(Arc::clone(&bytes))))?;
        let setup = Setup::for_describe()?;
        let (described, _) = self.enter(&program, &setup, async |instance, store| {
            let guest = instance.command()?.taskrunner_plugin_guest();
            guest.call_describe(store).await.map(Declared::from)
        });
        described.map_err(|outcome| match outcome {
            Outcome::Stopped(stop) => DescribeError::Stopped(stop),
            Outcome::OutputClosed => DescribeError::Stopped(Stop::OutputClosed),
            outcome => DescribeError::Plugin(format!("cannot say what it is: {outcome}")),
        })
    }

    /// Runs a command once.
    pub(crate) fn run(
        &self,
        program: &Program,
        setup: &Setup,
        invocation: &Invocation,
        attempt: u32,
    ) -> (Outcome, Phases) {
        let invocation = contract::invocation(invocation, attempt);
        let (ended, phases) = self.enter(program, setup, async move |instance, store| {
            instance.run(store, &invocation).await
        });
        (ended.map_or_else(|outcome| outcome, Outcome::vouched), phases)
    }

    /// Makes an instance in a worker, calls `entry`, and waits no longer than the limit.
    fn enter<T, F>(
        &self,
        program: &Program,
        setup: &Setup,
        entry: F,
    ) -> (Result<T, Outcome>, Phases)
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: AsyncFnOnce(&Instance, &mut guest::Store) -> wasmtime::Result<T>
            + Clone
            + Send
            + 'static,
    {
        let broken = |reason| (Err(Outcome::Broken(reason)), Phases::default());
        let reason = match self.enter_once(program, setup, entry.clone()) {
            Reply::Ended(ended, phases) => return (ended, phases),
            Reply::Unusable(reason) => reason,
        };
        tracing::info!("compiling again, since what was kept is not usable: {reason}");
        match self.compiler.renew(program, &mut |report| self.tell(report)) {
            Ok(()) => match self.enter_once(program, setup, entry) {
                Reply::Ended(ended, phases) => (ended, phases),
                Reply::Unusable(reason) => broken(reason),
            },
            Err(SandboxError::Stopped(stop)) => (Err(stop.into()), Phases::default()),
            Err(error) => broken(error.to_string()),
        }
    }

    fn enter_once<T, F>(&self, program: &Program, setup: &Setup, entry: F) -> Reply<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: AsyncFnOnce(&Instance, &mut guest::Store) -> wasmtime::Result<T> + Send + 'static,
    {
        let begun = Instant::now();
        let code = program.code.borrow().clone();
        let wall = self.wall(setup, &code);
        let (its_wall, required) = (wall.clone(), self.required);
        let mut shows_progress = false;
        let mut walled = None;
        let job = Job {
            name: "guest",
            wall,
            #[cfg(unix)]
            files: setup.opened.files().collect(),
            streams: setup.io.uses_streams(),
            limit: setup.limits.time,
            slow: &mut || {},
            walled: &mut |report| walled = Some(report.clone()),
            may_run_ahead: setup.io.may_run_ahead,
            notes: &mut |notes| {
                let event = |note| match note {
                    Note::Decision(decision) => Some(RecordEvent::Decided(decision)),
                    Note::Answer(ticket, answer) => Some(RecordEvent::Answered(ticket, answer)),
                    Note::ShowsProgress => {
                        shows_progress = true;
                        None
                    }
                };
                let events = notes.into_iter().filter_map(event).collect();
                setup.io.witness.relay(events).map_err(Stop::from)
            },
        };
        let (engine, its) = (self.engine.clone(), setup.clone());
        let answered = worker::run(job, move |notes, alarm| match code.load(&engine) {
            Err(reason) => Reply::Unusable(reason),
            Ok(loaded) => {
                if let (Part::Absent(reason), true) = (its_wall.hide_pipes(), required) {
                    let gap = format!("failed to protect the pipes of its streams: {reason}");
                    return Reply::Ended(Err(Outcome::Broken(gap)), Phases::default());
                }
                let (ended, phases) =
                    guest::enter(&engine, &loaded, &its, begun, (notes, alarm), entry);
                Reply::Ended(ended, phases)
            }
        });
        let recorded = setup.io.witness.relay(vec![RecordEvent::Ended]);
        let answered = match recorded {
            Ok(()) => answered,
            Err(unrecorded) => Err(Left::Stopped(unrecorded.into())),
        };
        let reply = match answered {
            Ok(Reply::Ended(ended, phases)) => {
                Reply::Ended(ended.map_err(Outcome::vouched), phases)
            }
            Ok(unusable) => unusable,
            Err(left) => {
                // It had no time to clear up behind itself.
                (setup.io.observer)(GuestEvent::Lost { shows_progress });
                let left_behind = matches!(left, Left::TimeOver { behind: true });
                let phases = Phases { start: Duration::ZERO, run: begun.elapsed(), left_behind };
                Reply::Ended(Err(Outcome::left(left, &setup.limits)), phases)
            }
        };
        // Not while the guest writes: its process would not know that a line of the runner's came between.
        walled.iter().for_each(|report| self.tell(report));
        reply
    }

    fn wall(&self, setup: &Setup, code: &compiled::Code) -> Wall {
        let limits = &setup.limits;
        let network = if setup.network.is_empty() { Network::None } else { Network::Granted };
        Wall {
            openings: Arc::clone(&setup.openings),
            code: Some(Arc::clone(code.file())),
            network,
            memory: limits.memory.saturating_add(MEMORY_OF_HOST),
            // Standard output may lead to a file, too.
            file_size: limits.disk.max(limits.output),
            // A listing takes two: the directory's own, and that which is read.
            handles: u64::from(limits.handles)
                .saturating_mul(2)
                .saturating_add(HANDLES_OF_HOST)
                .saturating_add(setup.held),
            required: self.required,
            // To look up names, the C library opens files by links.
            hides_pipes: network == Network::None && setup.io.uses_streams() && wall::has_pipes(),
        }
    }

    /// What stood of the second wall when it was last raised.
    pub(crate) fn walls(&self) -> Option<WallReport> {
        self.walls.borrow().clone()
    }

    /// Says whether the second wall stands, once.
    fn tell(&self, report: &WallReport) {
        if self.walls.replace(Some(report.clone())).is_some() {
            return;
        }
        match report.gaps() {
            // Then it ends with an error that says so.
            Some(_) if self.required => {}
            Some(gaps) => tracing::warn!("the second wall around plugins does not stand: {gaps}"),
            None => tracing::debug!("the second wall stands (Landlock {})", report.landlock_abi),
        }
    }
}

/// What a worker answers that was to run a guest.
#[derive(Serialize, Deserialize)]
enum Reply<T> {
    /// The compiled code cannot be loaded.
    Unusable(String),
    Ended(Result<T, Outcome>, Phases),
}

impl From<Unrecorded> for Stop {
    fn from(unrecorded: Unrecorded) -> Self {
        match unrecorded {
            Unrecorded::Limit(bytes) => Self::RecordLimit(bytes),
            Unrecorded::Failed(reason) => Self::Unrecorded(reason),
        }
    }
}

impl From<SandboxError> for DescribeError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Stopped(stop) => Self::Stopped(stop),
            error => Self::Plugin(error.to_string()),
        }
    }
}
