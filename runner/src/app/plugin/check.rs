//! `plugin check`.

use std::path::Path;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::Inspection;
use crate::project::{self, Severity};
use crate::sandbox;

impl App {
    /// Says all that is wrong with a plugin's file.
    pub(super) fn check_plugin(
        &self,
        describer: &Describer,
        file: &Path,
    ) -> Result<ExitCode, Error> {
        let path = self.environment.working_directory.join(file);
        let inspection = match Inspection::of_file(&path, describer) {
            Ok(inspection) => inspection,
            Err(fault) => {
                self.report.no_plugin(&fault)?;
                return Ok(ExitCode::FAILURE);
            }
        };
        // Whether it can be asked is not known where the asking was stopped.
        describer.stopped()?;
        let findings = project::check(&inspection, &sandbox::offers);
        self.report.checked(&inspection, &findings)?;
        match findings.iter().any(|finding| finding.severity == Severity::Error) {
            true => Ok(ExitCode::FAILURE),
            false => Ok(ExitCode::SUCCESS),
        }
    }
}
