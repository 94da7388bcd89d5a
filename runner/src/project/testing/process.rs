//! The process of one case: this program again, with an environment of its own and no terminal.

use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::cases::Case;
use super::super::child::Running;
use super::world::World;
use super::{Bench, TestError};
use crate::environment::TestCase;
use crate::plugin::Pinned;
use crate::sandbox;

/// The most bytes that are kept of an output.
const MAX_OUTPUT: u64 = 16 << 20;

/// How a process has ended.
pub(crate) struct Ended {
    /// None where it took longer than it may.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

/// What a process wrote.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    /// Whether there was more than is kept.
    pub(crate) is_cut: bool,
}

/// How often it is looked whether everything is to stop.
const STEP: Duration = Duration::from_millis(20);

/// Runs the program as the case says.
pub(super) fn run(bench: &Bench, case: &Case, world: &World) -> Result<Ended, TestError> {
    let deadline = Instant::now() + case.timeout.0;
    let mut running = Running::alone(&mut command(bench, case, world))?;
    let child = running.child();
    let (send, receive) = mpsc::channel();
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|output| Box::new(output) as Box<dyn Read + Send>),
        child.stderr.take().map(|output| Box::new(output) as Box<dyn Read + Send>),
    ];
    for (number, output) in outputs.into_iter().enumerate() {
        let send = send.clone();
        thread::spawn(move || {
            let read = output.map(read).unwrap_or_default();
            // Who does not wait for it any more does not need it.
            let _ = send.send((number, read));
        });
    }
    if let Some(mut stdin) = child.stdin.take() {
        let bytes = case.stdin.bytes();
        // A program that does not read all of it has closed it.
        thread::spawn(move || stdin.write_all(&bytes));
    }
    let mut read = [Output::default(), Output::default()];
    let mut status = None;
    for left in [2, 1] {
        let Some((number, output)) = next(&receive, deadline)? else { break };
        read[number] = output;
        if left == 1 {
            // It has closed its outputs, and so is about to end.
            status = running.wait_until(deadline)?;
        }
    }
    let [stdout, stderr] = read;
    Ok(Ended { status, stdout, stderr })
}

/// What is read next; none where that takes longer than it may.
fn next(
    receive: &Receiver<(usize, Output)>,
    deadline: Instant,
) -> Result<Option<(usize, Output)>, TestError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match receive.recv_timeout(left.min(STEP)) {
            Ok(read) => return Ok(Some(read)),
            Err(RecvTimeoutError::Timeout) if !left.is_zero() => {
                sandbox::pause(Duration::ZERO).map_err(TestError::Stopped)?;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}

fn command(bench: &Bench, case: &Case, world: &World) -> Command {
    let mut command = Command::new(&bench.program);
    command.arg(bench.manifest.name().as_str());
    command.args(case.arguments.iter().map(|argument| world.filled(argument)));
    command.current_dir(case.directory.below(&world.workspace()));
    command.env_clear().envs(bench.surroundings.iter().cloned());
    let environment = case.environment.iter();
    command.envs(environment.map(|(name, value)| (name, world.filled(value))));
    command.envs(world.variables()).env("XDG_CACHE_HOME", &bench.cache);
    // Whatever it is called with, this file alone is run, and nothing beyond the workspace is granted.
    let plugin = Pinned { file: bench.plugin.clone(), identity: bench.identity };
    command.envs(TestCase { plugin, directory: world.workspace() }.variables());
    if cfg!(windows) {
        command.env("LOCALAPPDATA", &bench.cache);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads to the end, and keeps a bounded part of it: a process that cannot write would wait.
fn read(mut output: Box<dyn Read + Send>) -> Output {
    let mut bytes = Vec::new();
    // A pipe that fails is at its end.
    let _ = output.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
    let more = io::copy(&mut output, &mut io::sink()).unwrap_or_default();
    Output { bytes, is_cut: more > 0 }
}
