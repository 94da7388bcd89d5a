//! The events of a YAML text and where they are; what YAML has beyond JSON is refused.

use std::ops::Range;

use saphyr_parser::{Event as Yaml, Parser, ScalarStyle, Span, StrInput};

use super::error::Fault;
use super::outline::{Event, too_deep};

/// The events of a text's only document.
pub(super) struct Events<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    documents: usize,
    /// The same place as an index of characters, which the parser counts, and of bytes.
    chars: usize,
    bytes: usize,
}

impl<'t> Events<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let parser = Parser::new_from_str(text);
        Self { text, parser, documents: 0, chars: 0, bytes: 0 }
    }

    /// The byte index of a character; cheap near the one that was asked for before.
    fn byte(&mut self, index: usize) -> usize {
        while self.chars < index
            && let Some(c) = self.text[self.bytes..].chars().next()
        {
            self.chars += 1;
            self.bytes += c.len_utf8();
        }
        while self.chars > index
            && let Some(c) = self.text[..self.bytes].chars().next_back()
        {
            self.chars -= 1;
            self.bytes -= c.len_utf8();
        }
        self.bytes
    }

    /// Where an event is: of what the parser says, only what belongs to it.
    fn place(&mut self, event: &Yaml<'t>, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index()).max(start);
        match event {
            // A block begins with its indicator; the parser leaves that out.
            Yaml::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                self.text[..start].rfind(['|', '>']).unwrap_or(start)..end
            }
            // What is not written has no length; what closes in block style, neither.
            Yaml::Scalar(text, ScalarStyle::Plain, 0, None) if text.is_empty() => start..start,
            Yaml::SequenceEnd | Yaml::MappingEnd => {
                start..start + usize::from(self.text[start..].starts_with(['}', ']']))
            }
            _ => start..end,
        }
    }

    fn event(&mut self, event: Yaml<'t>, at: &Range<usize>) -> Result<Option<Event<'t>>, Fault> {
        let refuse =
            |message: &str, help: &str| Err(Fault::at(at.clone(), message).with_help(help));
        match event {
            Yaml::Alias(_) => Err(alias(at.clone())),
            Yaml::Scalar(_, _, 1.., _)
            | Yaml::SequenceStart(1.., _)
            | Yaml::MappingStart(1.., _) => {
                refuse("anchors are not allowed", "remove the `&` and the name after it")
            }
            Yaml::Scalar(.., Some(_))
            | Yaml::SequenceStart(_, Some(_))
            | Yaml::MappingStart(_, Some(_)) => {
                refuse("tags are not allowed", "remove the `!` and the name after it")
            }
            Yaml::DocumentStart(_) if self.documents > 0 => {
                refuse("a second document starts here", "a file holds one document")
            }
            Yaml::DocumentStart(_) => {
                self.documents += 1;
                Ok(None)
            }
            Yaml::Scalar(text, style, ..) => {
                Ok(Some(Event::Scalar { text, plain: style == ScalarStyle::Plain }))
            }
            Yaml::SequenceStart(..) => Ok(Some(Event::Array)),
            Yaml::MappingStart(..) => Ok(Some(Event::Object)),
            Yaml::SequenceEnd | Yaml::MappingEnd => Ok(Some(Event::Close)),
            Yaml::StreamStart | Yaml::StreamEnd | Yaml::DocumentEnd | Yaml::Nothing => Ok(None),
        }
    }

    fn fault(&mut self, error: &saphyr_parser::ScanError) -> Fault {
        let at = self.byte(error.marker().index());
        // The parser has a limit of its own, which it may meet first.
        if error.info().contains("recursion limit") {
            return too_deep(at..at + 1);
        }
        if error.info().contains("unknown anchor") {
            return alias(at..at + 1);
        }
        Fault::at(at..at, error.info())
    }
}

fn alias(span: Range<usize>) -> Fault {
    Fault::at(span, "aliases are not allowed").with_help("write the value out")
}

impl<'t> Iterator for Events<'t> {
    type Item = Result<(Event<'t>, Range<usize>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (event, span) = match self.parser.next_event()? {
                Ok(next) => next,
                Err(error) => return Some(Err(self.fault(&error))),
            };
            let range = self.place(&event, span);
            match self.event(event, &range) {
                Ok(Some(event)) => return Some(Ok((event, range))),
                Ok(None) => {}
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
}
