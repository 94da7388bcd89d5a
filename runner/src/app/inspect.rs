//! Says what a plugin is and what it can never do.

use std::path::Path;

use super::App;
use crate::error::Error;
use crate::plugin::{Ability, Describe, Fault, Inspection, Lookup, Name, Registry};

impl App {
    /// Shows what can be said of a file or of a command's plugin. It is an error where the file could do
    /// what is forbidden, or is none that this runner runs.
    pub(super) fn inspect(
        &self,
        registry: &Registry<'_>,
        describe: &dyn Describe,
        file: &Path,
        forbidden: &[Ability],
    ) -> Result<(), Error> {
        let inspection = match self.command_meant(file) {
            Some(name) => inspect_command(registry, describe, &name)?,
            None => {
                let path = self.environment.working_directory.join(file);
                Inspection::of_file(&path, describe).map_err(Error::NoPlugin)?
            }
        };
        let able = inspection.verdict.able(forbidden);
        self.report.inspection(&inspection, &able)?;
        if !able.is_empty() {
            return Err(refusal(&inspection, &able));
        }
        match inspection.manifest {
            Ok(_) => Ok(()),
            Err(kind) => Err(Error::NoPlugin(Fault { path: inspection.source, kind })),
        }
    }

    /// The command that the argument names, unless it is a file. A directory is not: projects with a
    /// command `build` have a directory `build`.
    fn command_meant(&self, file: &Path) -> Option<Name> {
        let path = self.environment.working_directory.join(file);
        let is_file = path.symlink_metadata().is_ok_and(|found| !found.is_dir());
        Name::new(file.to_str()?).ok().filter(|_| !is_file)
    }
}

fn inspect_command(
    registry: &Registry<'_>,
    describe: &dyn Describe,
    name: &Name,
) -> Result<Inspection, Error> {
    match registry.lookup(name.as_str()) {
        Lookup::Found(plugin) => {
            let bytes = plugin.bytes().map_err(Error::Plugin)?;
            let path = plugin.path.as_deref();
            let source = path.map_or_else(|| format!("embedded {name}").into(), Path::to_owned);
            Inspection::of_bytes(source, path, &bytes, describe).map_err(Error::NoPlugin)
        }
        Lookup::Broken(fault) => Err(Error::Plugin(fault)),
        Lookup::Unknown => {
            let nearest = registry.list().nearest(name.as_str());
            Err(Error::NothingToInspect { name: name.to_string(), nearest })
        }
    }
}

fn refusal(inspection: &Inspection, able: &[Ability]) -> Error {
    let reasons = able.iter().map(|ability| {
        let how = inspection.verdict.reason(*ability).unwrap_or_default();
        format!("{ability} ({how})")
    });
    Error::Forbidden {
        source_file: inspection.source.display().to_string(),
        reasons: reasons.collect::<Vec<_>>().join(", "),
    }
}
