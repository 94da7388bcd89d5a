//! Runs an invocation: attempt after attempt, as the policy says.

mod retry;

use std::time::{Duration, Instant};

pub(crate) use retry::{Backoff, RetryOn, RetryPolicy};

use crate::invocation::Invocation;
use crate::sandbox::{self, Outcome, Phases, Program, Sandbox, Setup};

/// One run of an invocation.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) outcome: Outcome,
    pub(crate) phases: Phases,
}

impl Attempt {
    /// For programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "attempt": self.number,
            "start-ms": millis(self.phases.start),
            "run-ms": millis(self.phases.run),
            "outcome": self.outcome.word(),
        })
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// All attempts of an invocation, and what they took.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    /// The attempts that were retried.
    earlier: Vec<Attempt>,
    last: Attempt,
    /// From the first attempt's start to the last one's end, with the waits between them.
    pub(crate) total: Duration,
}

/// What a reporter is told while it happens.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// An attempt failed, and there will be another after the wait.
    Retrying { failed: &'a Attempt, attempts: u32, wait: Duration },
}

impl Execution {
    /// How the last attempt ended.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.last.outcome
    }

    /// The attempts in their order.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.earlier.iter().chain(std::iter::once(&self.last))
    }
}

/// Runs the invocation until it ends in a way that is not retried, or the attempts are used up.
pub(crate) fn execute(
    sandbox: &Sandbox,
    program: &Program,
    setup: &Setup,
    invocation: &Invocation,
    policy: &RetryPolicy,
    report: &mut dyn FnMut(Event<'_>),
) -> Execution {
    let begun = Instant::now();
    let mut waits = policy.waits();
    let mut earlier = Vec::new();
    let mut number = 1;
    loop {
        let (outcome, phases) = sandbox.run(program, setup, invocation, number);
        let mut attempt = Attempt { number, outcome, phases };
        // A guest that was left behind still holds what it had: another would come on top of it.
        let again = policy.retries(&attempt.outcome) && !phases.left_behind;
        let Some(wait) = again.then(|| waits.next()).flatten() else {
            return Execution { earlier, last: attempt, total: begun.elapsed() };
        };
        report(Event::Retrying { failed: &attempt, attempts: policy.attempts, wait });
        if let Err(stop) = sandbox::pause(wait) {
            attempt.outcome = stop.into();
            return Execution { earlier, last: attempt, total: begun.elapsed() };
        }
        earlier.push(attempt);
        number += 1;
    }
}
