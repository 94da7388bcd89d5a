//! How far a command has come: a bar on a terminal, a line now and then elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use super::log::LogFormat;
use crate::text::{self, visible_line};

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Progress {
    console: Console,
    command: String,
    format: LogFormat,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    written: Option<Instant>,
    /// Whether the end was written, which is worth a line out of turn, once.
    ended: bool,
}

impl Progress {
    pub(super) fn new(console: Console, command: String, format: LogFormat) -> Self {
        Self { console, command, format, state: Mutex::default() }
    }

    pub(super) fn report(&self, message: &str, done: u64, total: Option<u64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.console.streams.stderr_is_terminal {
            self.draw(&mut state, message, done, total);
        } else {
            let due = state.written.is_none_or(|written| written.elapsed() >= INTERVAL);
            let ends = total.is_some_and(|total| done >= total) && !state.ended;
            if due || ends {
                state.ended |= ends;
                state.written = Some(Instant::now());
                self.console.err(&self.line(message, done, total));
            }
        }
    }

    fn draw(&self, state: &mut State, message: &str, done: u64, total: Option<u64>) {
        let bar = state.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            let template = match total {
                Some(_) => "{prefix} [{bar:24}] {pos}/{len} {wide_msg}",
                None => "{prefix} {spinner} {pos} {wide_msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_prefix(self.command.clone());
            self.console.set_bar(Some(bar.clone()));
            bar
        });
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
        bar.set_message(visible_line(message));
    }

    fn line(&self, message: &str, done: u64, total: Option<u64>) -> String {
        match (self.format, total) {
            (LogFormat::Json, _) => {
                let progress =
                    serde_json::json!({ "message": message, "done": done, "total": total });
                let line = serde_json::json!({ "target": self.command, "progress": progress });
                format!(
                    "{}
",
                    text::json(&line, false)
                )
            }
            (LogFormat::Human, Some(total)) => {
                format!("{}: {done}/{total} {}\n", self.command, visible_line(message))
            }
            (LogFormat::Human, None) => {
                format!("{}: {done} {}\n", self.command, visible_line(message))
            }
        }
    }
}
