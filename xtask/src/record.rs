//! What is kept beside the bytes of guests: what they are, and what they were built from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The record of one directory: an entry for each guest.
pub(crate) type Record = BTreeMap<String, Entry>;

/// What is known of one guest's bytes.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The SHA-256 of the bytes.
    pub(crate) sha256: String,
    /// The digest of what they were built from; see [`crate::source::digest`].
    pub(crate) source: String,
    /// The compiler that made them. Another one makes other bytes, which do the same.
    pub(crate) compiler: String,
}

/// The record's file in a directory of guests.
pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join("record.json")
}

/// The record of the directory; an empty one where there is none yet.
pub(crate) fn read(directory: &Path) -> Result<Record> {
    let path = path(directory);
    match fs::read_to_string(&path) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Record::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes the record of the directory.
pub(crate) fn write(directory: &Path, record: &Record) -> Result<()> {
    let path = path(directory);
    let text = serde_json::to_string_pretty(record)? + "\n";
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
