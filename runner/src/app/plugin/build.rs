//! `plugin build`.

use std::path::Path;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::{Fault, Inspection};
use crate::project::Project;

impl App {
    /// Runs the commands of a project, and checks that a plugin came of it.
    pub(super) fn build_plugin(
        &self,
        describer: &Describer,
        directory: &Path,
    ) -> Result<ExitCode, Error> {
        let project = Project::open(&self.environment.working_directory.join(directory))?;
        project.build(&|command| self.report.command(command))?;
        let inspection =
            Inspection::of_file(&project.output(), describer).map_err(Error::NoPlugin)?;
        match &inspection.manifest {
            Ok(manifest) => self.report.built(project.output_name(), inspection.size, manifest)?,
            Err(_) => {}
        }
        match inspection.manifest {
            Ok(_) => Ok(ExitCode::SUCCESS),
            Err(kind) => Err(Error::NoPlugin(Fault { path: inspection.source, kind })),
        }
    }
}
