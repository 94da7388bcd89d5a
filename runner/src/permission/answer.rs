//! What came of an access that was decided on: the system's answer, as records have it.

use serde::{Deserialize, Serialize};

/// How an access ended, by a name that stays the same: docs/permissions.md lists all of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccessResult {
    /// It was done.
    Ok,
    /// It was refused: by the rules, or by the system.
    AccessDenied,
    ReadOnly,
    NotPermitted,
    NotFound,
    AlreadyExists,
    NotADirectory,
    IsADirectory,
    NotEmpty,
    Busy,
    /// Too many links, or one that may not be followed.
    Loop,
    CrossDevice,
    NameTooLong,
    InvalidArgument,
    Unsupported,
    NoSpace,
    TooLarge,
    /// A limit ended the run.
    Limit,
    /// Another fault of reading or writing.
    IoError,
    ConnectionRefused,
    ConnectionReset,
    Timeout,
    Unreachable,
    NameUnresolvable,
    TlsError,
    ProtocolError,
    /// The environment has no such variable for the command.
    Absent,
    /// No result arrived: the run ended first, or the command no longer waited.
    #[default]
    Unknown,
}

impl AccessResult {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::AccessDenied => "access-denied",
            Self::ReadOnly => "read-only",
            Self::NotPermitted => "not-permitted",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::NotADirectory => "not-a-directory",
            Self::IsADirectory => "is-a-directory",
            Self::NotEmpty => "not-empty",
            Self::Busy => "busy",
            Self::Loop => "loop",
            Self::CrossDevice => "cross-device",
            Self::NameTooLong => "name-too-long",
            Self::InvalidArgument => "invalid-argument",
            Self::Unsupported => "unsupported",
            Self::NoSpace => "no-space",
            Self::TooLarge => "too-large",
            Self::Limit => "limit",
            Self::IoError => "io-error",
            Self::ConnectionRefused => "connection-refused",
            Self::ConnectionReset => "connection-reset",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::NameUnresolvable => "name-unresolvable",
            Self::TlsError => "tls-error",
            Self::ProtocolError => "protocol-error",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the access was made, as far as is known.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, Self::Ok | Self::Unknown)
    }

    /// Whether the system refused what the rules allowed, so that a grant had no effect.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::AccessDenied | Self::ReadOnly | Self::NotPermitted | Self::Unsupported)
    }
}

/// The answer to an access.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) result: AccessResult,
    /// The status of the response to an HTTP request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
}

impl From<AccessResult> for Answer {
    fn from(result: AccessResult) -> Self {
        Self { result, status: None }
    }
}

/// The number of a decision whose answer follows. A worker gives them in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ticket(pub(super) u64);

/// When the answer to a decision is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answered {
    /// With the decision.
    Now(Answer),
    /// It follows under this number.
    Later(Ticket),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_records() {
        for result in [
            AccessResult::Ok,
            AccessResult::NotADirectory,
            AccessResult::NameUnresolvable,
            AccessResult::Unknown,
        ] {
            assert_eq!(serde_json::json!(result), result.as_str());
        }
    }
}
