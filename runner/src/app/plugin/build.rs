//! `plugin build`.

use std::path::Path;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::project::Project;

impl App {
    /// Runs the commands of a project, and checks what came of it.
    pub(super) fn build_plugin(
        &self,
        describer: &Describer,
        directory: &Path,
    ) -> Result<ExitCode, Error> {
        let project = Project::open(&self.environment.working_directory.join(directory))?;
        project.build(&|command| self.report.command(command))?;
        self.check_plugin(describer, &project.output())
    }
}
