//! One run of a program: what it is given, and what it took.

use std::ffi::OsString;
use std::fs::File;
use std::io::{PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wait4::{ResourceUsage, Wait4};

use super::memory::{self, Memory};

/// A program with its arguments and its surroundings.
#[derive(Clone)]
pub(crate) struct Call {
    program: PathBuf,
    arguments: Vec<OsString>,
    directory: PathBuf,
    variables: Vec<(OsString, OsString)>,
    input: Option<PathBuf>,
    output: Output,
}

/// Where standard output goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Nowhere,
    /// Into a pipe, whose reader throws it away.
    Pipe,
}

/// What a run took.
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// The time of all processors, for all its processes.
    pub(crate) processor: Duration,
}

impl Call {
    /// In a directory, with `PATH` for all variables.
    pub(crate) fn new(program: impl Into<PathBuf>, directory: &Path) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            program: program.into(),
            arguments: Vec::new(),
            directory: directory.to_owned(),
            variables: vec![("PATH".into(), path)],
            input: None,
            output: Output::Nowhere,
        }
    }

    pub(crate) fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn arguments<A: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn variables(
        mut self,
        variables: impl IntoIterator<Item = (&'static str, PathBuf)>,
    ) -> Self {
        self.variables
            .extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Gives it a file for its standard input.
    pub(crate) fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Some(path.into());
        self
    }

    /// Gives it a pipe for its standard output, and somebody who reads it.
    pub(crate) fn piped(mut self) -> Self {
        self.output = Output::Pipe;
        self
    }

    /// Runs it without measuring, and gives what it printed. A failure shows what it said.
    pub(crate) fn rehearse(&self) -> Result<String> {
        let output = self
            .command()?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        ensure!(
            output.status.success(),
            "{self} failed ({})\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it once, from the call that starts it to the one that has seen it end.
    pub(crate) fn measure(&self) -> Result<Sample> {
        let mut command = self.command()?;
        let reader = self.connect(&mut command)?;
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot run {self}"))?;
        // Whoever still holds the pipe's other end keeps its reader waiting.
        drop(command);
        let reading = reader.map(read_all);
        let ended = child.wait4().with_context(|| format!("cannot wait for {self}"))?;
        if let Some(reading) = reading {
            finish(reading)?;
        }
        let wall = begun.elapsed();
        ensure!(ended.status.success(), "{self} failed ({})", ended.status);
        let ResourceUsage { utime, stime, .. } = ended.rusage;
        Ok(Sample { wall, processor: utime + stime })
    }

    /// Runs it once to see how much memory it takes; nothing, where that cannot be seen.
    pub(crate) fn memory(&self) -> Result<Option<Memory>> {
        let mut command = self.command()?;
        let reading = self.connect(&mut command)?.map(read_all);
        let memory = memory::measure(command)
            .with_context(|| format!("cannot watch the memory of {self}"))?;
        if let Some(reading) = reading {
            finish(reading)?;
        }
        Ok(memory)
    }

    /// The command, which reads nothing and whose output goes nowhere.
    pub(crate) fn command(&self) -> Result<Command> {
        let input = match &self.input {
            Some(path) => {
                File::open(path).with_context(|| format!("cannot read {}", path.display()))?.into()
            }
            None => Stdio::null(),
        };
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }

    fn connect(&self, command: &mut Command) -> Result<Option<PipeReader>> {
        if self.output == Output::Nowhere {
            return Ok(None);
        }
        let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
        command.stdout(writer);
        Ok(Some(reader))
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}", self.program.display())?;
        for argument in &self.arguments {
            write!(f, " {}", argument.display())?;
        }
        f.write_str("`")
    }
}

/// Reads until nobody writes any more, and throws it away.
fn read_all(mut reader: PipeReader) -> JoinHandle<std::io::Result<()>> {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 128 * 1024];
        while reader.read(&mut buffer)? > 0 {}
        Ok(())
    })
}

fn finish(reading: JoinHandle<std::io::Result<()>>) -> Result<()> {
    match reading.join() {
        Ok(read) => read.context("cannot read what it wrote"),
        Err(_) => anyhow::bail!("the reader panicked"),
    }
}
