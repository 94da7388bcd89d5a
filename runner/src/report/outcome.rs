//! How a command ended, what was retried, and what it took.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::{JSON_VERSION, Report, diagnostic, human_time};
use crate::cli::Format;
use crate::execution::{Attempt, Event, Execution};
use crate::exit::ExitCode;
use crate::permission::Request;
use crate::plugin::Name;
use crate::sandbox::{Limit, Outcome, Stop, died_of_memory};
use crate::text::visible_line;

impl Report {
    /// Shows what happens between attempts.
    pub(crate) fn event(&self, command: &Name, event: &Event<'_>) {
        let Event::Retrying { failed, attempts, wait } = event;
        self.console.hurry(is_late(&failed.outcome));
        self.console.clear_bar();
        match self.format {
            Format::Human => self.console.err(&format!(
                "{command}: attempt {} of {attempts}: {}; again in {}\n",
                failed.number,
                visible_line(&failed.outcome.to_string()),
                human_time(*wait)
            )),
            Format::Json => self.json(&json!({
                "version": JSON_VERSION,
                "retry": {
                    "command": command,
                    "attempt": failed.number,
                    "outcome": kind(&failed.outcome),
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
        if matches!(outcome, Outcome::Exited(0) | Outcome::OutputClosed) {
            return;
        }
        self.console.hurry(is_late(outcome));
        let message = format!("{command}: {outcome}");
        let help = help(outcome, refused);
        match (self.format, outcome) {
            (Format::Human, Outcome::Exited(_)) => {
                if let Some(help) = help {
                    self.console.err(&format!("{command}: {help}\n"));
                }
            }
            (Format::Human, _) => diagnostic::message(self, &message, help.as_deref()),
            (Format::Json, _) => self.json(&json!({
                "version": JSON_VERSION,
                "error": {
                    "command": command,
                    "outcome": kind(outcome),
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
                        kind(&attempt.outcome).to_owned(),
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
                    "attempts": execution.attempts().map(timing).collect::<Vec<_>>(),
                },
            })),
        }
    }
}

fn timing(attempt: &Attempt) -> Value {
    json!({
        "attempt": attempt.number,
        "start-ms": millis(attempt.phases.start),
        "run-ms": millis(attempt.phases.run),
        "outcome": kind(&attempt.outcome),
    })
}

/// Milliseconds, to the microsecond.
fn millis(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Whether what is still to be said must not take long: the time is over, or somebody waits for the end.
fn is_late(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::LimitReached(Limit::Time(_)) | Outcome::Stopped(_))
}

/// One word for programs.
fn kind(outcome: &Outcome) -> &'static str {
    use crate::sandbox::FailureKind;
    match outcome {
        Outcome::Exited(0) => "success",
        Outcome::Exited(_) => "exit-code",
        Outcome::Failed(failure) => match failure.kind {
            FailureKind::Usage => "usage",
            FailureKind::Configuration => "configuration",
            FailureKind::Retryable => "retryable",
            FailureKind::Failed => "failed",
        },
        Outcome::LimitReached(limit) => match limit {
            Limit::Time(_) => "time-limit",
            Limit::Memory(_) => "memory-limit",
            Limit::Output(_) => "output-limit",
            Limit::Handles(_) => "handle-limit",
        },
        Outcome::Crashed(_) => "crashed",
        Outcome::OutputClosed => "output-closed",
        Outcome::Stopped(Stop::Unwalled(_)) => "no-sandbox",
        Outcome::Stopped(_) => "interrupted",
        Outcome::Breach => "breach",
        Outcome::Died(signal) if died_of_memory(*signal) => "memory-limit",
        Outcome::Died(_) => "runner",
        Outcome::Broken(_) => "runner",
    }
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
        }),
        Outcome::Crashed(_) => Some("`--log-level debug` shows where".to_owned()),
        _ => None,
    };
    let not_granted = refused.iter().map(|request| {
        format!(
            "it requests what it was not granted: `{}` allows it ({})",
            request.capability, request.reason
        )
    });
    let lines: Vec<String> = own.into_iter().chain(not_granted).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
