//! The file, which is hostile input like every file of a workspace: it passes the bounds of a
//! configuration document, and what is unknown or impossible in it is an error at its line.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::entry::Entry;
use crate::config::document::Parsed;
use crate::config::{Document, DocumentError, Place};
use crate::plugin::Name;

/// The version of the file's shape.
const VERSION: u64 = 1;

/// What stands at its top.
const HEADER: &str = "\
# Written by `taskrunner update`: which plugins were accepted, and with which grants.
# Keep it with the project, and read its changes: a plugin that is not as it says here is not granted this.
";

/// A workspace's lock file.
#[derive(Debug)]
pub(crate) struct LockFile {
    pub(crate) path: PathBuf,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) entries: BTreeMap<Name, Entry>,
}

/// What is written.
#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    plugins: &'a BTreeMap<Name, Entry>,
}

impl LockFile {
    /// Reads a workspace's lock file; none where there is none.
    pub(crate) fn read(path: &Path, parsed: &Parsed<'_>) -> Result<Option<Self>, DocumentError> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Self::of(&Document::read_yaml(path, parsed)?).map(Some),
        }
    }

    /// The file that says this: the same text for the same entries, one plugin after the other. That it is
    /// read again is the check that what was written is what was meant.
    pub(crate) fn compose(
        path: &Path,
        entries: &BTreeMap<Name, Entry>,
    ) -> Result<Self, DocumentError> {
        let written = Written { version: VERSION, plugins: entries };
        // It fails on no entry: they are strings, lists and objects.
        let body = serde_yaml::to_string(&written).unwrap_or_default();
        Self::of(&Document::of_yaml(path, format!("{HEADER}{body}"))?)
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // It is no secret: everybody may read it who may read what else is new in the workspace.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(".taskrunner.lock.").tempfile_in(directory)?;
        file.write_all(self.text.as_bytes())?;
        file.persist(&self.path)?;
        Ok(())
    }

    pub(crate) fn of(document: &Document) -> Result<Self, DocumentError> {
        check_top(document)?;
        let entries: BTreeMap<Name, Entry> = document.section("plugins")?.unwrap_or_default();
        for (name, entry) in &entries {
            for (key, targets) in [("requests", &entry.requests), ("grants", &entry.grants)] {
                if let Some((kind, index, problem)) = targets.impossible() {
                    let index = index.to_string();
                    let place = ["plugins", name.as_str(), key, kind.key(), index.as_str()];
                    return Err(document.error_at(&Place::value(place), problem, None));
                }
            }
        }
        Ok(Self { path: document.path().to_owned(), text: document.text().to_owned(), entries })
    }
}

/// Refuses another version of the shape, and keys that this one does not have.
fn check_top(document: &Document) -> Result<(), DocumentError> {
    let unknown =
        document.value().keys().find(|key| !matches!(key.as_str(), "version" | "plugins"));
    if let Some(key) = unknown {
        let message = format!("unknown key `{}`", key.escape_debug());
        let help = "its keys are `version` and `plugins`".to_owned();
        return Err(document.error_at(&Place::key([key.as_str()]), message, Some(help)));
    }
    match document.section::<u64>("version")? {
        Some(VERSION) => Ok(()),
        found => {
            let message = match found {
                Some(version) => format!("version {version} is not known to this runner"),
                None => "its `version` is missing".to_owned(),
            };
            let help = format!("this runner writes version {VERSION}");
            Err(document.error_at(&Place::value(["version"]), message, Some(help)))
        }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
