//! Places in a document.

use std::ops::Range;

use serde_json::Value;

use super::Document;
use super::outline::{Node, Shape};

/// Which part of an object's entry is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// The key; of what has none (an array's item, the whole document), the value.
    Key,
    /// The value.
    Value,
}

/// A place in a document: the steps of a JSON pointer (unescaped), and which part is meant there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    steps: Vec<String>,
    part: Part,
}

impl Place {
    /// The key at the end of the steps: keys, and the indexes of arrays in decimal.
    pub(crate) fn key<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Self {
        Self { steps: steps.into_iter().map(Into::into).collect(), part: Part::Key }
    }

    /// The value at the end of the steps.
    pub(crate) fn value<S: Into<String>>(steps: impl IntoIterator<Item = S>) -> Self {
        Self { part: Part::Value, ..Self::key(steps) }
    }

    /// The place one step further.
    pub(super) fn join(mut self, step: impl Into<String>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// The other part, or the same one, of the same entry.
    pub(crate) fn with_part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// Whether the document has something at this place: tells which of the files that were
    /// merged a value is from.
    pub(crate) fn exists_in(&self, document: &Document) -> bool {
        let mut steps = self.steps.iter();
        let Some(first) = steps.next() else { return true };
        steps.fold(document.value().get(first), |value, step| child(value?, step)).is_some()
    }
}

/// What is at one step from a value.
pub(super) fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => object.get(step),
        Value::Array(array) => array.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Where in the text a place is.
pub(super) fn find(root: &Node, place: &Place) -> Option<Range<usize>> {
    let mut node = root;
    let mut key = None;
    for step in &place.steps {
        (node, key) = match &node.shape {
            Shape::Scalar => return None,
            Shape::Array(items) => (items.get(step.parse::<usize>().ok()?)?, None),
            Shape::Object(entries) => {
                let entry = entries.iter().find(|entry| entry.key == *step)?;
                (&entry.value, Some(&entry.span))
            }
        };
    }
    match (place.part, key) {
        (Part::Key, Some(key)) => Some(key.clone()),
        // A value that is not written at all has nothing to underline.
        (Part::Value, Some(key)) if node.span.is_empty() && matches!(node.shape, Shape::Scalar) => {
            Some(key.clone())
        }
        _ => Some(node.span.clone()),
    }
}
