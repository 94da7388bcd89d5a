//! `plugin …`: for who writes a plugin.

mod build;
mod check;
mod componentize;
mod embed;
mod new;
mod test;

use super::App;
use super::describer::Describer;
use crate::cli::PluginRequest;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::permission::Paths;
use crate::project::{ProjectError, World};

impl App {
    /// What the paths mean that the user names for files of a project.
    fn project_paths(&self) -> Result<Paths, ProjectError> {
        let here = &self.environment.working_directory;
        Paths::new(self.configuration.workspace(), here, None).map_err(ProjectError::Place)
    }

    pub(super) fn plugin(
        &self,
        describer: &Describer,
        request: PluginRequest,
    ) -> Result<ExitCode, Error> {
        match request {
            PluginRequest::New { name, lang, directory } => {
                self.new_plugin(&name, lang, directory.as_deref())
            }
            PluginRequest::Build { directory } => self.build_plugin(describer, &directory),
            PluginRequest::Componentize { module, output, world, wit, encoding } => {
                let world = world.map(|name| World { name, wit, encoding });
                self.componentize(&module, &output, world.as_ref())
            }
            PluginRequest::Check { file } => self.check_plugin(describer, &file),
            PluginRequest::Test { cases, filter, file } => {
                self.test_plugin(describer, cases.as_deref(), filter.as_deref(), file.as_deref())
            }
            PluginRequest::Embed { file, manifest, output } => {
                self.embed_manifest(describer, &file, &manifest, output.as_deref())
            }
        }
    }
}
