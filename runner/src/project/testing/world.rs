//! The directories of one case.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::super::cases::{Allow, Case, CasePath, File};
use super::{TestDirectory, TestError};
use crate::plugin::Name;

/// What stands for the workspace's path in the arguments and the environment of a case.
const WORKSPACE: &str = "${WORKSPACE}";

/// Directories of one case's own, which go away with this.
pub(super) struct World {
    root: PathBuf,
    _directory: TempDir,
}

impl World {
    /// Makes the directories, with all that the case puts into them. What vouches for compiled code is everybody's, as
    /// that is.
    pub(super) fn new(
        case: &Case,
        command: &Name,
        place: &TestDirectory,
        seals: &Path,
    ) -> Result<Self, TestError> {
        let directory = place.of_case()?;
        let world = Self { root: dunce::canonicalize(directory.path())?, _directory: directory };
        for name in ["home", "config", "data", "state", "workspace"] {
            fs::create_dir(world.root.join(name))?;
        }
        // Elsewhere the plugin is compiled for each case.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, symlink};
            let state = world.root.join("state/taskrunner");
            fs::DirBuilder::new().mode(0o700).create(&state)?;
            symlink(seals, state.join("compiled"))?;
        }
        #[cfg(not(unix))]
        let _ = seals;
        let user = json!({ "permissions": { command.as_str(): permissions(&case.allow) } });
        write(&world.root.join("config/taskrunner/config.json"), user.to_string().as_bytes())?;
        let project = json!({ command.as_str(): case.configuration });
        let workspace = world.workspace();
        write(&workspace.join("taskrunner.json"), project.to_string().as_bytes())?;
        fs::create_dir_all(case.directory.below(&workspace))?;
        for (path, file) in &case.files {
            let whole = path.below(&workspace);
            let written = match file {
                File::Content(content) => write(&whole, &content.bytes()),
                File::Link(target) => link(target, &whole),
            };
            written.map_err(|error| TestError::File { path: path.clone(), error })?;
        }
        Ok(world)
    }

    pub(super) fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// The text with the workspace's path where the case means it.
    pub(super) fn filled(&self, text: &str) -> String {
        text.replace(WORKSPACE, &self.workspace().to_string_lossy())
    }

    /// The variables that say where the user's files are.
    pub(super) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![
            ("HOME", self.root.join("home")),
            ("XDG_CONFIG_HOME", self.root.join("config")),
            ("XDG_DATA_HOME", self.root.join("data")),
            ("XDG_STATE_HOME", self.root.join("state")),
        ];
        if cfg!(windows) {
            variables.push(("USERPROFILE", self.root.join("home")));
            variables.push(("APPDATA", self.root.join("config")));
        }
        variables
    }
}

/// What the user's configuration permits the command.
fn permissions(allow: &Allow) -> serde_json::Value {
    let paths = |paths: &[CasePath]| -> Vec<String> {
        let whole = |path: &CasePath| match path.as_str() {
            "" => ".".to_owned(),
            path => path.to_owned(),
        };
        paths.iter().map(whole).collect()
    };
    json!({ "read": paths(&allow.read), "write": paths(&allow.write), "env": allow.env })
}

/// Writes a file that is not there yet: neither over another one, nor through a link.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::File::create_new(path)?.write_all(content)
}

#[cfg(unix)]
fn link(target: &CasePath, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    std::os::unix::fs::symlink(target.written(), path)
}

#[cfg(windows)]
fn link(target: &CasePath, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    std::os::windows::fs::symlink_file(target.written(), path)
}
