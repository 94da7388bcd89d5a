//! Errors: miette's graphical form for people, one object for programs.

use std::fmt::{self, Display};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, ThemeStyles};
use serde_json::json;

use super::{JSON_VERSION, Report};
use crate::cli::Format;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::text::visible;

/// Shows an error of the runner's.
pub(super) fn error(report: &Report, error: &Error) {
    report.console.clear_bar();
    match (report.format, error.document()) {
        (Format::Human, Some(document)) => render(report, document),
        (Format::Human, None) => {
            message(report, &error.to_string(), error.help().as_deref());
        }
        (Format::Json, document) => {
            let location = document.and_then(|document| document.location()).map(|(path, line, column)| {
                json!({ "path": path.to_string_lossy(), "line": line, "column": column })
            });
            let help = document.and_then(Diagnostic::help).map(|help| help.to_string());
            report.json(&json!({
                "version": JSON_VERSION,
                "error": {
                    "message": error.to_string(),
                    "help": help.or_else(|| error.help()),
                    "location": location,
                    "exit-code": ExitCode::from(error).code(),
                },
            }));
        }
    }
}

/// Shows a mistake without more to say of it, for programs.
pub(super) fn json(report: &Report, message: &str, exit_code: ExitCode) {
    report.json(&json!({
        "version": JSON_VERSION,
        "error": { "message": message, "help": null, "location": null, "exit-code": exit_code.code() },
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
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(1);
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
