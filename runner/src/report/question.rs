//! Questions: the only place that asks. Nothing is asked where nobody could answer, which the caller has
//! made sure of; anything but a clear yes is a no.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use super::Report;
use super::obeyed::Stream;
use super::rows::MAX_TEXT;
use super::sheet::Sheet;
use crate::permission::{Effective, Kind, Request, Statement};
use crate::plugin::Plugin;

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

/// How many denials a question shows: they are what a yes does not change.
const MAX_DENIALS: usize = 10;

/// What ends a page that is not the last one.
const MORE: &str = "There is more to read before a yes counts: [m]ore, [N]o: ";

impl Report {
    /// Asks whether a command may have more.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Answer {
        let last = format!("{}\nAllow it? [o]nce, [a]lways, [N]o: ", question.summary());
        match self.answer_to(&question.sheet(), &last).as_str() {
            "o" | "once" => Answer::Once,
            "a" | "always" => Answer::Always,
            _ => Answer::No,
        }
    }

    /// Asks what is answered with yes or no. `summary` says what a yes does.
    pub(super) fn confirm(&self, sheet: &Sheet, summary: &str, question: &str) -> bool {
        let last = format!("{summary}\n{question} [y]es, [N]o: ");
        matches!(self.answer_to(sheet, &last).as_str(), "y" | "yes")
    }

    /// Shows what is to be read, page by page, and reads the answer that follows the last one; an empty one
    /// where it was not read to its end.
    fn answer_to(&self, sheet: &Sheet, last: &str) -> String {
        let size = self.console.size(Stream::Stderr).unwrap_or_default();
        let Some(pages) = sheet.pages(size, last, MORE) else {
            let message = "the terminal has no room for a question, so the answer is no";
            self.warn(message, "make it larger, or use the options that need no question");
            return String::new();
        };
        let mut answer = String::new();
        for (number, page) in pages.iter().enumerate() {
            if number > 0 && !matches!(answer.as_str(), "m" | "more") {
                return String::new();
            }
            answer = self.line_after(page);
        }
        answer
    }

    /// Writes a page and reads one line, in lower case; an empty one where there is none.
    fn line_after(&self, page: &str) -> String {
        // What was typed or pasted before the question was seen answers nothing.
        #[cfg(unix)]
        let flushed = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        #[cfg(unix)]
        if flushed.is_err() {
            return String::new();
        }
        self.console.err(page);
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
    /// What a yes adds stands last of all that is read.
    fn sheet(&self) -> Sheet {
        let Self { plugin, gains, reasons, denials } = self;
        let mut sheet =
            Sheet::new(format!("`{}` requests what it was not granted.", plugin.manifest.name()));
        sheet.own(format!("It is {}, from:", self.version()));
        sheet.short_item(&plugin.source(), MAX_TEXT);
        if short_version(&plugin.manifest.version) != *plugin.manifest.version {
            sheet.short_item(&format!("version {}", plugin.manifest.version), MAX_TEXT);
        }
        if !reasons.is_empty() {
            sheet.own("It says what for:");
        }
        for Request { capability, reason } in *reasons {
            let what = format!("{} {}: {reason}", capability.kind.key(), capability.target);
            sheet.short_item(&what, MAX_TEXT);
        }
        if !denials.is_empty() {
            sheet.own("Whatever the answer, it may not:");
        }
        for Statement { capability, source, .. } in denials.iter().take(MAX_DENIALS) {
            let what = format!("{} {} ({source})", capability.kind.key(), capability.target);
            sheet.short_item(&what, MAX_TEXT);
        }
        if denials.len() > MAX_DENIALS {
            sheet.own(format!("And it may not {} more.", denials.len() - MAX_DENIALS));
        }
        sheet.own("With a yes it may, as well:");
        gains.iter().for_each(|gain| sheet.item(&sentence(gain)));
        sheet
    }

    /// What a yes gives to whom.
    fn summary(&self) -> String {
        let what = match self.gains.len() {
            1 => "the one permission that is shown above".to_owned(),
            several => format!("all {several} permissions that are shown above"),
        };
        format!("A yes gives `{}` {}: {what}.", self.plugin.manifest.name(), self.version())
    }

    /// Its version, its digest and what it comes from: nothing that it could write a sentence in.
    fn version(&self) -> String {
        let Plugin { manifest, digest, origin, .. } = self.plugin;
        let version = short_version(&manifest.version);
        format!("{version}, sha256 {}, origin {origin}", digest.short())
    }
}

/// A version in a row of the runner's own: one that is long enough for words to stand in it is cut behind its numbers.
pub(super) fn short_version(version: &str) -> Cow<'_, str> {
    const LONGEST: usize = 16;
    let numbers = version.find(['-', '+']).filter(|_| version.len() > LONGEST);
    numbers.map_or(version.into(), |end| format!("{}…", &version[..end]).into())
}

/// A grant as people read it.
pub(super) fn sentence(effective: &Effective) -> String {
    let target = &effective.capability.target;
    match effective.capability.kind {
        Kind::Read => format!("read {target}"),
        Kind::Write => format!("read and write {target}"),
        Kind::Env if target == "*" => "see every environment variable".to_owned(),
        Kind::Env if target.contains('*') => {
            format!("see every environment variable like {target}")
        }
        Kind::Env => format!("see the environment variable {target}"),
        Kind::Connect => format!("connect to {target}"),
        Kind::Udp => format!("send and receive UDP with {target}"),
        Kind::Resolve => format!("look up the name {target}"),
        Kind::Http => format!("send HTTP requests to {target}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short_version;

    #[test]
    fn no_words_stand_in_a_short_version() {
        for version in ["1.4.0", "1.4.0-rc.1", "1.4.0-beta.12+x7"] {
            assert_eq!(short_version(version), version);
        }
        assert_eq!(short_version("1.4.0-reads.only.README"), "1.4.0…");
        assert_eq!(short_version("1.4.0+reads.only.README"), "1.4.0…");
    }
}
