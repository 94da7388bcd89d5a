//! One build: what there is, what of it is new, and how it becomes a bundle.

mod work;

use std::path::Path;

use taskrunner_plugin::Failure;

use self::work::Build;
use crate::bundle_manifest::{BUILDER, BundleManifest, FileEntry};
use crate::during::During;
use crate::gather::gather;
use crate::output::Output;
use crate::relative_path::RelativePath;
use crate::report::{Bundle, Report};
use crate::settings::{Mode, Settings};

/// Is told what is being done, how much is done, and of how much.
pub(crate) type OnProgress<'a> = &'a mut dyn FnMut(&str, u64, u64);

/// Builds what has changed, below this root.
pub(crate) fn run(
    root: &Path,
    settings: &Settings,
    on_progress: OnProgress<'_>,
) -> Result<Report, Failure> {
    let output = Output::open(root, &settings.output)?;
    let inputs = gather(root, settings, &output)?;
    if settings.mode == Mode::List {
        return Ok(Report::Listed(inputs));
    }
    let kept = inputs
        .iter()
        .map(|path| if_unchanged(root, path, settings, &output))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(manifest) = if_complete(&kept, settings, &output)? {
        return Ok(Report::Unchanged(Bundle { output: output.directory().to_owned(), manifest }));
    }
    let members = inputs.len() + 1;
    let steps =
        kept.iter().filter(|kept| kept.is_none()).count() + settings.archives.len() * members;
    let mut build = Build::new(root, settings, &output, on_progress, steps)?;
    for (path, kept) in inputs.iter().zip(kept) {
        build.file(path, kept)?;
    }
    let manifest = build.archives()?;
    build.publish(manifest)
}

/// The entry of a file that need not be built again.
fn if_unchanged(
    root: &Path,
    path: &RelativePath,
    settings: &Settings,
    output: &Output,
) -> Result<Option<FileEntry>, Failure> {
    let same = |old: &&BundleManifest| {
        settings.mode == Mode::Changed
            && old.builder == BUILDER
            && old.optimize == settings.optimize
    };
    let Some(old) = output.previous().filter(same).and_then(|old| old.file(path)) else {
        return Ok(None);
    };
    let unchanged = old.source.is_in(&path.below(root)).during("read", path)?
        && output.has(&old.path, &old.output)?;
    Ok(unchanged.then(|| old.clone()))
}

/// The manifest of the build before, if all that is wanted is there, and nothing that is not.
fn if_complete(
    kept: &[Option<FileEntry>],
    settings: &Settings,
    output: &Output,
) -> Result<Option<BundleManifest>, Failure> {
    let Some(old) = output.previous() else { return Ok(None) };
    let wanted = settings.archives.iter().map(|(_, name)| name);
    let same = kept.iter().all(Option::is_some)
        && kept.len() == old.files.len()
        && old.stale.is_empty()
        && old.archives.iter().map(|archive| &archive.path).eq(wanted);
    if !same {
        return Ok(None);
    }
    for archive in &old.archives {
        if !output.has(&archive.path, &archive.content)? {
            return Ok(None);
        }
    }
    Ok(Some(old.clone()))
}

#[cfg(test)]
mod tests;
