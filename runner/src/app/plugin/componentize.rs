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
        world: Option<World>,
    ) -> Result<ExitCode, Error> {
        let here = &self.environment.working_directory;
        let bytes = discovery::read(&here.join(module))
            .map_err(|error| ProjectError::Read { path: module.to_owned(), error })?;
        let world = world.map(|world| World { wit: world.wit.map(|wit| here.join(wit)), ..world });
        let component = componentize(&bytes, world.as_ref())
            .map_err(|error| ProjectError::Componentize { path: module.to_owned(), error })?;
        let written = std::fs::write(here.join(output), component);
        written.map_err(|error| ProjectError::Write { path: output.to_owned(), error })?;
        Ok(ExitCode::SUCCESS)
    }
}
