//! `plugin componentize`.

use std::path::Path;

use super::super::App;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::discovery;
use crate::project::{ProjectError, World, componentize};

impl App {
    /// Makes a component of a core module.
    pub(super) fn componentize(
        &self,
        module: &Path,
        output: &Path,
        world: Option<&World>,
    ) -> Result<ExitCode, Error> {
        let destination = self.destination(output)?;
        let paths = self.project_paths()?;
        let bytes = discovery::read(&self.environment.working_directory.join(module))
            .map_err(|error| ProjectError::Read { path: module.to_owned(), error })?;
        let component = componentize(&bytes, world, &paths)
            .map_err(|error| ProjectError::Componentize { path: module.to_owned(), error })?;
        destination.replace(&component)?;
        Ok(ExitCode::SUCCESS)
    }
}
