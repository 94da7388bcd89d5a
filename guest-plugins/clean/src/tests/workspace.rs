//! A workspace to clean, in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use taskrunner_plugin::Failure;
use tempfile::TempDir;

use crate::clean::clean;
use crate::globs::Globs;
use crate::kinds::KindSet;
use crate::options::Options;
use crate::told::Told;

pub(super) struct Workspace(TempDir);

/// What a run said.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) out: String,
    pub(super) result: Result<(), Failure>,
}

impl Workspace {
    /// A workspace with these files; those that end in `/` are directories.
    pub(super) fn with(files: &[&str]) -> Self {
        let workspace = Self(TempDir::new().expect("a directory"));
        files.iter().for_each(|file| workspace.add(file));
        workspace
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(super) fn add(&self, path: &str) {
        match path.strip_suffix('/') {
            Some(path) => fs::create_dir_all(self.path(path)).expect("a directory"),
            None => self.write(path, "x"),
        }
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content).expect("a file");
    }

    #[cfg(unix)]
    pub(super) fn link(&self, path: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.path(path)).expect("a link");
    }

    pub(super) fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path(path)).is_ok()
    }

    pub(super) fn clean(&self) -> Ran {
        self.run(&options())
    }

    pub(super) fn run(&self, options: &Options) -> Ran {
        let mut out = Vec::new();
        let result = clean(self.0.path(), options, &mut out, &mut |_, _, _| {});
        Ran { out: String::from_utf8(out).expect("text"), result }
    }

    /// The paths that a dry run names.
    pub(super) fn found(&self, options: Options) -> Vec<String> {
        let ran = self.run(&Options { dry_run: true, ..options });
        ran.result.as_ref().expect("success");
        ran.paths()
    }

    /// Runs git, with no configuration but the repository's own.
    pub(super) fn git(&self, directory: &str, arguments: &[&str]) {
        let nowhere = self.path("no-such-file");
        let output = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(self.path(directory))
            .env("GIT_CONFIG_GLOBAL", &nowhere)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .output()
            .expect("git");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}

impl Ran {
    /// The paths of the lines, without the last line.
    pub(super) fn paths(&self) -> Vec<String> {
        let lines: Vec<_> = self.out.lines().collect();
        let (_, lines) = lines.split_last().expect("a last line");
        let path = |line: &&str| {
            let (line, _) = line.split_once("  (stays").unwrap_or((line, ""));
            line.rsplit("  ").next().expect("a path").to_owned()
        };
        lines.iter().map(path).collect()
    }
}

/// What is wished for where nothing is.
pub(super) fn options() -> Options {
    Options {
        dry_run: false,
        kinds: KindSet::all(),
        cutoff: None,
        keep: Globs::default(),
        patterns: Globs::default(),
        told: Told::default(),
    }
}

pub(super) fn globs(globs: &[&str]) -> Globs {
    Globs::parse(globs.iter().copied()).expect("globs")
}
