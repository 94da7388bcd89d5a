//! The log: lines of the runner's (tracing) and of plugins', in one form.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use serde::Deserialize;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::console::Console;
use crate::text::{self, visible_line};

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// `time level target message name=value`
    #[default]
    Human,
    /// One object per line: `time`, `level`, `target`, `message`, `fields`.
    Json,
}

/// One line of the log.
pub(super) struct Line<'a> {
    pub(super) level: Level,
    /// The command's name, or the runner's module.
    pub(super) target: &'a str,
    pub(super) message: String,
    pub(super) fields: Vec<(String, String)>,
}

/// Sends the runner's own lines to the console from now on.
pub(crate) fn install(console: &Console, level: LevelFilter, format: LogFormat) {
    let layer = ConsoleLayer { console: console.clone(), format }.with_filter(level);
    // Only the dependencies' panics and errors are of interest, not their chatter.
    let own = tracing_subscriber::filter::filter_fn(|metadata| {
        metadata.target().starts_with("taskrunner")
    });
    // It fails where a log is installed already, which then goes on.
    let _ = tracing_subscriber::registry().with(layer.with_filter(own)).try_init();
}

struct ConsoleLayer {
    console: Console,
    format: LogFormat,
}

impl<S: Subscriber> Layer<S> for ConsoleLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut collected = Collected::default();
        event.record(&mut collected);
        let metadata = event.metadata();
        let line = Line {
            level: *metadata.level(),
            target: metadata.target(),
            message: collected.message,
            fields: collected.fields,
        };
        write(&self.console, self.format, &line);
    }
}

#[derive(Default)]
struct Collected {
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push((field.name().to_owned(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name().to_owned(), value.to_owned()));
    }
}

/// Writes one line.
pub(super) fn write(console: &Console, format: LogFormat, line: &Line<'_>) {
    let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    let text = match format {
        LogFormat::Human => human(&time, line, console.streams.color_stderr),
        LogFormat::Json => json(&time, line),
    };
    console.err(&text);
}

fn human(time: &str, line: &Line<'_>, color: bool) -> String {
    let (on, off) = if color { (style(line.level), "\u{1b}[0m") } else { ("", "") };
    let mut text = format!(
        "{time} {on}{:>5}{off} {} {}",
        line.level,
        visible_line(line.target),
        visible_line(&line.message)
    );
    for (name, value) in &line.fields {
        // Writing to a string does not fail.
        let _ = write!(text, " {}={}", visible_line(&quoted(name)), visible_line(&quoted(value)));
    }
    text.push('\n');
    text
}

/// A name or a value in quotes where it would not be read as one word without them.
fn quoted(value: &str) -> String {
    if value.is_empty() || value.contains([' ', '"', '=']) {
        format!("{value:?}")
    } else {
        value.to_owned()
    }
}

fn style(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}

fn json(time: &str, line: &Line<'_>) -> String {
    let fields: serde_json::Map<_, _> =
        line.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let object = serde_json::json!({
        "time": time,
        "level": line.level.as_str().to_ascii_lowercase(),
        "target": line.target,
        "message": line.message,
        "fields": fields,
    });
    format!("{}\n", text::json(&object, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line<'static> {
        Line {
            level: Level::WARN,
            target: "build",
            message: "two\nlines \u{1b}[2J".into(),
            fields: vec![("path".into(), "a b".into()), ("n".into(), "1".into())],
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(
            human("T", &line(), false),
            "T  WARN build two\\nlines \\u{1b}[2J path=\"a b\" n=1\n"
        );
    }

    #[test]
    fn json_keeps_what_was_said() {
        let json: serde_json::Value =
            serde_json::from_str(&json("T", &line())).expect("it is JSON");
        assert_eq!(json["message"], "two\nlines \u{1b}[2J");
        assert_eq!(json["fields"]["path"], "a b");
        assert_eq!(json["level"], "warn");
        let line = Line { message: "\u{9b}2J\u{202e}".into(), ..line() };
        assert!(!super::json("T", &line).contains(['\u{9b}', '\u{202e}']));
    }
}
