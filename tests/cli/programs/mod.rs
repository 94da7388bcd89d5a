//! Programs that know nothing of the runner: whatever kind of file they are, they are commands under the
//! same permissions, limits and exit codes.

mod broken;
mod kinds;
mod manifests;

use std::path::PathBuf;

use crate::harness::Project;

/// The program `show` in each language and for each version of WASI: the name, and the bytes.
fn programs() -> Vec<(String, Vec<u8>)> {
    let directory =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/programs/prebuilt");
    let entries = std::fs::read_dir(&directory).expect("the built programs");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut programs: Vec<(String, Vec<u8>)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().replace('.', "-");
            (name, std::fs::read(&path).expect("its bytes"))
        })
        .filter(|(name, _)| name != "rust-0-3-strain")
        .collect();
    programs.sort();
    assert!(programs.len() >= 10, "{} programs", programs.len());
    programs
}

/// A workspace for each of them, where it is the command `show`.
fn everywhere(act: impl Fn(&str, Project)) {
    for (name, bytes) in programs() {
        act(&name, Project::new().file(".taskrunner/plugins/show.wasm", bytes));
    }
}

/// The smallest of them, for what is no matter of the program's.
fn show() -> Project {
    let smallest = programs().into_iter().min_by_key(|(_, bytes)| bytes.len());
    let (_, bytes) = smallest.expect("there are programs");
    Project::new().file(".taskrunner/plugins/show.wasm", bytes)
}
