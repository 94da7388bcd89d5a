//! `plugin test`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::App;
use super::super::describer::Describer;
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::{Fault, FaultKind, Inspection, discovery};
use crate::project::cases::{Case, Cases};
use crate::project::testing::{Bench, TestDirectory, TestError};
use crate::project::{Project, ProjectError};
use crate::sandbox::{self, Cache};

/// The file of cases in a project.
const CASES: &str = "cases.yaml";

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
        // From here on there is a directory that must not stay.
        let _held = sandbox::hold_signals();
        let bench = self.bench(describer, &path)?;
        let mut tested = Vec::new();
        for case in wanted {
            let result = bench.run(case).map_err(|error| failed(&cases, case, error))?;
            self.report.tested(&result)?;
            tested.push(result);
        }
        self.report.tests(&tested)?;
        drop(bench);
        // A signal that came last has ended no wait.
        sandbox::pause(Duration::ZERO).map_err(Error::Stopped)?;
        match tested.iter().all(|result| result.passed()) {
            true => Ok(ExitCode::SUCCESS),
            false => Ok(ExitCode::FAILURE),
        }
    }

    /// Puts the plugin where its cases find it: the very bytes that were looked at. It is compiled by that, once for
    /// all of them.
    fn bench(&self, describer: &Describer, path: &Path) -> Result<Bench, Error> {
        let fault = |kind| Error::NoPlugin(Fault { path: path.to_owned(), kind });
        let bytes = discovery::read(path).map_err(|error| fault(FaultKind::Read(error)))?;
        let inspection = Inspection::of_bytes(path.to_owned(), Some(path), &bytes, describer)
            .map_err(Error::NoPlugin)?;
        describer.stopped()?;
        let identity = inspection.identity();
        let beside = inspection.beside;
        let manifest = inspection.manifest.map_err(fault)?;

        let directory = TestDirectory::new().map_err(unwritable(&std::env::temp_dir()))?;
        let plugins = directory.path().join("plugins");
        std::fs::create_dir(&plugins).map_err(unwritable(&plugins))?;
        let plugin = plugins.join(path.file_name().unwrap_or_default());
        std::fs::write(&plugin, &bytes).map_err(unwritable(&plugin))?;
        if let Some(beside) = beside {
            let copy = plugin.with_extension(beside.path.extension().unwrap_or_default());
            std::fs::write(&copy, &*beside.text).map_err(unwritable(&copy))?;
        }
        let own = |name| directory.path().join(name);
        let cache = self.environment.cache().and_then(Path::parent);
        let cache = cache.map_or_else(|| own("cache"), PathBuf::from);
        let seals = match self.environment.state().and_then(|state| Cache::seals_in(state).ok()) {
            Some(seals) => seals,
            None => Cache::seals_in(&own("state")).map_err(unwritable(&own("state")))?,
        };
        let variable = |name| Some((name, self.environment.variable(name)?));
        let program = std::env::current_exe()
            .map_err(|error| ProjectError::Start { program: "taskrunner".into(), error })?;
        let surroundings = ["PATH", "SystemRoot"].into_iter().filter_map(variable).collect();
        Ok(Bench { program, surroundings, directory, plugin, identity, cache, seals, manifest })
    }
}

fn failed(cases: &Cases, case: &Case, error: TestError) -> Error {
    match error {
        TestError::Beyond(problem) => cases.error_in_arguments(case, &problem).into(),
        TestError::File { ref path, .. } => {
            cases.error_in_file(case, path, &error.to_string()).into()
        }
        TestError::Stopped(stop) => Error::Stopped(stop),
        TestError::Io(error) => ProjectError::Case { name: case.name.clone(), error }.into(),
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| ProjectError::Write { path, error }.into()
}
