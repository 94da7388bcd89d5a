//! Errors: miette's graphical form for people, one object for programs.

use std::fmt::{self, Display};
use std::path::Path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, ThemeStyles};
use serde_json::json;

use super::obeyed::Stream;
use super::rows::MIN_COLUMNS;
use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::text::visible;

/// No line of a message is longer, however wide the terminal is.
const MAX_COLUMNS: usize = 200;

/// Shows an error of the runner's.
pub(super) fn error(report: &Report, error: &Error) {
    report.console.clear_bar();
    match (report.format, error.document()) {
        (Format::Human, Some(document)) => render(report, document),
        (Format::Human, None) => {
            message(report, &error.to_string(), error.help().as_deref());
        }
        (Format::Json, document) => {
            let help = document.and_then(Diagnostic::help).map(|help| help.to_string());
            let help = help.or_else(|| error.help());
            let location = document.and_then(|document| document.location());
            json(report, &error.to_string(), help, location, ExitCode::from(error));
        }
    }
}

/// Shows an error for programs.
pub(super) fn json(
    report: &Report,
    message: &str,
    help: Option<String>,
    location: Option<(&Path, usize, usize)>,
    exit_code: ExitCode,
) {
    let location = location.map(|(path, line, column)| {
        json!({ "path": path.to_string_lossy(), "line": line, "column": column })
    });
    report.json(&json!({
        "version": JSON_VERSION,
        "error": {
            "message": message,
            "help": help,
            "location": location,
            "exit-code": exit_code.code(),
        },
    }));
}

/// Shows a message with a line of help, for people.
pub(super) fn message(report: &Report, message: &str, help: Option<&str>) {
    render(report, &Message { message: visible(message), help: help.map(visible) });
}

fn render(report: &Report, diagnostic: &dyn Diagnostic) {
    let styles =
        if report.console.streams.color_stderr { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { styles, ..GraphicalTheme::unicode_nocolor() };
    let mut handler =
        GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(1);
    if let Some((columns, _)) = report.console.size(Stream::Stderr) {
        handler = handler.with_width(columns.clamp(MIN_COLUMNS, MAX_COLUMNS));
    }
    let mut text = String::new();
    if handler.render_report(&mut text, diagnostic).is_err() {
        // A renderer that fails must not hide the error itself.
        text = format!("error: {diagnostic}\n");
    }
    report.console.err(text.strip_prefix('\n').unwrap_or(&text));
}

#[derive(Debug)]
struct Message {
    message: String,
    help: Option<String>,
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Message {}

impl Diagnostic for Message {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }
}
