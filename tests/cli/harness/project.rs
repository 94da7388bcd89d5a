//! A world for one test: directories of its own for the user, for the project and for what is outside.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::call::Call;
use super::guests::Guest;

/// Temporary directories, side by side: `home`, `config`, `data`, `cache`, `state`,
/// `outside` and `workspace`.
pub(crate) struct Project {
    root: PathBuf,
    _directory: TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        for name in ["home", "config", "data", "cache", "state", "outside", "workspace"] {
            fs::create_dir(root.join(name)).expect("a directory");
        }
        let project = Self { root, _directory: directory };
        project.share_compiled_code();
        project
    }

    /// Each guest is compiled once for all tests. Manifests are not shared: what a plugin says of
    /// itself is asked in every test anew.
    fn share_compiled_code(&self) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, symlink};

            let mut private = fs::DirBuilder::new();
            private.recursive(true).mode(0o700);
            for (own, shared) in [("cache", "compiled"), ("state", "seals")] {
                let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join(shared);
                private.create(&shared).expect("a directory");
                let own = self.root.join(own).join("taskrunner");
                private.create(&own).expect("a directory");
                symlink(shared, own.join("compiled")).expect("a link");
            }
        }
    }

    /// Writes a file of the workspace.
    pub(crate) fn file(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        write(&self.path(path), content.as_ref());
        self
    }

    /// Makes a directory of the workspace.
    pub(crate) fn directory(self, path: impl AsRef<Path>) -> Self {
        fs::create_dir_all(self.path(path)).expect("a directory");
        self
    }

    /// Writes a file beside the workspace: below `home`, `config`, `data`, `cache` or `outside`.
    pub(crate) fn beside(self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        write(&self.root.join(path), content.as_ref());
        self
    }

    /// Puts a guest into `.taskrunner/plugins`.
    pub(crate) fn guest(self, guest: Guest) -> Self {
        let path = format!(".taskrunner/plugins/{}.wasm", guest.name);
        self.file(path, guest.bytes)
    }

    /// Puts a guest into `.taskrunner/plugins` under the name of another one's file.
    pub(crate) fn guest_as(self, guest: Guest, name: &str) -> Self {
        self.file(format!(".taskrunner/plugins/{name}.wasm"), guest.bytes)
    }

    /// Makes a symbolic link in the workspace.
    #[cfg(unix)]
    pub(crate) fn link(self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> Self {
        std::os::unix::fs::symlink(target, self.path(path)).expect("a link");
        self
    }

    /// The path of something in the workspace.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("workspace").join(path)
    }

    /// The path of something beside the workspace.
    pub(crate) fn beside_path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// The same as text, for arguments.
    pub(crate) fn beside_text(&self, path: impl AsRef<Path>) -> String {
        self.beside_path(path).to_str().expect("temporary directories are Unicode").to_owned()
    }

    /// The text of a file of the workspace.
    pub(crate) fn text(&self, path: impl AsRef<Path>) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The files of the workspace with `/` between the parts of their paths, sorted, without the
    /// plugins.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.path("."), "", &mut files);
        files.retain(|path| !path.starts_with(".taskrunner/"));
        files.sort();
        files
    }

    /// Prepares a call of the program.
    pub(crate) fn call<A: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Call<'_> {
        Call::new(self, arguments.into_iter().map(|word| word.as_ref().to_owned()).collect())
    }

    /// The text with what differs from run to run replaced: directories, times, durations, digests;
    /// messages on one line.
    pub(crate) fn masked(&self, text: &str) -> String {
        let workspace = self.root.join("workspace");
        let text = text
            .replace(&*workspace.to_string_lossy(), "[WORKSPACE]")
            .replace(&*self.root.to_string_lossy(), "[ROOT]");
        [
            (r"\[(WORKSPACE|ROOT)\]\\", "[$1]/"),
            // Where a long message is wrapped depends on the length of the directory's name.
            (r"\n  │ ", " "),
            (r"(No such file or directory|The system cannot find the \w+ specified\.) \(os error \d\)", "[NOT FOUND]"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "[TIME]"),
            (r"\d+\.\d+ m?s\b", "[DURATION]"),
            (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
            (r"\b[0-9a-f]{12}\b", "[SHORT]"),
        ]
        .iter()
        .fold(text, |text, (pattern, mask)| {
            regex::Regex::new(pattern).expect("a pattern").replace_all(&text, *mask).into_owned()
        })
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![
            ("HOME", self.root.join("home")),
            ("XDG_CONFIG_HOME", self.root.join("config")),
            ("XDG_DATA_HOME", self.root.join("data")),
            ("XDG_CACHE_HOME", self.root.join("cache")),
            ("XDG_STATE_HOME", self.root.join("state")),
        ];
        if cfg!(windows) {
            variables.extend([
                ("USERPROFILE", self.root.join("home")),
                ("APPDATA", self.root.join("config")),
                ("LOCALAPPDATA", self.root.join("cache")),
            ]);
        }
        variables
    }
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
    fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn collect(directory: &Path, above: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("it can be listed") {
        let entry = entry.expect("an entry");
        let path = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else {
            files.push(path);
        }
    }
}
