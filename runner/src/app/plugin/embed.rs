//! `plugin embed`.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::super::App;
use super::super::describer::Describer;
use crate::config::Document;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::{Inspection, discovery};
use crate::project::{EmbedError, ProjectError, embed};

impl App {
    /// Puts a manifest into a program's file. Nothing is written unless a plugin comes of it.
    pub(super) fn embed_manifest(
        &self,
        describer: &Describer,
        file: &Path,
        manifest: &Path,
        output: Option<&Path>,
    ) -> Result<ExitCode, Error> {
        let here = &self.environment.working_directory;
        let document = Document::read(&here.join(manifest)).map_err(ProjectError::Document)?;
        let text = Value::Object(document.value().clone()).to_string();
        let bytes = discovery::read(&here.join(file))
            .map_err(|error| ProjectError::Read { path: file.to_owned(), error })?;
        let refuse = |error| ProjectError::Embed { path: file.to_owned(), error };
        let embedded = embed(&bytes, &text).map_err(refuse)?;
        let shown = output.unwrap_or(file);
        let path = here.join(shown);
        let inspection = Inspection::of_bytes(path.clone(), Some(&path), &embedded, describer)
            .map_err(|fault| refuse(EmbedError::Plugin(fault.kind)))?;
        let manifest = inspection.manifest.map_err(|kind| refuse(EmbedError::Plugin(kind)))?;
        replace(&path, &embedded)
            .map_err(|error| ProjectError::Write { path: shown.to_owned(), error })?;
        self.report.built(&shown.to_string_lossy(), embedded.len(), &manifest)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a file as a whole or not at all, with the permissions of the one whose place it takes. What is no
/// file (a pipe, `/dev/null`) is written to, and not replaced.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays one.
    let path = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(Path::new("."));
    let before = path.metadata().ok();
    if before.as_ref().is_some_and(|before| !before.is_file() && !before.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What is new gets what the user's mask leaves of it.
        file.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file: NamedTempFile = file.tempfile_in(directory)?;
    file.write_all(bytes)?;
    if let Some(before) = before {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}
