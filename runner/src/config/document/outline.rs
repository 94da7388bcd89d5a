//! What is where in a text, and the rules that both formats share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::Format;
use super::error::Fault;
use super::visible::visible;
use super::{json, yaml};

/// How deep objects and arrays may be nested.
pub(super) const MAX_DEPTH: usize = 64;

/// A part of a text, in reading order.
#[derive(Debug)]
pub(super) enum Event<'t> {
    Object,
    Array,
    Close,
    /// A key or a value; plain is one without quotes.
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
    },
}

/// A value, by where it is in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape,
}

/// What a value is made of.
#[derive(Debug)]
pub(super) enum Shape {
    Scalar,
    Array(Vec<Node>),
    Object(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// Whether it has the keys and the shape of a value. It comes from another parser than the value does:
    /// where the two disagree, one of them would see what the other does not.
    pub(super) fn agrees(&self, value: &Value) -> bool {
        match (&self.shape, value) {
            (Shape::Array(nodes), Value::Array(items)) => {
                nodes.len() == items.len()
                    && nodes.iter().zip(items).all(|(node, item)| node.agrees(item))
            }
            (Shape::Object(entries), Value::Object(object)) => {
                let agrees = |entry: &Entry| {
                    object.get(&entry.key).is_some_and(|value| entry.value.agrees(value))
                };
                entries.len() == object.len() && entries.iter().all(agrees)
            }
            (Shape::Scalar, value) => !value.is_array() && !value.is_object(),
            _ => false,
        }
    }
}

/// The outline of a text, which is none where the text is empty; or what is wrong with it.
///
/// JSON is to be known as such: only [`json::Tokens`] read it.
pub(super) fn outline(text: &str, format: Format) -> Result<Option<Node>, Fault> {
    let events: Events<'_> = match format {
        Format::Json => Box::new(json::Tokens::new(text)),
        Format::Yaml => Box::new(yaml::Events::new(text)),
    };
    let mut outliner = Outliner { text, events };
    let root = match outliner.next()? {
        None => return Ok(None),
        Some((Event::Scalar { text, plain: true }, _)) if text.is_empty() => None,
        Some((event, span)) if matches!(event, Event::Object) => {
            Some(outliner.node(event, span, 0)?)
        }
        Some((_, span)) => return Err(Fault::at(span, "the top level is not an object")),
    };
    match outliner.next()? {
        None => Ok(root),
        Some((_, span)) => Err(Fault::at(span, "the document has ended before this")),
    }
}

/// That objects and arrays are nested too deep.
pub(super) fn too_deep(span: Range<usize>) -> Fault {
    Fault::at(span, format!("it is nested more than {MAX_DEPTH} levels deep"))
}

type Events<'t> = Box<dyn Iterator<Item = Result<Located<'t>, Fault>> + 't>;
type Located<'t> = (Event<'t>, Range<usize>);

struct Outliner<'t> {
    text: &'t str,
    events: Events<'t>,
}

impl<'t> Outliner<'t> {
    fn next(&mut self) -> Result<Option<Located<'t>>, Fault> {
        self.events.next().transpose()
    }

    /// The next part of an array or object; `None`, and the span extended, where it ends.
    fn part(&mut self, span: &mut Range<usize>) -> Result<Option<Located<'t>>, Fault> {
        match self.next()? {
            Some((Event::Close, close)) => {
                span.end = span.end.max(close.end);
                Ok(None)
            }
            Some(part) => Ok(Some(part)),
            None => Err(Fault::at(self.text.len()..self.text.len(), "the text ends too early")),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        mut span: Range<usize>,
        depth: usize,
    ) -> Result<Node, Fault> {
        if matches!(event, Event::Object | Event::Array) && depth == MAX_DEPTH {
            return Err(too_deep(span));
        }
        let shape = match event {
            Event::Scalar { text, plain } => {
                if plain && is_huge_integer(&text) {
                    return Err(Fault::at(span, "the integer does not fit 64 bits"));
                }
                Shape::Scalar
            }
            Event::Array => {
                let mut items = Vec::new();
                while let Some((event, place)) = self.part(&mut span)? {
                    items.push(self.node(event, place, depth + 1)?);
                }
                Shape::Array(items)
            }
            Event::Object => Shape::Object(self.entries(&mut span, depth)?),
            Event::Close => return Err(Fault::at(span, "nothing is open that this could close")),
        };
        Ok(Node { span, shape })
    }

    fn entries(&mut self, object: &mut Range<usize>, depth: usize) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        let mut seen = HashMap::new();
        while let Some((event, span)) = self.part(object)? {
            let key = self.key(event, &span)?;
            if let Some(first) = seen.insert(key.clone(), span.start) {
                let line = self.text[..first].matches('\n').count() + 1;
                let message = format!("the key `{}` is there twice", visible(&key, 60));
                return Err(
                    Fault::at(span, message).with_help(format!("it is first in line {line}"))
                );
            }
            let Some((event, place)) = self.part(object)? else {
                return Err(Fault::at(span, "the key has no value"));
            };
            let value = self.node(event, place, depth + 1)?;
            entries.push(Entry { key, span, value });
        }
        Ok(entries)
    }

    fn key(&self, event: Event<'t>, span: &Range<usize>) -> Result<String, Fault> {
        match event {
            Event::Scalar { text, plain: true } if text == "<<" => {
                Err(Fault::at(span.clone(), "merge keys are not allowed")
                    .with_help("write the keys out; or, for a key of this name, put it in quotes"))
            }
            Event::Scalar { text, .. } => Ok(text.into_owned()),
            _ => Err(Fault::at(span.clone(), "a key is a string")),
        }
    }
}

/// Whether a scalar is an integer that neither `i64` nor `u64` can hold. (The parsers would make
/// it a floating-point number, and so another one.)
fn is_huge_integer(text: &str) -> bool {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    let is_integer = !digits.is_empty()
        && digits.chars().all(|c| c.is_digit(radix))
        && (radix != 10 || !digits.starts_with('0'));
    let limit = if negative { i64::MIN.unsigned_abs() } else { u64::MAX };
    is_integer && u64::from_str_radix(digits, radix).map_or(true, |number| number > limit)
}
