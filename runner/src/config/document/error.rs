//! What can be wrong with a configuration file, and how it is shown.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::Format;
use super::excerpt::Excerpt;
use super::origin::{Origin, Outside};
use super::visible::visible;

/// How much of a message is shown: messages quote values, and values can be as long as the file.
const MESSAGE_LIMIT: usize = 600;

/// A mistake in a text, by the byte range that it is in.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span: Some(span), message: message.into(), help: None }
    }

    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A configuration file that cannot be used: what was tried, on which path, why it failed, and
/// where in the text.
#[derive(Debug, thiserror::Error)]
#[error("{before}{kind}{after}")]
pub(crate) struct DocumentError {
    before: String,
    /// What people call such a file.
    kind: &'static str,
    after: String,
    pub(super) path: PathBuf,
    help: Option<String>,
    pub(super) excerpt: Option<Box<Excerpt>>,
}

impl DocumentError {
    /// The same, of a file that is called something else than a configuration file.
    pub(crate) fn called(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// Where the mistake is: the path, the line and the column (in characters), counted from 1.
    pub(crate) fn location(&self) -> Option<(&Path, usize, usize)> {
        let excerpt = self.excerpt.as_ref()?;
        Some((&self.path, excerpt.line(), excerpt.column()))
    }

    pub(super) fn unreadable(path: &Path, why: impl Display, help: Option<&str>) -> Self {
        let fault =
            Fault { span: None, message: why.to_string(), help: help.map(ToOwned::to_owned) };
        Self::new("cannot read the ", "", path, "", fault)
    }

    pub(super) fn undecodable(origin: &Origin, text: &str, fault: Fault) -> Self {
        Self::within("cannot read the ", "", origin, text, fault)
    }

    pub(super) fn unparsable(origin: &Origin, text: &str, format: Format, fault: Fault) -> Self {
        let format = format!(" as {}", format.name());
        Self::within("cannot parse the ", &format, origin, text, fault)
    }

    pub(super) fn invalid(origin: &Origin, text: &str, fault: Fault) -> Self {
        Self::within("the ", " is not valid", origin, text, fault)
    }

    /// A mistake in what a file says. Nothing of a file is shown that only somebody's link says to read: no line, and no
    /// message, since messages quote values.
    fn within(before: &str, after: &str, origin: &Origin, text: &str, fault: Fault) -> Self {
        let Some(Outside { directory, target }) = origin.outside() else {
            return Self::new(before, after, &origin.path, text, fault);
        };
        let message = format!(
            "what is wrong is not shown, since the file is a link out of `{}`, to `{}`",
            directory.display(),
            target.display()
        );
        Self::new(before, after, &origin.path, "", Fault { span: None, message, help: None })
    }

    fn new(before: &str, after: &str, path: &Path, text: &str, fault: Fault) -> Self {
        let name = visible(&path.to_string_lossy(), MESSAGE_LIMIT);
        let why = visible(&fault.message, MESSAGE_LIMIT);
        Self {
            before: before.to_owned(),
            kind: kind(path),
            after: format!(" `{name}`{after}: {why}"),
            path: path.to_owned(),
            help: fault.help.map(|help| visible(&help, MESSAGE_LIMIT)),
            excerpt: fault.span.map(|span| Box::new(Excerpt::new(name, text, span))),
        }
    }
}

/// What people call a file.
fn kind(path: &Path) -> &'static str {
    if path.extension().is_some_and(|extension| extension == "lock") {
        "lock file"
    } else if path.file_name().is_some_and(|name| name == "plugin.yaml") {
        "project file"
    } else if path.file_name().is_some_and(|name| name == "cases.yaml") {
        "file of cases"
    } else {
        "configuration file"
    }
}

impl Diagnostic for DocumentError {
    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_deref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.excerpt.as_ref()?.label();
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(None, label))))
    }
}
