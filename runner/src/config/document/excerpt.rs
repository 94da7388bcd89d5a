//! The lines around a mistake, as a diagnostic shows them.

use crate::text::is_deceptive;
use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// How many lines are shown before and after the one with the mistake.
const AROUND: usize = 2;
/// How many characters of a line are shown.
const WIDTH: usize = 120;
/// How many characters are shown before the mistake, where a line is cut.
const BEFORE: usize = 40;

/// A few lines of a text, each cut to the same columns, with what would act on a terminal
/// replaced, one character by one. Lines and columns are those of the whole text.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// The underlined part of `text`, in bytes; it is within one line.
    label: Range<usize>,
    /// The line of `text` with the label, in bytes.
    labelled: Range<usize>,
    first_line: usize,
    line: usize,
    column: usize,
}

impl Excerpt {
    /// The excerpt around a byte range of a text, of which the first line is underlined.
    pub(super) fn new(name: String, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let underlined = text[start..end].split('\n').next().unwrap_or_default();
        let underlined = underlined.trim_end_matches([' ', '\t', '\r']);
        let line = text[..start].matches('\n').count();
        let column = text[line_start..start].chars().count();
        let first_line = line.saturating_sub(AROUND);

        let left = if column < WIDTH - BEFORE { 0 } else { column - BEFORE };
        let marked = column..column + underlined.chars().count();
        let mut excerpt = Self {
            name,
            text: String::new(),
            label: 0..0,
            labelled: 0..0,
            first_line,
            line,
            column,
        };
        let shown =
            text.split('\n').enumerate().skip(first_line).take(line + AROUND + 1 - first_line);
        for (number, content) in shown {
            let from = excerpt.text.len();
            let label = excerpt.push(content.trim_end_matches('\r'), left, &marked);
            if number == line {
                excerpt.label = label;
                excerpt.labelled = from..excerpt.text.len();
            }
            excerpt.text.push('\n');
        }
        excerpt
    }

    /// Adds the columns of a line that are shown; returns where the marked ones are.
    fn push(&mut self, line: &str, left: usize, marked: &Range<usize>) -> Range<usize> {
        let mut label = None..None;
        let mut chars = line.chars().enumerate().skip(left).peekable();
        while let Some((column, c)) = chars.next() {
            if column == marked.start {
                label.start = Some(self.text.len());
            }
            if column == marked.end {
                label.end = Some(self.text.len());
            }
            let cut = (column == left && left > 0)
                || (column + 1 == left + WIDTH && chars.peek().is_some());
            self.text.push(match c {
                _ if cut => '…',
                '\t' => '\t',
                _ if is_deceptive(c) => char::REPLACEMENT_CHARACTER,
                _ => c,
            });
            if column + 1 == left + WIDTH {
                break;
            }
        }
        let end = self.text.len();
        label.start.unwrap_or(end)..label.end.unwrap_or(end)
    }

    /// The line of the mistake, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.line + 1
    }

    /// The column of the mistake in characters, counted from 1.
    pub(super) fn column(&self) -> usize {
        self.column + 1
    }

    /// The underlined part of the excerpt.
    pub(super) fn label(&self) -> SourceSpan {
        self.label.clone().into()
    }

    #[cfg(test)]
    pub(super) fn labelled_text(&self) -> &str {
        &self.text[self.label.clone()]
    }
}

impl SourceCode for Excerpt {
    /// The whole excerpt, whatever the span; or, without context, the line with the mistake, which
    /// is how miette asks for the line and column of its heading.
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (range, line, column) = match (lines_before, lines_after) {
            (0, 0) => (self.labelled.clone(), self.line, self.column),
            _ => (0..self.text.len(), self.first_line, 0),
        };
        let text = &self.text[range.clone()];
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            text.as_bytes(),
            range.into(),
            line,
            column,
            text.lines().count(),
        )))
    }
}
