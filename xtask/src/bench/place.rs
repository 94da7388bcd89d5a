//! A world for measuring: directories of the user's own, a workspace, and plugins in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::call::Call;
use crate::source::sha256;

/// The user's directories, side by side.
const OWN: [&str; 5] = ["home", "config", "data", "cache", "state"];

/// What the file of a workspace says where it says nothing of importance.
pub(crate) const CONFIGURATION: &[u8] = b"logging: {level: warn}\n";

/// Directories of the user's, and a workspace beside them.
pub(crate) struct Place {
    root: PathBuf,
    workspace: PathBuf,
    taskrunner: PathBuf,
}

impl Place {
    /// An empty one.
    pub(crate) fn new(scratch: &Path, name: &str, taskrunner: &Path) -> Result<Self> {
        let place = Self::at(scratch.join(name), "workspace", taskrunner);
        remove(&place.root)?;
        place.create()?;
        Ok(place)
    }

    /// One with many plugins. It is kept from one call to the next, and all such share what was compiled: for a
    /// thousand that takes minutes. What is in the cache and does not fit any more, the runner makes anew.
    pub(crate) fn with_plugins(
        scratch: &Path,
        count: usize,
        bytes: &[u8],
        taskrunner: &Path,
    ) -> Result<Self> {
        let place = Self::at(scratch.join("plugins"), &format!("workspace-{count}"), taskrunner);
        place.create()?;
        let stamp = place.beside(&format!("stamp-{count}"));
        let fits = format!("1 {}", sha256(bytes));
        if fs::read_to_string(&stamp).is_ok_and(|found| found == fits) {
            return Ok(place);
        }
        remove(&place.workspace)?;
        for number in 0..count {
            let name = format!("hello-{number:04}");
            place.write(&format!(".taskrunner/plugins/{name}.wasm"), &renamed(bytes, &name)?)?;
        }
        place.write("taskrunner.yaml", CONFIGURATION)?;
        fs::write(&stamp, fits).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(place)
    }

    /// The listing when the runner has seen all plugins. New ones are examined for a bounded time in one call, and
    /// the next call goes on.
    pub(crate) fn listed(&self) -> Result<String> {
        const MAX_CALLS: usize = 100;
        for _ in 0..MAX_CALLS {
            let output = self.taskrunner(["list"]).command()?.output().context("cannot list")?;
            ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let [listed, warned] = [output.stdout, output.stderr]
                .map(|text| String::from_utf8_lossy(&text).into_owned());
            if !listed.contains("not examined") && !warned.contains("not examined") {
                return Ok(listed);
            }
        }
        anyhow::bail!("after {MAX_CALLS} listings there are plugins that were not examined")
    }

    fn at(root: PathBuf, workspace: &str, taskrunner: &Path) -> Self {
        let workspace = root.join(workspace);
        Self { root, workspace, taskrunner: taskrunner.to_owned() }
    }

    fn create(&self) -> Result<()> {
        for directory in OWN.map(|name| self.root.join(name)).iter().chain([&self.workspace]) {
            fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        Ok(())
    }

    /// A path in the workspace.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.workspace.join(path)
    }

    /// A path beside the workspace.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, path: &str, content: &[u8]) -> Result<()> {
        let path = self.path(path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A call of some program in the workspace, whose files of the user's are those of this place.
    pub(crate) fn call(&self, program: impl Into<PathBuf>) -> Call {
        Call::new(program, &self.workspace).variables([
            ("HOME", self.root.join("home")),
            ("XDG_CONFIG_HOME", self.root.join("config")),
            ("XDG_DATA_HOME", self.root.join("data")),
            ("XDG_CACHE_HOME", self.root.join("cache")),
            ("XDG_STATE_HOME", self.root.join("state")),
        ])
    }

    /// A call of the program that all this is about.
    pub(crate) fn taskrunner<const N: usize>(&self, arguments: [&str; N]) -> Call {
        self.call(&self.taskrunner).arguments(arguments)
    }

    /// The same, with what is allowed and denied written down, and no run without both walls.
    pub(crate) fn audited<const N: usize>(&self, arguments: [&str; N]) -> Call {
        let options = ["--require-sandbox", "--audit"];
        self.call(&self.taskrunner)
            .arguments(options)
            .argument(self.beside("audit.jsonl"))
            .arguments(arguments)
    }

    /// Forgets what was compiled and what plugins said of themselves.
    pub(crate) fn forget(&self) -> Result<()> {
        let cache = self.beside("cache");
        remove(&cache)?;
        fs::create_dir(&cache).with_context(|| format!("cannot create {}", cache.display()))
    }
}

/// Removes a directory, if it is there.
fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// The guest `hello-0000` under another name of the same length.
fn renamed(bytes: &[u8], name: &str) -> Result<Vec<u8>> {
    const NAME: &[u8] = b"hello-0000";
    ensure!(name.len() == NAME.len(), "{name} is not as long as the name that it shall replace");
    let mut bytes = bytes.to_owned();
    let places: Vec<usize> = bytes
        .windows(NAME.len())
        .enumerate()
        .filter_map(|(place, window)| (window == NAME).then_some(place))
        .collect();
    ensure!(!places.is_empty(), "the guest does not hold its name");
    for place in places {
        bytes[place..place + NAME.len()].copy_from_slice(name.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_renamed_and_nothing_else() {
        let renamed = renamed(b"\0hello-0000\x01rest", "hello-0042").expect("it holds its name");
        assert_eq!(renamed, b"\0hello-0042\x01rest");
        assert!(super::renamed(b"hello-0000", "hello").is_err());
        assert!(super::renamed(b"nothing", "hello-0001").is_err());
    }

    #[test]
    fn places_with_plugins_are_kept_as_long_as_they_fit() {
        let scratch = tempfile::tempdir().expect("a directory");
        let of = |bytes: &[u8]| {
            Place::with_plugins(scratch.path(), 2, bytes, Path::new("taskrunner")).expect("a place")
        };
        let place = of(b"hello-0000");
        let plugin = place.path(".taskrunner/plugins/hello-0001.wasm");
        assert_eq!(fs::read(&plugin).expect("it is there"), b"hello-0001");
        place.write("kept", b"").expect("it can be written");
        assert!(of(b"hello-0000").path("kept").exists());
        assert!(!of(b"other hello-0000").path("kept").exists());
    }
}
