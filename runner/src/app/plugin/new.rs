//! `plugin new`.

use std::path::Path;

use super::super::App;
use crate::destination::Destination;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::Name;
use crate::project::{self, Language, Project, ProjectError};

impl App {
    /// Begins a plugin.
    pub(super) fn new_plugin(
        &self,
        name: &str,
        language: Language,
        directory: Option<&Path>,
    ) -> Result<ExitCode, Error> {
        let name = Name::new(name).map_err(ProjectError::from)?;
        let directory = directory.unwrap_or(Path::new(name.as_str()));
        let path = self.environment.working_directory.join(directory);
        let path = Destination::directory(&path, &self.territory())?;
        let files = project::begin(&name, language, &path)?;
        let project = Project::open(&path)?;
        self.report.begun(&name, language, directory, &files, project.output_name())?;
        Ok(ExitCode::SUCCESS)
    }
}
