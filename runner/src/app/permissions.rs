//! `permissions …`: what a command may reach, and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::App;
use super::answers::Change;
use super::describer::Describer;
use super::grants::Subject;
use crate::audit;
use crate::cli::PermissionsRequest;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::permission::{Capability, Grants, Paths};
use crate::plugin::{Plugin, Registry};
use crate::regular::{self, Longest};
use crate::report::Standing;

/// The longest record that is read, in bytes: a million lines of an audit.
const MAX_RECORD: u64 = 256 * 1024 * 1024;

impl App {
    pub(super) fn permissions(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        request: PermissionsRequest,
    ) -> Result<ExitCode, Error> {
        match request {
            PermissionsRequest::Show { command } => {
                self.show_permissions(registry, describer, &command)
            }
            PermissionsRequest::Explain { command, kind, target } => {
                let asked = Capability::new(kind, target);
                self.explain_permission(registry, describer, &command, &asked)
            }
            PermissionsRequest::Grant { command } => {
                self.change_permissions(registry, describer, &command, Change::Grant)
            }
            PermissionsRequest::Revoke { command } => {
                self.change_permissions(registry, describer, &command, Change::Revoke)
            }
            PermissionsRequest::Suggest { files } => self.suggest_permissions(&files),
        }
    }

    /// What a command may reach, from which layer.
    fn show_permissions(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
    ) -> Result<ExitCode, Error> {
        let (plugin, grants, _) = self.subject_of(registry, describer, name)?;
        let limits = self.limits(plugin.manifest.name())?;
        self.report.permissions(&Standing { plugin: &plugin, grants: &grants, limits })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Which layer and line decides on one thing; exits with 1 where it is denied.
    fn explain_permission(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
        asked: &Capability,
    ) -> Result<ExitCode, Error> {
        let (plugin, grants, paths) = self.subject_of(registry, describer, name)?;
        let command = plugin.manifest.name();
        let fail = |error| Error::Permission { command: command.clone(), error };
        let explanation = grants.explain(asked, &paths).map_err(fail)?;
        self.report.explanation(command, &explanation)?;
        Ok(if explanation.ruling.allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The least policy that the recorded runs need.
    fn suggest_permissions(&self, files: &[PathBuf]) -> Result<ExitCode, Error> {
        let mut suggestions = BTreeMap::new();
        for path in files {
            let fail = |problem: String| Error::Record { path: path.clone(), problem };
            let text = read_record(&self.environment.working_directory.join(path)).map_err(fail)?;
            audit::suggest(&text, &mut suggestions).map_err(fail)?;
        }
        self.report.suggestions(&suggestions)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The plugin with what it is granted when nothing is named on its command line.
    fn subject_of(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        name: &str,
    ) -> Result<(Plugin, Grants, Paths), Error> {
        let plugin = self.find(registry, describer, name)?;
        let paths = self.paths(&plugin.manifest)?;
        let subject = Subject { plugin: &plugin, paths: &paths, named: &[] };
        let (_, grants) = self.standing_grants(subject)?;
        Ok((plugin, grants, paths))
    }
}

fn read_record(path: &Path) -> Result<String, String> {
    let (bytes, ..) =
        regular::read(path, Longest(MAX_RECORD, "a record")).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
