//! The programs that are measured beside this one, where they are: in `target/peers`, as
//! `benches/peers/install.sh` puts them there, or on the path.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program, and what it says that it is.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) version: String,
}

/// All of them. What is not there is [`absent`](Self::absent).
pub(crate) struct Peers {
    pub(crate) wasmtime: Option<Peer>,
    pub(crate) python: Option<Peer>,
    pub(crate) node: Option<Peer>,
    /// Python with Extism's host.
    pub(crate) extism_python: Option<Peer>,
    /// The directory of Node's modules, with Extism's host among them.
    pub(crate) extism_node: Option<Peer>,
    pub(crate) kondo: Option<Peer>,
    /// A component of more than ten megabytes, which is a program.
    pub(crate) large: Option<PathBuf>,
    /// Those of the system, which are part of every Unix.
    pub(crate) system: Vec<Peer>,
}

impl Peers {
    /// Looks for them.
    pub(crate) fn find(root: &Path) -> Self {
        let installed = root.join("target/peers");
        let python = installed.join("python/bin/python");
        let wasmtime = below(&installed.join("python/lib"))
            .into_iter()
            .map(|version| version.join("site-packages/wasmtime_cli/wasmtime"))
            .find(|program| program.is_file());
        let modules = installed.join("node/node_modules");
        let large = installed.join("large.wasm");
        Self {
            wasmtime: asked("wasmtime", wasmtime.or_else(|| found("wasmtime")), &["--version"]),
            // A fresh environment starts as fast as Python can: what else is installed beside an interpreter may
            // run at its start. And what stands on the path may be a script that looks for the interpreter.
            python: asked(
                "python",
                Some(python.clone())
                    .filter(|python| python.is_file())
                    .or_else(|| itself("python3", "import sys; print(sys.executable)")),
                &["-VV"],
            ),
            node: asked("node", itself("node", "console.log(process.execPath)"), &["--version"]),
            extism_python: asked(
                "extism for Python",
                Some(python),
                &[
                    "-c",
                    "from importlib.metadata import version; import extism; print(version('extism'), extism.extism_version())",
                ],
            ),
            extism_node: version_of_module(&modules.join("@extism/extism/package.json"))
                .map(|version| Peer { name: "extism for Node", program: modules, version }),
            kondo: kondo(&installed.join("kondo")),
            large: Some(large).filter(|path| path.is_file()),
            system: ["true", "cat", "rm", "find"]
                .into_iter()
                .filter_map(|name| asked(name, found(name), &["--version"]))
                .collect(),
        }
    }

    /// Every one that is there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Peer> {
        self.optional().into_iter().filter_map(|(_, peer)| peer).chain(&self.system)
    }

    /// The names of those that are not there.
    pub(crate) fn absent(&self) -> Vec<&'static str> {
        let programs = self.optional().into_iter().filter(|(_, peer)| peer.is_none());
        let mut names: Vec<&str> = programs.map(|(name, _)| name).collect();
        if self.large.is_none() {
            names.push("a component of 10 MB");
        }
        names
    }

    fn optional(&self) -> [(&'static str, Option<&Peer>); 6] {
        [
            ("wasmtime", self.wasmtime.as_ref()),
            ("python", self.python.as_ref()),
            ("node", self.node.as_ref()),
            ("extism for Python", self.extism_python.as_ref()),
            ("extism for Node", self.extism_node.as_ref()),
            ("kondo", self.kondo.as_ref()),
        ]
    }

    /// A program of the system's.
    pub(crate) fn system(&self, name: &str) -> Option<&Path> {
        self.system.iter().find(|peer| peer.name == name).map(|peer| peer.program.as_path())
    }
}

/// What the program says when it is asked for its version; nothing, if it does not run.
fn asked(name: &'static str, program: Option<PathBuf>, arguments: &[&str]) -> Option<Peer> {
    let program = program?;
    let text = output(Command::new(&program).args(arguments))?;
    let version = text.lines().next().unwrap_or_default().trim().to_owned();
    Some(Peer { name, program, version })
}

/// The path of the program that an interpreter of this name ends up in.
fn itself(name: &str, script: &str) -> Option<PathBuf> {
    let flag = if name == "node" { "-e" } else { "-c" };
    output(Command::new(name).args([flag, script])).map(|path| path.trim().into())
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where the path has a program.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// It does not tell its version, but what installed it does.
fn kondo(installed: &Path) -> Option<Peer> {
    let program = Some(installed.join("bin/kondo")).filter(|program| program.is_file());
    let record = fs::read_to_string(installed.join(".crates.toml")).unwrap_or_default();
    let version = record.split_once("\"kondo ").and_then(|(_, rest)| rest.split(' ').next());
    let mut peer = asked("kondo", program.or_else(|| found("kondo")), &["--help"])?;
    peer.version = version.unwrap_or("of unknown version").to_owned();
    Some(peer)
}

fn below(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn version_of_module(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package).ok()?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    package["version"].as_str().map(str::to_owned)
}
