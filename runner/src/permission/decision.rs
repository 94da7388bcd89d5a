//! One check of what a guest does, and the record of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::answer::{AccessResult, Answer, Answered, Ticket};

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
    /// What came of it.
    pub(crate) answered: Answered,
}

/// What a recorder is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordEvent {
    /// A decision, before it is acted on.
    Decided(Decision),
    /// What came of one.
    Answered(Ticket, Answer),
    /// The attempt is over: no answer follows any more.
    Ended,
}

/// Why nothing more can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unrecorded {
    /// The records have reached this limit, in bytes.
    Limit(u64),
    /// They cannot be written, for this reason.
    Failed(String),
}

/// Who is told of decisions and answers: of those that are told together, in their order. Where they cannot
/// be recorded, the run ends.
pub(crate) type Recorder = Arc<dyn Fn(Vec<RecordEvent>) -> Result<(), Unrecorded> + Send + Sync>;

/// Who is told of decisions, and of which. What nobody asks for is not even written down.
#[derive(Clone, Default)]
pub(crate) struct Witness {
    recorder: Option<Recorder>,
    allowed: bool,
    next: Arc<AtomicU64>,
}

impl Witness {
    /// One that is told of what was denied.
    pub(crate) fn of_denials(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..Self::default() }
    }

    /// One that is told of everything.
    pub(crate) fn of_all(recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), allowed: true, ..Self::default() }
    }

    /// One that wants the same, and hands it to somebody else.
    pub(crate) fn through(&self, recorder: Recorder) -> Self {
        Self {
            recorder: self.recorder.is_some().then_some(recorder),
            allowed: self.allowed,
            next: Arc::default(),
        }
    }

    /// Hands on what was told elsewhere.
    ///
    /// # Errors
    ///
    /// It cannot be recorded: nothing more may happen.
    pub(crate) fn relay(&self, events: Vec<RecordEvent>) -> Result<(), Unrecorded> {
        match &self.recorder {
            Some(recorder) => recorder(events),
            None => Ok(()),
        }
    }

    /// Whether it is told of what was allowed, too, and of what came of it.
    pub(crate) fn wants_all(&self) -> bool {
        self.recorder.is_some() && self.allowed
    }

    /// Records a decision, if it is one that somebody asks for. With a ticket, its answer must follow.
    #[must_use = "what came of it must be told"]
    pub(crate) fn tell(
        &self,
        ruling: &Ruling,
        operation: Operation,
        target: impl FnOnce() -> String,
    ) -> Option<Ticket> {
        let ticket = self.wants_all().then(|| Ticket(self.next.fetch_add(1, Ordering::Relaxed)));
        let answered = match ticket {
            Some(ticket) => Answered::Later(ticket),
            None => Answered::Now(Answer::default()),
        };
        self.tell_answered(ruling, operation, answered, target);
        ticket
    }

    /// The same of what is refused at once, with access denied for an answer.
    pub(crate) fn tell_refused(
        &self,
        ruling: &Ruling,
        operation: Operation,
        target: impl FnOnce() -> String,
    ) {
        let denied = Answered::Now(AccessResult::AccessDenied.into());
        self.tell_answered(ruling, operation, denied, target);
    }

    fn tell_answered(
        &self,
        ruling: &Ruling,
        operation: Operation,
        answered: Answered,
        target: impl FnOnce() -> String,
    ) {
        if self.wants_all() || !ruling.allowed {
            // Only the supervisor's recorder can fail, and it is told by `relay`.
            let decision = ruling.on(operation, target(), answered);
            let _ = self.relay(vec![RecordEvent::Decided(decision)]);
        }
    }

    /// Tells what came of decisions.
    pub(crate) fn answer(&self, tickets: Vec<Ticket>, answer: Answer) {
        if !tickets.is_empty() {
            let events = tickets.into_iter().map(|ticket| RecordEvent::Answered(ticket, answer));
            let _ = self.relay(events.collect());
        }
    }
}

/// The decisions of one operation that is not over yet.
#[derive(Default)]
pub(crate) struct Unanswered(Mutex<Vec<Ticket>>);

impl Unanswered {
    pub(crate) fn add(&self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(ticket);
        }
    }

    pub(crate) fn take(&self) -> Vec<Ticket> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
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
    pub(crate) fn on(
        &self,
        operation: Operation,
        target: impl Into<String>,
        answered: Answered,
    ) -> Decision {
        Decision {
            operation,
            target: target.into(),
            allowed: self.allowed,
            rule: self.rule.to_string(),
            answered,
        }
    }
}
