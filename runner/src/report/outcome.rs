//! How a command ended, what was retried, and what it took.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde_json::json;

use super::rows::MAX_TEXT;
use super::{JSON_VERSION, MAX_MESSAGE, Report, diagnostic, human_time};
use crate::cli::Format;
use crate::execution::{Attempt, Event, Execution, millis};
use crate::exit::ExitCode;
use crate::permission::Request;
use crate::plugin::Name;
use crate::sandbox::{Limit, Outcome, Stop};
use crate::text::{columns, plain, plain_within};

/// How many requests that were refused a person is told of at the end; `permissions show` has all of them.
const MAX_REFUSED: usize = 8;

impl Report {
    /// Shows what happens between attempts.
    pub(crate) fn event(&self, command: &Name, event: &Event<'_>) {
        let Event::Retrying { failed, attempts, wait } = event;
        self.console.hurry(is_late(&failed.outcome));
        self.console.clear_bar();
        match self.format {
            Format::Human => self.console.err_lines(&format!(
                "{command}: attempt {} of {attempts}: {}; again in {}\n",
                failed.number,
                plain_within(&failed.outcome.to_string(), MAX_MESSAGE),
                human_time(*wait)
            )),
            Format::Json => self.json(&json!({
                "version": JSON_VERSION,
                "retry": {
                    "command": command,
                    "attempt": failed.number,
                    "outcome": failed.outcome.word(),
                    "message": failed.outcome.to_string(),
                    "wait-ms": millis(*wait),
                },
            })),
        }
        self.console.hurry(false);
    }

    /// Shows how a command ended, if that is news: its success and its own exit codes speak for
    /// themselves. `refused` is what it requested and did not get.
    pub(crate) fn outcome(&self, command: &Name, outcome: &Outcome, refused: &[Request]) {
        self.console.clear_bar();
        // That a record cannot be written is told as the runner's own error.
        if matches!(
            outcome,
            Outcome::Exited(0) | Outcome::OutputClosed | Outcome::Stopped(Stop::Unrecorded(_))
        ) {
            return;
        }
        self.console.hurry(is_late(outcome));
        let message = format!("{command}: {outcome}");
        let help = help(outcome, refused);
        match (self.format, outcome) {
            (Format::Human, Outcome::Exited(_)) => {
                if let Some(help) = help {
                    self.console.err_lines(&format!("{command}: {help}\n"));
                }
            }
            (Format::Human, _) => diagnostic::message(self, &message, help.as_deref()),
            (Format::Json, _) => self.json(&json!({
                "version": JSON_VERSION,
                "error": {
                    "command": command,
                    "outcome": outcome.word(),
                    "message": message,
                    "help": help,
                    "exit-code": ExitCode::from(outcome).code(),
                },
            })),
        }
    }

    /// Shows the wall time of each phase and attempt.
    pub(crate) fn timings(&self, command: &Name, load: std::time::Duration, execution: &Execution) {
        match self.format {
            Format::Human => {
                let mut table = Table::new();
                table
                    .load_style(NOTHING)
                    .set_header(["attempt", "load", "start", "run", "outcome"]);
                for attempt in execution.attempts() {
                    let load = if attempt.number == 1 { human_time(load) } else { String::new() };
                    table.add_row([
                        attempt.number.to_string(),
                        load,
                        human_time(attempt.phases.start),
                        human_time(attempt.phases.run),
                        attempt.outcome.word().to_owned(),
                    ]);
                }
                for column in table.column_iter_mut().take(4) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
                let mut text = format!(
                    "timings of {command}: {} in all\n",
                    human_time(load + execution.total)
                );
                let _ = writeln!(text, "{}", table.trim_fmt());
                self.console.err(&text);
            }
            Format::Json => self.json(&json!({
                "version": JSON_VERSION,
                "timings": {
                    "command": command,
                    "load-ms": millis(load),
                    "total-ms": millis(load + execution.total),
                    "attempts": execution.attempts().map(Attempt::json).collect::<Vec<_>>(),
                },
            })),
        }
    }
}

/// Whether what is still to be said must not take long: the time is over, or somebody waits for the end.
fn is_late(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::LimitReached(Limit::Time(_)) | Outcome::Stopped(_))
}

/// What the user can do about it.
fn help(outcome: &Outcome, refused: &[Request]) -> Option<String> {
    let own = match outcome {
        Outcome::Failed(failure) => failure.hint.clone(),
        Outcome::LimitReached(limit) => Some(match limit {
            Limit::Time(_) => {
                "`--time-limit` or `limits.time` in the configuration allows more".to_owned()
            }
            Limit::Memory(_) => {
                "`--memory-limit` or `limits.memory` in the configuration allows more".to_owned()
            }
            Limit::Output(_) => {
                "`--output-limit` or `limits.output` in the configuration allows more".to_owned()
            }
            Limit::Handles(_) => {
                "`--handle-limit` or `limits.handles` in the configuration allows more".to_owned()
            }
            Limit::Disk(_) => {
                "`--disk-limit` or `limits.disk` in the configuration allows more".to_owned()
            }
            Limit::Files(_) => {
                "`--file-limit` or `limits.files` in the configuration allows more".to_owned()
            }
            Limit::Records(_) => {
                "`--record-limit` or `limits.records` in the configuration allows more".to_owned()
            }
        }),
        Outcome::Crashed(_) => Some("`--log-level debug` shows where".to_owned()),
        _ => None,
    };
    let not_granted = refused.iter().take(MAX_REFUSED).map(|request| {
        let Request { capability, reason } = request;
        let reason = plain_within(reason, MAX_TEXT);
        let flag = capability.to_string();
        match columns(&flag) <= MAX_TEXT && plain(&flag) == flag {
            true => {
                format!("it requests what it was not granted: `{flag}` allows it ({reason})")
            }
            // What cannot be shown as it is cannot be typed from what is shown.
            false => {
                let flag = plain_within(&flag, MAX_TEXT);
                format!("it requests what it was not granted: {flag} ({reason})")
            }
        }
    });
    let more = refused.len().saturating_sub(MAX_REFUSED);
    let more =
        (more > 0).then(|| format!("it requests {more} more permissions, not granted either"));
    let lines: Vec<String> = own.into_iter().chain(not_granted).chain(more).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
