//! Exit codes: the one place that gives them.

use crate::error::Error;
use crate::invocation::ArgumentError;
use crate::project::ProjectError;
use crate::sandbox::{FailureKind, Limit, Outcome, Stop, died_of_memory};

/// The exit code of the process. Codes from 0 to 123 can be a command's own; the rest are the
/// runner's, as in GNU's `timeout`, `env` and the shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExitCode(u8);

impl ExitCode {
    /// Done.
    pub(crate) const SUCCESS: Self = Self(0);
    /// A command failed; `taskrunner` was called without one; or an inspected file could do what is
    /// forbidden.
    pub(crate) const FAILURE: Self = Self(1);
    /// A mistake in the arguments or the configuration.
    pub(crate) const USAGE: Self = Self(2);
    /// A failure that may pass; `EX_TEMPFAIL` of BSD's sysexits.
    pub(crate) const RETRYABLE: Self = Self(75);
    /// The time limit was reached.
    pub(crate) const TIME_LIMIT: Self = Self(124);
    /// The runner failed, or the plugin's file is broken.
    pub(crate) const RUNNER: Self = Self(125);
    /// Denied.
    pub(crate) const DENIED: Self = Self(126);
    /// There is no such command.
    pub(crate) const UNKNOWN_COMMAND: Self = Self(127);
    /// The plugin crashed: 128 + `SIGABRT`, as a native program's.
    pub(crate) const CRASHED: Self = Self(134);
    /// The memory limit was reached: 128 + `SIGKILL`, as a container's.
    pub(crate) const MEMORY_LIMIT: Self = Self(137);
    /// Nobody reads the output: 128 + `SIGPIPE`.
    pub(crate) const OUTPUT_CLOSED: Self = Self(141);
    /// Another limit was reached: 128 + `SIGXCPU` would be time's, so 128 + `SIGXFSZ`.
    pub(crate) const OTHER_LIMIT: Self = Self(153);

    pub(crate) fn code(self) -> u8 {
        self.0
    }
}

impl From<&Outcome> for ExitCode {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Exited(code) => Self(*code),
            Outcome::Failed(failure) => match failure.kind {
                FailureKind::Usage | FailureKind::Configuration => Self::USAGE,
                FailureKind::Retryable => Self::RETRYABLE,
                FailureKind::Failed => Self::FAILURE,
            },
            Outcome::LimitReached(limit) => match limit {
                Limit::Time(_) => Self::TIME_LIMIT,
                Limit::Memory(_) => Self::MEMORY_LIMIT,
                Limit::Output(_)
                | Limit::Handles(_)
                | Limit::Disk(_)
                | Limit::Files(_)
                | Limit::Records(_) => Self::OTHER_LIMIT,
            },
            Outcome::Crashed(_) => Self::CRASHED,
            Outcome::OutputClosed => Self::OUTPUT_CLOSED,
            Outcome::Stopped(stop) => Self::from(stop),
            Outcome::Breach => Self::DENIED,
            Outcome::Died(signal) if died_of_memory(*signal) => Self::MEMORY_LIMIT,
            Outcome::Died(_) => Self::RUNNER,
            Outcome::Broken(_) => Self::RUNNER,
        }
    }
}

impl From<&Stop> for ExitCode {
    fn from(stop: &Stop) -> Self {
        match stop {
            // As a shell says it of a program that a signal has ended.
            Stop::Signal(signal) => {
                let code = u8::try_from(*signal).ok().and_then(|signal| signal.checked_add(128));
                code.map_or(Self::RUNNER, Self)
            }
            Stop::OutputClosed => Self::OUTPUT_CLOSED,
            Stop::Unwalled(_) => Self::DENIED,
            Stop::RecordLimit(_) => Self::OTHER_LIMIT,
            Stop::Unrecorded(_) => Self::RUNNER,
        }
    }
}

impl From<&ProjectError> for ExitCode {
    fn from(error: &ProjectError) -> Self {
        match error {
            ProjectError::Name(_)
            | ProjectError::NoTemplate { .. }
            | ProjectError::NotEmpty { .. }
            | ProjectError::NoProject { .. }
            | ProjectError::NoCase { .. }
            | ProjectError::Document(_) => Self::USAGE,
            ProjectError::MissingTools(_)
            | ProjectError::Start { .. }
            | ProjectError::Failed { .. }
            | ProjectError::NoOutput { .. }
            | ProjectError::Componentize { .. }
            | ProjectError::Embed { .. } => Self::FAILURE,
            ProjectError::Stopped(stop) => Self::from(stop),
            ProjectError::Place(error) if error.is_denial() => Self::DENIED,
            ProjectError::Place(_)
            | ProjectError::Case { .. }
            | ProjectError::Read { .. }
            | ProjectError::Write { .. } => Self::RUNNER,
        }
    }
}

impl From<&Error> for ExitCode {
    fn from(error: &Error) -> Self {
        match error {
            Error::Argument { error: ArgumentError::Path { error, .. }, .. }
                if error.is_denial() =>
            {
                Self::DENIED
            }
            Error::Configuration(_)
            | Error::Section { .. }
            | Error::NoSection { .. }
            | Error::Argument { .. }
            | Error::NotUnicode { .. }
            | Error::Variable { .. }
            | Error::WorkingDirectory { .. }
            | Error::PluginDirectory { .. }
            | Error::Destination(_)
            | Error::NothingToChange { .. } => Self::USAGE,
            Error::Locked { .. } | Error::NotAccepted { .. } | Error::NotTrusted(_) => Self::DENIED,
            Error::Permission { error, .. } if error.is_denial() => Self::DENIED,
            Error::Permission { .. } => Self::USAGE,
            Error::UnknownCommand { .. } | Error::NothingToInspect { .. } => Self::UNKNOWN_COMMAND,
            Error::Forbidden { .. } => Self::FAILURE,
            Error::Stopped(stop) => Self::from(stop),
            Error::Project(error) => Self::from(error),
            Error::Plugin(_)
            | Error::NoPlugin(_)
            | Error::Sandbox { .. }
            | Error::Record { .. }
            | Error::Contents(_)
            | Error::State(_)
            | Error::Write { .. }
            | Error::Output(_) => Self::RUNNER,
        }
    }
}
