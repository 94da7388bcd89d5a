//! One instance: its state, what it is linked to, and the call into it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_config::WasiConfigVariables;
use wasmtime_wasi_http::WasiHttpCtxView;

use super::contract::{log, progress};
use super::files::Files;
use super::instance::{Instance, Loaded};
use super::limits::{MemoryMeter, cut};
use super::network::{Http, Network};
use super::outcome::Outcome;
use super::output::p3::Outputs;
use super::output::{MeteredOutput, Output, OutputLimitReached, OutputMeter};
use super::preview1::Preview1;
use super::worker::{self, Alarm, Channel};
use super::{Phases, Setup, p3};
use crate::permission::{Answer, Decision, RecordEvent, Ticket, Witness};

/// What a guest's calls of `log` and `progress` come to.
#[derive(Clone, Debug)]
pub(crate) enum GuestEvent {
    Log {
        level: Level,
        message: String,
        fields: Vec<(String, String)>,
    },
    Progress {
        message: String,
        done: u64,
        total: Option<u64>,
    },
    /// The attempt is over: what shows its progress goes away, and what it wrote is at its end.
    Ended,
    /// The same, where the guest's process was ended before it could clear up.
    Lost {
        shows_progress: bool,
    },
}

/// What the worker tells the runner while a guest runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Note {
    /// What the guest reaches, or tries to: told before it is done.
    Decision(Decision),
    /// What came of it.
    Answer(Ticket, Answer),
    /// Progress is shown from now on, and somebody must take it away.
    ShowsProgress,
}

pub(crate) use tracing::Level;

/// Who is told of a guest's events.
pub(crate) type Observer = Arc<dyn Fn(GuestEvent) + Send + Sync>;

/// What connects a guest with the world outside.
#[derive(Clone)]
pub(crate) struct GuestIo {
    /// Whether the guest reads the runner's standard input; else its own is empty.
    pub(crate) stdin: bool,
    pub(crate) stdout: Option<Output>,
    pub(crate) stderr: Option<Output>,
    pub(crate) observer: Observer,
    /// Who is told of what the guest reaches, or tries to.
    pub(crate) witness: Witness,
    /// Whether the guest may be far ahead of what is recorded.
    pub(crate) may_run_ahead: bool,
    /// Less urgent lines are dropped before they cost anything.
    pub(crate) log_level: tracing::level_filters::LevelFilter,
}

impl GuestIo {
    /// No input, no output.
    pub(super) fn closed() -> Self {
        Self {
            stdin: false,
            stdout: None,
            stderr: None,
            observer: Arc::new(|_| {}),
            witness: Witness::default(),
            may_run_ahead: true,
            log_level: tracing::level_filters::LevelFilter::OFF,
        }
    }

    /// Whether any of it goes through the runner's own streams, or tells of what does.
    pub(super) fn uses_streams(&self) -> bool {
        self.stdin || self.stdout.is_some() || self.stderr.is_some()
    }

    /// Writes out what the streams still hold, so that lost output does not look like success.
    fn flush(&self) -> Result<(), Outcome> {
        for output in [&self.stdout, &self.stderr].into_iter().flatten() {
            output.flush().map_err(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Outcome::OutputClosed,
                _ => Outcome::Broken(format!("cannot write the output: {error}")),
            })?;
        }
        Ok(())
    }
}

/// The contract's bounds on the fields of a line of the log, and on what is shown of a progress message.
const MAX_LOG_FIELDS: usize = 32;
const MAX_PROGRESS_CHARS: usize = 200;

/// What a line of the log costs beside its texts: time, level, target.
const LOG_LINE_BYTES: usize = 64;

/// The state of one instance.
pub(super) struct Guest {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) files: Files,
    pub(super) network: Network,
    pub(super) configuration: WasiConfigVariables,
    pub(super) preview1: Preview1,
    http: Http,
    memory: MemoryMeter,
    outputs: Outputs,
    output: Arc<OutputMeter>,
    observer: Observer,
    log_level: tracing::level_filters::LevelFilter,
    notes: Channel<Note>,
    shows_progress: bool,
}

pub(super) type Store = wasmtime::Store<Guest>;

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Guest {
    pub(super) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub(super) fn outputs(&mut self) -> &mut Outputs {
        &mut self.outputs
    }

    pub(super) fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.http.view(&mut self.table)
    }
}

