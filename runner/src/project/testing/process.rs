//! The process of one case: this program again, with an environment of its own and no terminal.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::cases::Case;
use super::Bench;
use super::world::World;

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

/// Runs the program as the case says.
pub(super) fn run(bench: &Bench, case: &Case, world: &World) -> io::Result<Ended> {
    let deadline = Instant::now() + case.timeout.0;
    let mut child = command(bench, case, world).spawn()?;
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
    for _ in 0..2 {
        match receive.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((number, output)) => read[number] = output,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                child.kill()?;
                child.wait()?;
                let [stdout, stderr] = read;
                return Ok(Ended { status: None, stdout, stderr });
            }
        }
    }
    let status = wait(&mut child, deadline)?;
    let [stdout, stderr] = read;
    Ok(Ended { status, stdout, stderr })
}

fn command(bench: &Bench, case: &Case, world: &World) -> Command {
    let mut command = Command::new(&bench.program);
    command.arg("--plugin-dir").arg(&bench.plugins).arg(bench.manifest.name().as_str());
    command.args(case.arguments.iter().map(|argument| world.filled(argument)));
    command.current_dir(case.directory.below(&world.workspace()));
    command.env_clear().envs(bench.surroundings.iter().cloned());
    let environment = case.environment.iter();
    command.envs(environment.map(|(name, value)| (name, world.filled(value))));
    command.envs(world.variables()).env("XDG_CACHE_HOME", &bench.cache);
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

/// Waits for a process that has closed its outputs, and so is about to end.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(1));
    }
}
