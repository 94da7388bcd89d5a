//! Questions: the only place that asks. Nothing is asked where nobody could answer, which the caller has
//! made sure of; anything but a clear yes is a no.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read};

use super::Report;
use crate::permission::{Effective, Kind, Request, Statement};
use crate::plugin::Plugin;
use crate::text::visible_line;

/// What is asked about a command that was not granted all that it requests.
pub(crate) struct Question<'a> {
    pub(crate) plugin: &'a Plugin,
    /// What a yes adds, as it will be enforced.
    pub(crate) gains: &'a [Effective],
    /// What the plugin requests, and why.
    pub(crate) reasons: &'a [Request],
    /// What stays denied.
    pub(crate) denials: &'a [&'a Statement],
}

/// What the user answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    No,
    /// For this run.
    Once,
    /// For this workspace, as long as the plugin is the same.
    Always,
}

/// No answer is longer, in bytes.
const MAX_ANSWER: u64 = 64;

impl Report {
    /// Asks whether a command may have more.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Answer {
        let text = question.text();
        match self.answer_to(&format!("{text}Allow it? [o]nce, [a]lways, [N]o: ")).as_str() {
            "o" | "once" => Answer::Once,
            "a" | "always" => Answer::Always,
            _ => Answer::No,
        }
    }

    /// Asks what is answered with yes or no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        matches!(self.answer_to(&format!("{question} [y]es, [N]o: ")).as_str(), "y" | "yes")
    }

    /// Writes a question and reads one line, in lower case; an empty one where there is none.
    fn answer_to(&self, question: &str) -> String {
        // What was typed or pasted before the question was seen answers nothing.
        #[cfg(unix)]
        let flushed = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        #[cfg(unix)]
        if flushed.is_err() {
            return String::new();
        }
        self.console.err(question);
        let mut line = Vec::new();
        let read = io::stdin().lock().take(MAX_ANSWER).read_until(b'\n', &mut line);
        if read.is_err() || line.pop() != Some(b'\n') {
            // The cursor stands behind the question.
            self.console.err("\n");
            return String::new();
        }
        String::from_utf8(line).unwrap_or_default().trim().to_ascii_lowercase()
    }
}

impl Question<'_> {
    fn text(&self) -> String {
        let Self { plugin, gains, reasons, denials } = self;
        let manifest = &plugin.manifest;
        let mut text = format!(
            "`{}` requests what it was not granted.\n  {} {}, {}, sha256 {}\nWith a yes it may, as well:\n",
            manifest.name(),
            manifest.name(),
            visible_line(&manifest.version),
            visible_line(&plugin.source()),
            plugin.digest.short(),
        );
        // Writing to a string does not fail.
        for gain in *gains {
            let _ = writeln!(text, "  {}", visible_line(&sentence(gain)));
        }
        if !denials.is_empty() {
            text.push_str("Whatever the answer, it may not:\n");
        }
        for Statement { capability, source, .. } in *denials {
            let what = format!("{} {} ({source})", capability.kind.key(), capability.target);
            let _ = writeln!(text, "  {}", visible_line(&what));
        }
        if !reasons.is_empty() {
            text.push_str("It says what for:\n");
        }
        for Request { capability, reason } in *reasons {
            let what = format!("{} {}: {reason}", capability.kind.key(), capability.target);
            let _ = writeln!(text, "  {}", visible_line(&what));
        }
        text
    }
}

/// A grant as people read it.
pub(super) fn sentence(effective: &Effective) -> String {
    let target = &effective.capability.target;
    match effective.capability.kind {
        Kind::Read => format!("read {target}"),
        Kind::Write => format!("read and write {target}"),
        Kind::Env => format!("see the environment variable {target}"),
        Kind::Connect => format!("connect to {target}"),
        Kind::Udp => format!("send and receive UDP with {target}"),
        Kind::Resolve => format!("look up the name {target}"),
        Kind::Http => format!("send HTTP requests to {target}"),
    }
}