/// Makes an instance and calls `entry`, on this thread. The time counts from `begun`.
pub(super) fn enter<T, F>(
    engine: &Engine,
    code: &Loaded,
    setup: &Setup,
    begun: Instant,
    worker: (&Channel<Note>, &Alarm),
    entry: F,
) -> (Result<T, Outcome>, Phases)
where
    F: AsyncFnOnce(&Instance, &mut Store) -> wasmtime::Result<T>,
{
    let (notes, alarm) = worker;
    let mut phases = Phases::default();
    let limits = setup.limits;
    let deadline = begun + limits.time;
    let clock = engine.clone();
    alarm.listen(move || clock.increment_epoch());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time();
    if code.reaches_out(engine) {
        runtime.enable_io();
    }
    let runtime = match runtime.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return (Err(Outcome::Broken(format!("cannot start the runtime: {error}"))), phases);
        }
    };
    let result = runtime.block_on(async {
        let mut store = store(engine, setup, notes);
        let call = async {
            let instance = Instance::new(engine, code, &mut store).await?;
            phases.start = begun.elapsed();
            entry(&instance, &mut store).await
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = tokio::time::timeout(left, call).await;
        phases.run = begun.elapsed().saturating_sub(phases.start);
        let ended = match ended {
            Ok(Ok(value)) => setup.io.flush().map(|()| value),
            Ok(Err(error)) => {
                tracing::debug!("the guest ended: {error:?}");
                Err(Outcome::of(&error, &limits, store.data().memory.refused))
            }
            Err(_) => Err(Outcome::LimitReached(super::Limit::Time(limits.time))),
        };
        worker::leave(store);
        ended
    });
    // A call of the file system's that still blocks must not hold up the end.
    runtime.shutdown_timeout(Duration::ZERO);
    if result.is_err() {
        // What it wrote before is its own; why it ended is what counts.
        let _ = setup.io.flush();
    }
    (setup.io.observer)(GuestEvent::Ended);
    (result, phases)
}

pub(super) fn store(engine: &Engine, setup: &Setup, notes: &Channel<Note>) -> Store {
    let Setup { opened, network, limits, hostcall_bytes, io, .. } = setup;
    let meter = Arc::new(OutputMeter::new(limits.output));
    let mut table = ResourceTable::new();
    let handles = limits.handles as usize;
    table.set_max_capacity(handles);
    let decisions = notes.clone();
    let witness = io.witness.through(Arc::new(move |made| {
        for event in made {
            match event {
                RecordEvent::Decided(decision) => decisions.send(Note::Decision(decision)),
                RecordEvent::Answered(ticket, answer) => {
                    decisions.send(Note::Answer(ticket, answer));
                }
                // That is the runner's to say.
                RecordEvent::Ended => {}
            }
        }
        Ok(())
    }));
    let network = Network::new(Arc::clone(network), witness.clone());
    let metered = |output: &Option<Output>| {
        let meter = Arc::clone(&meter);
        output.clone().map(|output| MeteredOutput { output, meter })
    };
    let outputs = Outputs { stdout: metered(&io.stdout), stderr: metered(&io.stderr) };
    let guest = Guest {
        files: Files::new(Arc::clone(opened), witness, limits),
        wasi: wasi(setup, &network, &outputs),
        preview1: Preview1::default(),
        configuration: setup.configuration.iter().cloned().collect(),
        table,
        http: Http::new(network.clone()),
        network,
        memory: MemoryMeter::new(limits.memory),
        outputs,
        output: meter,
        observer: Arc::clone(&io.observer),
        log_level: io.log_level,
        notes: notes.clone(),
        shows_progress: false,
    };
    let mut store = wasmtime::Store::new(engine, guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_trap();
    p3::limit(&mut store, handles);
    store.set_hostcall_fuel(*hostcall_bytes);
    store
}

fn wasi(setup: &Setup, network: &Network, outputs: &Outputs) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    if setup.io.stdin {
        builder.inherit_stdin();
    }
    if let Some(output) = &outputs.stdout {
        builder.stdout(output.clone());
    }
    if let Some(output) = &outputs.stderr {
        builder.stderr(output.clone());
    }
    builder.allow_blocking_current_thread(true);
    network.open(&mut builder);
    builder.envs(&setup.environment).args(&setup.command_line).initial_cwd("/");
    builder.build()
}

impl log::Host for Guest {
    fn log(
        &mut self,
        level: log::Level,
        mut message: String,
        mut fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => Level::TRACE,
            log::Level::Debug => Level::DEBUG,
            log::Level::Info => Level::INFO,
            log::Level::Warn => Level::WARN,
            log::Level::Error => Level::ERROR,
        };
        if level > self.log_level {
            return Ok(());
        }
        cut(&mut message);
        fields.truncate(MAX_LOG_FIELDS);
        for (name, value) in &mut fields {
            cut(name);
            cut(value);
        }
        let bytes = LOG_LINE_BYTES
            + message.len()
            + fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if self.output.take(bytes) < bytes {
            return Err(OutputLimitReached.into());
        }
        (self.observer)(GuestEvent::Log { level, message, fields });
        Ok(())
    }
}

impl progress::Host for Guest {
    fn report(
        &mut self,
        mut message: String,
        done: u64,
        total: Option<u64>,
    ) -> wasmtime::Result<()> {
        if let Some((end, _)) = message.char_indices().nth(MAX_PROGRESS_CHARS) {
            message.truncate(end);
        }
        if !self.shows_progress {
            self.shows_progress = true;
            self.notes.send(Note::ShowsProgress);
        }
        (self.observer)(GuestEvent::Progress { message, done, total });
        Ok(())
    }
}
