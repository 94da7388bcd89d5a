//! A line of a configuration file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::document::{Document, Place};

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    path: PathBuf,
    line: usize,
}

impl Location {
    pub(crate) fn new(path: &Path, line: usize) -> Self {
        Self { path: path.to_owned(), line }
    }

    pub(super) fn of(document: &Document, place: &Place) -> Self {
        Self::new(document.path(), document.line(place))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}
