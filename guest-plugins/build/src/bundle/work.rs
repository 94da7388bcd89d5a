//! A build at work: it makes what is new in the staging directory, and publishes it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use taskrunner_plugin::{Failure, log};

use super::OnProgress;
use crate::archive::{self, Effort, Member, Place};
use crate::bundle_manifest::{BundleManifest, FileEntry, MANIFEST, Written};
use crate::content::Content;
use crate::during::During;
use crate::output::{Output, STAGING};
use crate::produce::produce;
use crate::relative_path::RelativePath;
use crate::report::{Bundle, Report};
use crate::settings::Settings;
use crate::staging::Staging;

/// A build at work.
pub(super) struct Build<'a> {
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
    /// Makes the staging directory. There are so many steps to tell of.
    pub(super) fn new(
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
    pub(super) fn file(
        &mut self,
        path: &RelativePath,
        kept: Option<FileEntry>,
    ) -> Result<(), Failure> {
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
    pub(super) fn archives(&mut self) -> Result<BundleManifest, Failure> {
        let mut manifest = BundleManifest::new(self.settings.optimize, self.files.clone());
        let path = RelativePath::parse(MANIFEST)?;
        let json = manifest.to_json()?;
        let content = Content::of(&json);
        self.members.push(Member { path, content, place: Place::Memory(json) });
        self.members.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let effort = if self.settings.optimize { Effort::Most } else { Effort::Ordinary };
        for (format, path) in &self.settings.archives {
            let shown = self.output.shown(path);
            let members = &self.members;
            let (done, total, on_progress) = (&mut self.done, self.total, &mut self.on_progress);
            let mut on_member = |member: &RelativePath| {
                on_progress(&format!("{shown}: {member}"), *done, total);
                *done += 1;
            };
            let (staged, ()) = self.staging.file(|to| {
                archive::write(*format, members, effort, to, &mut on_member).during("write", &shown)
            })?;
            let content = Content::of_file(&staged).during("read", &shown)?;
            self.output.check_free(path, &content)?;
            self.stage(staged, path, content.clone());
            manifest.archives.push(Written { path: path.clone(), content });
        }
        Ok(manifest)
    }

    /// Puts everything into its place, and takes away what is stale.
    pub(super) fn publish(mut self, mut manifest: BundleManifest) -> Result<Report, Failure> {
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
        log::info!(
            "{built} of {} files built into `{}`",
            manifest.files.len(),
            self.output.directory()
        );
        let bundle = Bundle { output: self.output.directory().to_owned(), manifest };
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
