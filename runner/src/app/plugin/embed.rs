//! `plugin embed`.

use std::path::Path;

use serde_json::Value;

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
        let destination = self.destination(shown)?;
        let inspection = Inspection::of_bytes(path.clone(), Some(&path), &embedded, describer)
            .map_err(|fault| refuse(EmbedError::Plugin(fault.kind)))?;
        let manifest = inspection.manifest.map_err(|kind| refuse(EmbedError::Plugin(kind)))?;
        destination.replace(&embedded)?;
        self.report.built(&shown.to_string_lossy(), embedded.len(), &manifest)?;
        Ok(ExitCode::SUCCESS)
    }
}
