//! What a guest was refused, as lines of the log.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::{Report, log};
use crate::permission::Recorder;

/// The most refusals that are told of: a guest can try as often as it likes.
const MAX_REFUSALS: usize = 20;

impl Report {
    /// Who is told of the decisions on what a guest tries: each refusal comes into the log, once.
    pub(crate) fn recorder(&self, command: &str, level: LevelFilter) -> Recorder {
        let (console, format) = (self.console.clone(), self.log_format);
        let command = command.to_owned();
        let told = Mutex::new(HashSet::new());
        Arc::new(move |decision| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if decision.allowed || level < Level::WARN || told.len() >= MAX_REFUSALS {
                return;
            }
            let (operation, target) = (decision.operation.as_str(), decision.target);
            let message = format!("denied: {operation} {target} ({})", decision.rule);
            if told.insert(message.clone()) {
                let fields = Vec::new();
                let line = log::Line { level: Level::WARN, target: &command, message, fields };
                log::write(&console, format, &line);
            }
        })
    }
}
