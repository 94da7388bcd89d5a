//! One check of what a guest does, and the record of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a guest tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    /// Opening a file to read it, or a directory to work in it.
    Read,
    /// The entries of a directory.
    List,
    /// Size, times and kind of a file; where a link leads.
    Stat,
    /// Opening a file to write it, cutting it, or setting its times.
    Write,
    /// A new file, directory or link.
    Create,
    Remove,
    Rename,
    /// A TCP connection.
    Connect,
    /// A UDP socket's peer.
    Udp,
    /// Listening, which nobody is granted.
    Listen,
    /// The look-up of a name.
    Resolve,
    /// An HTTP request.
    Http,
    /// The value of an environment variable.
    Environment,
}

impl Operation {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Stat => "stat",
            Self::Write => "write",
            Self::Create => "create",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Connect => "connect",
            Self::Udp => "udp",
            Self::Listen => "listen",
            Self::Resolve => "resolve",
            Self::Http => "http",
            Self::Environment => "environment",
        }
    }
}

/// One check, recorded: what was tried on what, how it was decided, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Decision {
    pub(crate) operation: Operation,
    /// The host's path, `host:port`, a name: never a value of a variable.
    pub(crate) target: String,
    pub(crate) allowed: bool,
    /// The rule that decided, as it is shown to people.
    pub(crate) rule: String,
}

/// Who is told of decisions: of those that are told together, in their order.
pub(crate) type Recorder = Arc<dyn Fn(Vec<Decision>) + Send + Sync>;

/// Who is told of decisions, and of which. What nobody asks for is not even written down.
#[derive(Clone, Default)]
pub(crate) struct Witness {
    recorder: Option<Recorder>,
    allowed: bool,
}

impl Witness {
    /// One that is told of what was denied.
    pub(crate) fn of_denials(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), allowed: false }
    }

    /// One that is told of everything.
    pub(crate) fn of_all(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), allowed: true }
    }

    /// One that wants the same, and hands it to somebody else.
    pub(crate) fn through(&self, recorder: Recorder) -> Self {
        Self { recorder: self.recorder.is_some().then_some(recorder), allowed: self.allowed }
    }

    /// Hands on decisions that were made elsewhere.
    pub(crate) fn relay(&self, decisions: Vec<Decision>) {
        if let Some(recorder) = &self.recorder {
            recorder(decisions);
        }
    }

    /// Whether it is told of what was allowed, too.
    pub(crate) fn wants_all(&self) -> bool {
        self.recorder.is_some() && self.allowed
    }

    /// Records a decision, if it is one that somebody asks for.
    pub(crate) fn tell(
        &self,
        ruling: &Ruling,
        operation: Operation,
        target: impl FnOnce() -> String,
    ) {
        if let Some(recorder) = &self.recorder
            && (self.allowed || !ruling.allowed)
        {
            recorder(vec![ruling.on(operation, target())]);
        }
    }
}

/// What the rules say of one access, and which of them said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) allowed: bool,
    /// As it is shown to people: `--allow-read src`, `taskrunner.yaml:12: read src`.
    pub(crate) rule: Arc<str>,
}

/// The rule of what nobody granted: a grant would allow it.
pub(crate) const NOT_GRANTED: &str = "not granted";

impl Ruling {
    /// What a rule of the user's says.
    pub(super) fn by(label: &Arc<str>, allowed: bool) -> Self {
        Self { allowed, rule: Arc::clone(label) }
    }

    /// The refusal of what nobody granted.
    pub(crate) fn not_granted() -> Self {
        Self::denied(NOT_GRANTED)
    }

    /// A refusal for a reason that is no rule of the user's.
    pub(crate) fn denied(reason: &str) -> Self {
        Self { allowed: false, rule: reason.into() }
    }

    /// The record of an access that was decided so.
    pub(crate) fn on(&self, operation: Operation, target: impl Into<String>) -> Decision {
        Decision {
            operation,
            target: target.into(),
            allowed: self.allowed,
            rule: self.rule.to_string(),
        }
    }
}
