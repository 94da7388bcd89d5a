//! Decisions whose results are not known yet.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::Tried;
use crate::permission::Ticket;

/// How many decisions wait for their results at most, and how long their texts are together: what a guest's
/// handles and a few long paths come to. A worker that got around its first wall could send decisions and no
/// results.
const MOST: usize = 4096;
const MOST_BYTES: u64 = 1024 * 1024;

/// A decision, as it was heard.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) time: SystemTime,
    pub(super) tried: Tried,
}

impl Made {
    fn bytes(&self) -> u64 {
        (self.tried.target.len() + self.tried.rule.len()) as u64
    }
}

/// The decisions, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    made: BTreeMap<Ticket, Made>,
    bytes: u64,
}

impl Waiting {
    /// Adds a decision. Gives those that wait no longer for a result.
    pub(super) fn add(&mut self, ticket: Ticket, made: Made) -> Vec<Made> {
        self.bytes += made.bytes();
        let mut forgotten: Vec<Made> = self.made.insert(ticket, made).into_iter().collect();
        self.bytes -= forgotten.iter().map(Made::bytes).sum::<u64>();
        while self.made.len() > MOST || self.bytes > MOST_BYTES {
            forgotten.extend(self.take_oldest());
        }
        forgotten
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Made> {
        let made = self.made.remove(&ticket)?;
        self.bytes -= made.bytes();
        Some(made)
    }

    pub(super) fn take_oldest(&mut self) -> Option<Made> {
        let (ticket, _) = self.made.first_key_value()?;
        self.take(*ticket)
    }

    /// How many bytes their lines take, where one takes so many beside its texts.
    pub(super) fn room(&self, line: u64) -> u64 {
        // JSON writes a byte as six at most.
        self.bytes.saturating_mul(6).saturating_add(line.saturating_mul(self.made.len() as u64))
    }
}
