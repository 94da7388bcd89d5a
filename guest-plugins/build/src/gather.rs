//! Finds the files to bundle.

use std::fs;
use std::path::Path;

use taskrunner_plugin::{Failure, log};

use crate::bundle_manifest::MANIFEST;
use crate::during::During;
use crate::output::{Output, STAGING};
use crate::relative_path::RelativePath;
use crate::settings::Settings;

/// Directories that are never inputs, wherever they are.
const NEVER_ENTERED: [&str; 2] = [".git", ".taskrunner"];

/// Files of the workspace itself that are never inputs.
const NEVER_TAKEN: [&str; 4] =
    ["taskrunner.yaml", "taskrunner.yml", "taskrunner.json", "taskrunner.lock"];

/// The files that the settings name, sorted.
///
/// # Errors
///
/// Where there is none; where one would collide with what build itself writes; where the output
/// directory holds files that are inputs too and that build did not write.
pub(crate) fn gather(
    root: &Path,
    settings: &Settings,
    output: &Output,
) -> Result<Vec<RelativePath>, Failure> {
    let mut walk = Walk { root, settings, found: Vec::new() };
    walk.directory(None)?;
    let mut inputs = walk.found;
    inputs.sort_unstable();
    let (own, inputs): (Vec<_>, Vec<_>) =
        inputs.into_iter().partition(|path| settings.output.holds(path));
    if let Some(path) = own.iter().find(|path| !output.wrote(path)) {
        return Err(source_in_the_output(path, settings));
    }
    if inputs.is_empty() {
        return Err(nothing(settings));
    }
    if settings.inputs_are_named {
        for pattern in settings.inputs.idle(&inputs) {
            log::warn!("the pattern `{pattern}` of `inputs` takes no file");
        }
    }
    inputs.iter().try_for_each(|path| check_collision(path, settings))?;
    Ok(inputs)
}

struct Walk<'a> {
    root: &'a Path,
    settings: &'a Settings,
    found: Vec<RelativePath>,
}

impl Walk<'_> {
    /// Looks at the entries of a directory; none stands for the workspace.
    fn directory(&mut self, directory: Option<&RelativePath>) -> Result<(), Failure> {
        let shown = directory.map_or(".", RelativePath::as_str);
        let path = directory.map_or(self.root.to_owned(), |directory| directory.below(self.root));
        for entry in fs::read_dir(path).during("list", shown)? {
            let entry = entry.during("list", shown)?;
            let Ok(name) = entry.file_name().into_string() else {
                log::warn!("`{}` is not bundled: its name is not Unicode", entry.path().display());
                continue;
            };
            let path = match directory {
                Some(directory) => directory.join(&name),
                None => RelativePath::parse(&name),
            };
            match path {
                Ok(path) => self.entry(path, entry.file_type().during("look at", &name)?)?,
                Err(reason) => log::warn!("{name:?} in `{shown}` is not bundled: {reason}"),
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: RelativePath, kind: fs::FileType) -> Result<(), Failure> {
        if self.settings.exclude.match_path(&path) {
            return Ok(());
        }
        if kind.is_dir() {
            let entered = !NEVER_ENTERED.contains(&path.name())
                && path.as_str() != format!("{}/{STAGING}", self.settings.output)
                && self.settings.inputs.reach_below(&path);
            return if entered { self.directory(Some(&path)) } else { Ok(()) };
        }
        let taken = self.settings.inputs.match_path(&path) && !NEVER_TAKEN.contains(&path.as_str());
        if taken && kind.is_file() {
            self.found.push(path);
        } else if taken {
            let what = if kind.is_symlink() { "a symbolic link" } else { "no regular file" };
            log::warn!("`{path}` is not bundled: it is {what}");
        }
        Ok(())
    }
}

fn nothing(settings: &Settings) -> Failure {
    if settings.inputs_are_named {
        Failure::configuration(format!("no file matches `inputs` of `build`: {}", settings.inputs))
            .hint("patterns are relative to the workspace; `exclude` may take too much away")
    } else {
        Failure::configuration(format!(
            "there is nothing to bundle: the section `build` names no `inputs`, and the workspace \
             has no file in {}",
            settings.inputs
        ))
        .hint("name what to bundle in the configuration: {\"build\": {\"inputs\": [\"web/**\"]}}")
    }
}

fn source_in_the_output(path: &RelativePath, settings: &Settings) -> Failure {
    let output = &settings.output;
    Failure::configuration(format!(
        "the output directory `{output}` holds `{path}`, which `inputs` names and build did not write"
    ))
    .hint(format!(
        "name another output directory, or take `{path}` away, or put `{output}` into `exclude`"
    ))
}

/// Refuses an input whose output would be one of the files that build writes itself. Some file systems
/// take no notice of case.
fn check_collision(path: &RelativePath, settings: &Settings) -> Result<(), Failure> {
    let archives = settings.archives.iter().map(|(_, name)| name.as_str());
    let first = path.parts().next().unwrap_or_default();
    let own = archives.chain([MANIFEST, STAGING]).find(|own| own.eq_ignore_ascii_case(first));
    own.map_or(Ok(()), |own| {
        let output = &settings.output;
        Err(Failure::configuration(format!(
            "the input `{path}` would be written to `{output}/{path}`, but build writes \
             `{output}/{own}` itself"
        ))
        .hint(format!("exclude `{path}`, or give the archives another `name`")))
    })
}
