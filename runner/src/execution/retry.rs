//! When to try again, and after how long.

use std::collections::BTreeSet;
use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder, ExponentialBuilder};
use serde::Deserialize;

use crate::sandbox::{FailureKind, Limit, Outcome};

/// The exit code that says the same as a retryable failure: `EX_TEMPFAIL` of `sysexits.h`.
const RETRYABLE: u8 = 75;

/// How the waits between attempts grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Backoff {
    /// Always the same.
    Fixed,
    /// Each twice the one before.
    Exponential,
}

/// A way to end that can be retried. Mistakes in the arguments or the configuration, and denials, are
/// not among them: they would be the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryOn {
    /// The plugin says that it may well work when tried again: by the kind of its failure, or by the exit
    /// code for that, 75.
    Retryable,
    /// It failed for another reason, or ended with an exit code that is not zero.
    Failed,
    /// It crashed.
    Crashed,
    /// It took too long.
    TimeLimit,
}

/// When to try again, and after how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// At most so many attempts, the first one included.
    pub(crate) attempts: u32,
    pub(crate) backoff: Backoff,
    /// The wait after the first attempt.
    pub(crate) delay: Duration,
    /// No wait is longer.
    pub(crate) max_delay: Duration,
    /// Whether a random part is added, up to the wait itself, so that many who failed together do not
    /// come back together.
    pub(crate) jitter: bool,
    pub(crate) on: BTreeSet<RetryOn>,
}

impl Default for RetryPolicy {
    /// One attempt; where more are asked for: exponential from 200 ms to 10 s, with jitter, for what the
    /// plugin calls retryable.
    fn default() -> Self {
        Self {
            attempts: 1,
            backoff: Backoff::Exponential,
            delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(10),
            jitter: true,
            on: BTreeSet::from([RetryOn::Retryable]),
        }
    }
}

impl RetryPolicy {
    /// The waits between the attempts: one fewer than there are attempts.
    pub(crate) fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        let times = self.attempts.saturating_sub(1) as usize;
        let waits: Box<dyn Iterator<Item = Duration>> = match self.backoff {
            Backoff::Fixed => {
                let builder = ConstantBuilder::new().with_delay(self.delay).with_max_times(times);
                Box::new(if self.jitter { builder.with_jitter() } else { builder }.build())
            }
            Backoff::Exponential => {
                let builder = ExponentialBuilder::new()
                    .with_min_delay(self.delay)
                    .with_max_delay(self.max_delay)
                    .with_max_times(times);
                Box::new(if self.jitter { builder.with_jitter() } else { builder }.build())
            }
        };
        let longest = self.max_delay;
        waits.map(move |wait| wait.min(longest))
    }

    /// Whether an attempt that ended so may be followed by another.
    pub(crate) fn retries(&self, outcome: &Outcome) -> bool {
        let way = match outcome {
            Outcome::Exited(0)
            | Outcome::OutputClosed
            | Outcome::Stopped(_)
            | Outcome::Breach
            | Outcome::Died(_)
            | Outcome::Broken(_) => return false,
            Outcome::Exited(RETRYABLE) if self.on.contains(&RetryOn::Retryable) => return true,
            Outcome::Exited(_) => RetryOn::Failed,
            Outcome::Failed(failure) => match failure.kind {
                FailureKind::Usage | FailureKind::Configuration => return false,
                FailureKind::Retryable => RetryOn::Retryable,
                FailureKind::Failed => RetryOn::Failed,
            },
            Outcome::LimitReached(Limit::Time(_)) => RetryOn::TimeLimit,
            Outcome::LimitReached(_) => return false,
            Outcome::Crashed(_) => RetryOn::Crashed,
        };
        self.on.contains(&way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Crash, Failure};

    fn millis(policy: &RetryPolicy) -> Vec<u128> {
        policy.waits().map(|wait| wait.as_millis()).collect()
    }

    #[test]
    fn waits_grow_up_to_the_cap() {
        let mut policy = RetryPolicy {
            attempts: 6,
            jitter: false,
            delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(500),
            ..RetryPolicy::default()
        };
        assert_eq!(millis(&policy), [100, 200, 400, 500, 500]);
        policy.backoff = Backoff::Fixed;
        assert_eq!(millis(&policy), [100; 5]);
        policy.attempts = 1;
        assert!(millis(&policy).is_empty());
    }

    #[test]
    fn jitter_adds_at_most_the_wait_itself_and_keeps_the_cap() {
        let policy = RetryPolicy {
            attempts: 100,
            delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(150),
            backoff: Backoff::Fixed,
            ..RetryPolicy::default()
        };
        let waits = millis(&policy);
        assert!(waits.iter().all(|wait| (100..=150).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "all alike: {waits:?}");
    }

    #[test]
    fn only_what_was_asked_for_is_retried() {
        let failed = |kind| Outcome::Failed(Failure { kind, message: String::new(), hint: None });
        let policy = RetryPolicy::default();
        assert!(policy.retries(&failed(FailureKind::Retryable)));
        assert!(!policy.retries(&failed(FailureKind::Failed)));
        let all = RetryPolicy {
            on: [RetryOn::Retryable, RetryOn::Failed, RetryOn::Crashed, RetryOn::TimeLimit].into(),
            ..RetryPolicy::default()
        };
        for outcome in [
            failed(FailureKind::Failed),
            Outcome::Exited(3),
            Outcome::Crashed(Crash::Stack),
            Outcome::LimitReached(Limit::Time(Duration::from_secs(1))),
        ] {
            assert!(all.retries(&outcome), "{outcome:?}");
        }
        for outcome in [
            failed(FailureKind::Usage),
            failed(FailureKind::Configuration),
            Outcome::Exited(0),
            Outcome::OutputClosed,
            Outcome::Breach,
            Outcome::Died(9),
            Outcome::Broken(String::new()),
            Outcome::LimitReached(Limit::Memory(1)),
        ] {
            assert!(!all.retries(&outcome), "{outcome:?}");
        }
    }
}
