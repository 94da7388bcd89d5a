//! Where and when it was measured, and with what.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde::Serialize;

use super::peers::Peers;

/// What the figures depend on beside the sources.
#[derive(Default, Serialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    /// The commit of the sources, with `+` if they differ from it.
    pub(crate) commit: String,
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    /// How busy it was before the first run: the load of the last minute.
    pub(crate) load: String,
    pub(crate) rustc: String,
    /// The names and versions of what it was measured against.
    pub(crate) peers: Vec<(String, String)>,
    /// What was not there to be measured against.
    pub(crate) absent: Vec<String>,
}

impl Machine {
    pub(crate) fn look(root: &Path, peers: &Peers) -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let peer = |peer: &super::peers::Peer| (peer.name.to_owned(), peer.version.clone());
        Self {
            date: now.split('T').next().unwrap_or_default().to_owned(),
            commit: commit(root),
            processor: field("/proc/cpuinfo", "model name"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: field("/proc/meminfo", "MemTotal"),
            kernel: said(Command::new("uname").args(["-s", "-r", "-m"])),
            load: fs::read_to_string("/proc/loadavg")
                .unwrap_or_default()
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
            rustc: said(Command::new("rustc").arg("--version")),
            peers: peers.present().map(peer).collect(),
            absent: peers.absent().into_iter().map(str::to_owned).collect(),
        }
    }
}

fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| said(Command::new("git").current_dir(root).args(arguments));
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
    git(&["rev-parse", "--short=12", "HEAD"]) + if changed { "+" } else { "" }
}

/// The value of the first line with this name; nothing where there is no such file.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_start_matches([' ', '\t', ':']).to_owned()
}

/// What a program prints, without the end of the line; nothing where it is not there.
fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}
