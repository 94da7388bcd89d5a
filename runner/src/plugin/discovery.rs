//! Where plugins come from.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::declaration::EXTENSIONS as MANIFESTS;
use crate::regular::{self, Longest};
use crate::stamp::Stamp;

/// The largest plugin: the largest known (a Ruby interpreter) has 32 MB.
pub(super) const MAX_PLUGIN_SIZE: u64 = 64 * 1024 * 1024;

/// What brought a place into the search. The order is that of precedence: the nearer wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    /// Compiled into the runner; can be replaced only by a line of the configuration.
    Embedded,
    /// `--plugin-dir`.
    CommandLine,
    /// `TASKRUNNER_PLUGIN_PATH`.
    Environment,
    /// `plugins.path` of the configuration.
    Configuration,
    /// `.taskrunner/plugins` of the workspace.
    Workspace,
    /// The user's data directory.
    User,
    /// The system's data directories.
    System,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::CommandLine => "--plugin-dir",
            Self::Environment => "TASKRUNNER_PLUGIN_PATH",
            Self::Configuration => "configuration",
            Self::Workspace => "workspace",
            Self::User => "user",
            Self::System => "system",
        })
    }
}

/// A directory that holds plugins.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) directory: PathBuf,
}

impl Place {
    /// Whether somebody named this very directory, so that it must be there.
    fn is_named(&self) -> bool {
        matches!(self.origin, Origin::CommandLine | Origin::Configuration)
    }

    /// What it holds, by one look at it.
    pub(crate) fn files(&self) -> io::Result<Files> {
        let mut files = Files::default();
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_named() => {
                return Ok(files);
            }
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            match path.extension() {
                Some(found) if found == "wasm" => files.plugins.push(path),
                Some(found) if MANIFESTS.iter().any(|one| found.eq_ignore_ascii_case(one)) => {
                    files.has_manifests = true;
                    if MANIFESTS.iter().any(|one| found == *one) {
                        files.manifests.push(path);
                    }
                }
                _ => {}
            }
        }
        files.plugins.sort();
        files.manifests.sort();
        Ok(files)
    }
}

/// The paths of what a place holds, sorted.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The `.wasm` files.
    pub(crate) plugins: Vec<PathBuf>,
    /// The files that may be manifests of plugins.
    pub(crate) manifests: Vec<PathBuf>,
    /// Whether there is one at all, or what may be taken for one where case does not count.
    pub(super) has_manifests: bool,
}

/// Reads a plugin's file: a regular one, of a bounded size. Anything else could block or never end.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_with_metadata(path).map(|(bytes, _)| bytes)
}

/// The same, with what the file is like; not where it changed while it was read.
pub(super) fn read_with_metadata(path: &Path) -> io::Result<(Vec<u8>, Option<Metadata>)> {
    let (bytes, file, metadata) = regular::read(path, Longest(MAX_PLUGIN_SIZE, "a plugin"))?;
    let is_same = Stamp::of(&file.metadata()?) == Stamp::of(&metadata);
    Ok((bytes, is_same.then_some(metadata)))
}
