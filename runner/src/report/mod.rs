//! What people and programs are shown. The only folder that prints.

mod bundle;
mod check;
mod console;
mod diagnostic;
mod help;
mod inspection;
mod listing;
mod lock;
mod log;
mod obeyed;
mod outcome;
mod panic;
mod permissions;
mod progress;
mod project;
mod question;
mod rows;
mod sheet;
mod testing;
mod trust;
#[cfg(unix)]
mod unread;
mod visible;

use std::io;

#[cfg(fuzzing)]
pub(crate) use {
    help::{completion_script, manual_page},
    obeyed::{Stream, Written},
    visible::VisibleWriter,
};

pub(crate) use console::{Console, Streams};
pub(crate) use log::{LogFormat, install as install_log};
pub(crate) use panic::catch_panics;
pub(crate) use permissions::Standing;
pub(crate) use question::{Answer, Question};
pub(crate) use trust::{TrustState, TrustedWorkspace};

use crate::cli::Format;
use crate::error::Error;
use crate::sandbox::{GuestEvent, Observer};
use crate::text::{plain, plain_within};

/// How long a message of the runner's is with somebody else's texts in it, in columns.
const MAX_MESSAGE: usize = 1000;

/// Shows what happens, in the form that was asked for.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) console: Console,
    pub(crate) format: Format,
    pub(crate) log_format: LogFormat,
}

/// The version of every JSON shape that the runner writes: a field may come, none goes or changes
/// without a new number.
const JSON_VERSION: u32 = 1;

impl Report {
    /// Who is told of a guest's events.
    pub(crate) fn observer(&self, command: &str) -> Observer {
        let (console, format) = (self.console.clone(), self.log_format);
        let progress = progress::Progress::new(console.clone(), command.to_owned(), format);
        let command = command.to_owned();
        std::sync::Arc::new(move |event| match event {
            GuestEvent::Log { level, message, fields } => {
                log::write(
                    &console,
                    format,
                    &log::Line { level, target: &command, message, fields },
                );
            }
            GuestEvent::Progress { message, done, total } => progress.report(&message, done, total),
            GuestEvent::Ended => {
                console.clear_bar();
                console.end_lines();
            }
            GuestEvent::Lost { shows_progress } => {
                if shows_progress {
                    console.clear_line();
                }
                console.end_lost_lines();
            }
        })
    }

    /// Shows why the runner could not do what was asked.
    pub(crate) fn error(&self, error: &Error) {
        self.console.hurry(matches!(error, Error::Stopped(_)));
        diagnostic::error(self, error);
    }

    /// Shows a mistake on the command line, or help that was asked for: whether it was help.
    pub(crate) fn clap(&self, error: &clap::Error) -> io::Result<bool> {
        help::clap(self, error)
    }

    /// Tells somebody who waits at a terminal what for.
    pub(crate) fn compiling(&self) {
        if self.console.streams.stderr_is_terminal && self.format == Format::Human {
            self.console.err("compiling a plugin, which is kept for the next time…\n");
        }
    }

    /// Warns of what the user should know whatever the level of the log is.
    pub(crate) fn warn(&self, message: &str, help: &str) {
        match self.format {
            Format::Human => {
                let (message, help) = (plain_within(message, MAX_MESSAGE), plain(help));
                self.console.err_lines(&format!("warning: {message}\n{help}\n"));
            }
            Format::Json => self.json(&serde_json::json!({
                "version": JSON_VERSION,
                "warning": { "message": message, "help": help },
            })),
        }
    }

    fn json(&self, value: &serde_json::Value) {
        self.console.err(&format!("{}\n", crate::text::json(value, false)));
    }
}

/// A time as people read it.
fn human_time(time: std::time::Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds => format!("{:.1} ms", seconds * 1000.0),
    }
}
