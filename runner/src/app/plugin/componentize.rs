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
        let destination = self.destination(output)?;
        let bytes = discovery::read(&here.join(module))
            .map_err(|error| ProjectError::Read { path: module.to_owned(), error })?;
        let world = world.map(|world| World { wit: world.wit.map(|wit| here.join(wit)), ..world });
        let component = componentize(&bytes, world.as_ref())
            .map_err(|error| ProjectError::Componentize { path: module.to_owned(), error })?;
        destination.replace(&component)?;
        Ok(ExitCode::SUCCESS)
    }
}
