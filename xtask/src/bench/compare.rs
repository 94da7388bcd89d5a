//! Several programs, measured in turn: noise that comes and goes falls on all of them alike.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::call::{Call, Sample};
use super::memory::Memory;
use super::statistics::{self, Spread};

/// Something to do before or after each run, outside of the measured time.
type Step<'a> = Box<dyn Fn() -> Result<()> + 'a>;

/// One of the programs.
pub(crate) struct Contestant<'a> {
    id: String,
    name: String,
    call: Call,
    before: Option<Step<'a>>,
    after: Option<Step<'a>>,
    /// What it has to print.
    prints: Option<&'static str>,
    /// The runs that are watched for memory.
    watched: usize,
}

/// What was measured of one of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) runs: usize,
    /// In seconds.
    pub(crate) wall: Spread,
    /// In seconds, of all processors.
    pub(crate) processor: Spread,
    pub(crate) memory: Option<Memory>,
}

impl<'a> Contestant<'a> {
    /// The id is for targets and programs, the name for people.
    pub(crate) fn new(id: impl Into<String>, name: impl Into<String>, call: Call) -> Self {
        let (id, name) = (id.into(), name.into());
        Self { id, name, call, before: None, after: None, prints: None, watched: 3 }
    }

    /// Does something before each run.
    pub(crate) fn before(mut self, step: impl Fn() -> Result<()> + 'a) -> Self {
        self.before = Some(Box::new(step));
        self
    }

    /// Checks something after each run.
    pub(crate) fn after(mut self, step: impl Fn() -> Result<()> + 'a) -> Self {
        self.after = Some(Box::new(step));
        self
    }

    /// Checks once that it prints this.
    pub(crate) fn printing(mut self, text: &'static str) -> Self {
        self.prints = Some(text);
        self
    }

    /// Its memory is watched in one run, not in three: it takes long.
    pub(crate) fn heavy(mut self) -> Self {
        self.watched = 1;
        self
    }

    fn run<T>(&self, run: impl FnOnce(&Call) -> Result<T>) -> Result<T> {
        if let Some(before) = &self.before {
            before().with_context(|| format!("cannot prepare {}", self.name))?;
        }
        let result = run(&self.call).with_context(|| self.name.clone())?;
        if let Some(after) = &self.after {
            after().with_context(|| format!("{} did not do its work", self.name))?;
        }
        Ok(result)
    }

    fn check(&self) -> Result<()> {
        if let Some(expected) = self.prints {
            let printed = self.run(Call::rehearse)?;
            ensure!(printed == expected, "{} printed {printed:?}", self.name);
        }
        Ok(())
    }

    /// The median of the watched runs.
    fn memory(&self) -> Result<Option<Memory>> {
        let mut seen = Vec::new();
        for _ in 0..self.watched {
            seen.extend(self.run(Call::memory)?);
        }
        seen.sort_by_key(|memory| memory.together);
        Ok(seen.get(seen.len() / 2).copied())
    }
}

/// Measures them all, round by round, in an order that rotates. Each is watched for memory first, which
/// warms it up as well, and then runs for `warm_ups` rounds that do not count.
pub(crate) fn compare(
    contestants: &[Contestant<'_>],
    warm_ups: usize,
    rounds: usize,
) -> Result<Vec<Row>> {
    let mut memories = Vec::new();
    for contestant in contestants {
        progress(&format!("memory of {}", contestant.name));
        contestant.check()?;
        memories.push(contestant.memory()?);
    }
    let mut samples: Vec<Vec<Sample>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..warm_ups + rounds {
        progress(&format!("round {} of {}", round + 1, warm_ups + rounds));
        for place in statistics::order(contestants.len(), round) {
            let sample = contestants[place].run(Call::measure)?;
            if round >= warm_ups {
                samples[place].push(sample);
            }
        }
    }
    progress("");
    contestants.iter().zip(samples).zip(memories).map(row).collect()
}

fn row(
    ((contestant, samples), memory): ((&Contestant<'_>, Vec<Sample>), Option<Memory>),
) -> Result<Row> {
    let spread = |seconds: fn(&Sample) -> f64| {
        Spread::of(samples.iter().map(seconds)).context("nothing was measured")
    };
    Ok(Row {
        id: contestant.id.clone(),
        name: contestant.name.clone(),
        runs: samples.len(),
        wall: spread(|sample| sample.wall.as_secs_f64())?,
        processor: spread(|sample| sample.processor.as_secs_f64())?,
        memory,
    })
}

/// Tells a terminal how far it is, on one line.
pub(crate) fn progress(text: &str) {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // Nobody needs to know that it could not be shown.
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}
