//! One build: what there is, what of it is new, and how it becomes a bundle.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use taskrunner_plugin::{Failure, log};

use crate::archive::{self, Effort, Member, Place};
use crate::bundle_manifest::{BUILDER, BundleManifest, FileEntry, MANIFEST, Written};
use crate::content::Content;
use crate::during::During;
use crate::gather::gather;
use crate::output::{Output, STAGING};
use crate::produce::produce;
use crate::relative_path::RelativePath;
use crate::report::{Bundle, Report};
use crate::settings::{Mode, Settings};
use crate::staging::Staging;

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
        return Ok(Report::Unchanged(Bundle { output: settings.output.clone(), manifest }));
    }
    let steps = kept.iter().filter(|kept| kept.is_none()).count() + settings.archives.len();
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

/// A build at work.
struct Build<'a> {
    root: &'a Path,
    settings: &'a Settings,
    output: &'a Output,
    on_progress: OnProgress<'a>,
    done: u64,
    total: u64,
    staging: Staging,
    /// What is to take its place, and which place that is.
    staged: Vec<(PathBuf, Written)>,
    files: Vec<FileEntry>,
    members: Vec<Member>,
}

impl<'a> Build<'a> {
    fn new(
        root: &'a Path,
        settings: &'a Settings,
        output: &'a Output,
        on_progress: OnProgress<'a>,
        steps: usize,
    ) -> Result<Self, Failure> {
        let staging = settings.output.join(STAGING)?;
        Ok(Self {
            root,
            settings,
            output,
            on_progress,
            done: 0,
            total: steps as u64,
            staging: Staging::open(staging.below(root), staging.to_string())?,
            staged: Vec::new(),
            files: Vec::new(),
            members: Vec::new(),
        })
    }

    /// Makes a file, unless it can be kept.
    fn file(&mut self, path: &RelativePath, kept: Option<FileEntry>) -> Result<(), Failure> {
        let (place, entry) = match kept {
            Some(entry) => (self.output.place(path), entry),
            None => {
                self.step(path.as_str());
                let (root, optimize) = (self.root, self.settings.optimize);
                let (staged, entry) = self.staging.file(|to| produce(root, path, optimize, to))?;
                self.output.check_free(path, &entry.output)?;
                self.stage(staged.clone(), path, entry.output.clone());
                (staged, entry)
            }
        };
        let (path, content) = (path.clone(), entry.output.clone());
        self.members.push(Member { path, content, place: Place::File(place) });
        self.files.push(entry);
        Ok(())
    }

    /// Makes the archives, and gives what the manifest says of the bundle.
    fn archives(&mut self) -> Result<BundleManifest, Failure> {
        let mut manifest = BundleManifest::new(self.settings.optimize, self.files.clone());
        let path = RelativePath::parse(MANIFEST)?;
        let json = manifest.to_json()?;
        let content = Content::of(&json);
        self.members.push(Member { path, content, place: Place::Memory(json) });
        self.members.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let effort = if self.settings.optimize { Effort::Most } else { Effort::Ordinary };
        for (format, path) in &self.settings.archives {
            let shown = self.output.shown(path);
            self.step(&shown);
            let members = &self.members;
            let (staged, ()) = self.staging.file(|to| {
                archive::write(*format, members, effort, to).during("write", &shown)
            })?;
            let content = Content::of_file(&staged).during("read", &shown)?;
            self.output.check_free(path, &content)?;
            self.stage(staged, path, content.clone());
            manifest.archives.push(Written { path: path.clone(), content });
        }
        Ok(manifest)
    }

    /// Puts everything into its place, and takes away what is stale.
    fn publish(mut self, mut manifest: BundleManifest) -> Result<Report, Failure> {
        manifest.stale = self.output.stale(&manifest);
        self.publish_manifest(&manifest)?;
        let mut removed = 0;
        for stale in std::mem::take(&mut manifest.stale) {
            removed += usize::from(self.output.remove(&stale)?);
        }
        for (staged, written) in &self.staged {
            self.output.publish(staged, &written.path)?;
        }
        self.publish_manifest(&manifest)?;
        let built = self.staged.len() - manifest.archives.len();
        log::info!("{built} of {} files built into `{}`", manifest.files.len(), self.settings.output);
        let bundle = Bundle { output: self.settings.output.clone(), manifest };
        Ok(Report::Built { built, removed, bundle })
    }

    fn publish_manifest(&mut self, manifest: &BundleManifest) -> Result<(), Failure> {
        let json = manifest.to_json()?;
        let path = RelativePath::parse(MANIFEST)?;
        let shown = self.output.shown(&path);
        let (staged, ()) = self.staging.file(|to| to.write_all(&json).during("write", &shown))?;
        self.output.publish(&staged, &path)
    }

    fn stage(&mut self, staged: PathBuf, path: &RelativePath, content: Content) {
        self.staged.push((staged, Written { path: path.clone(), content }));
    }

    fn step(&mut self, what: &str) {
        (self.on_progress)(what, self.done, self.total);
        self.done += 1;
    }
}

#[cfg(test)]
mod tests;
