//! How a command fails.

use std::error::Error;

use crate::bindings::taskrunner::plugin::types;

/// A failure that the user is told of. Any error turns into one of the kind `failed` through `?`, with
/// the messages of its causes.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: types::FailureKind,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// The arguments make no sense together: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(types::FailureKind::Usage, message)
    }

    /// The configuration makes no sense: exit code 2.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(types::FailureKind::Configuration, message)
    }

    /// It may well work when tried again: exit code 75, unless a later attempt succeeds.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(types::FailureKind::Retryable, message)
    }

    /// Everything else: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(types::FailureKind::Failed, message)
    }

    /// Says what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What went wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn new(kind: types::FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(crate) fn into_wit(self) -> types::Failure {
        types::Failure { kind: self.kind, message: self.message, hint: self.hint }
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self::failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_failure_with_its_causes() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bad count")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Failure::from(Outer("x".parse::<u8>().expect_err("not a number")));
        assert_eq!(failure.message(), "bad count: invalid digit found in string");
        assert!(matches!(failure.into_wit().kind, types::FailureKind::Failed));
    }
}
