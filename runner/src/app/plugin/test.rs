//! `plugin test`.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::{Inspection, discovery, manifests_beside};
use crate::project::cases::{Case, Cases};
use crate::project::testing::{Bench, TestError};
use crate::project::{Project, ProjectError};
use crate::regular::{self, Longest};
use crate::sandbox::Cache;

/// The file of cases in a project.
const CASES: &str = "cases.yaml";

/// The longest manifest beside a plugin: what reads it takes no more.
const MANIFEST: Longest = Longest(256 * 1024, "a manifest");

impl App {
    /// Runs the cases whose names hold `filter`; whether all of them pass.
    pub(super) fn test_plugin(
        &self,
        describer: &Describer,
        cases: Option<&Path>,
        filter: Option<&str>,
        file: Option<&Path>,
    ) -> Result<ExitCode, Error> {
        let here = &self.environment.working_directory;
        let cases = Cases::read(&here.join(cases.unwrap_or(Path::new(CASES))))?;
        let wanted = |case: &&Case| filter.is_none_or(|filter| case.name.contains(filter));
        let wanted: Vec<&Case> = cases.iter().filter(wanted).collect();
        if let Some(filter) = filter.filter(|_| wanted.is_empty()) {
            return Err(ProjectError::NoCase { filter: filter.to_owned() }.into());
        }
        let path = match file {
            Some(file) => here.join(file),
            None => Project::open(here)?.output(),
        };
        let directory = tempfile::Builder::new().prefix("taskrunner-bench-").tempdir()?;
        let bench = self.bench(describer, &path, &directory)?;
        let mut tested = Vec::new();
        for case in wanted {
            let result = bench.run(case).map_err(|error| match error {
                TestError::Beyond(problem) => cases.error_in_arguments(case, &problem).into(),
                TestError::Io(error) => Error::Output(error),
            })?;
            self.report.tested(&result)?;
            tested.push(result);
        }
        self.report.tests(&tested)?;
        match tested.iter().all(|result| result.passed()) {
            true => Ok(ExitCode::SUCCESS),
            false => Ok(ExitCode::FAILURE),
        }
    }

    /// Puts the plugin where its cases find it. It is compiled by that, once for all of them.
    fn bench(
        &self,
        describer: &Describer,
        path: &Path,
        directory: &TempDir,
    ) -> Result<Bench, Error> {
        let inspection = Inspection::of_file(path, describer).map_err(Error::NoPlugin)?;
        describer.stopped()?;
        let manifest = inspection.manifest.map_err(|kind| {
            Error::NoPlugin(crate::plugin::Fault { path: path.to_owned(), kind })
        })?;
        let plugins = directory.path().join("plugins");
        std::fs::create_dir(&plugins)?;
        let copy = plugins.join(path.file_name().unwrap_or_default());
        std::fs::write(&copy, discovery::read(path)?)?;
        for beside in manifests_beside(path) {
            let extension = beside.extension().unwrap_or_default();
            regular::copy(&beside, &copy.with_extension(extension), MANIFEST)?;
        }
        let own = |name| directory.path().join(name);
        let cache = self.environment.cache().and_then(Path::parent);
        let cache = cache.map_or_else(|| own("cache"), PathBuf::from);
        let seals = match self.environment.state().and_then(|state| Cache::seals_in(state).ok()) {
            Some(seals) => seals,
            None => Cache::seals_in(&own("state"))?,
        };
        let variable = |name| Some((name, self.environment.variable(name)?));
        Ok(Bench {
            program: std::env::current_exe()?,
            surroundings: ["PATH", "SystemRoot"].into_iter().filter_map(variable).collect(),
            plugins,
            cache,
            seals,
            manifest,
        })
    }
}
