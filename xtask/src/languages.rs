//! The fixtures in all languages: their bytes are kept with digests of what they were built from.
//!
//! `tools/polyglot.sh` builds them, each with its language's tools; here is what ties the bytes to their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::source::{hexadecimal, sha256};

/// Directories with a project for each language, and the bytes of each in `prebuilt`.
const FIXTURES: [&str; 2] = ["tests/fixtures/polyglot", "tests/fixtures/programs"];

/// What the projects share with those that users begin.
const TEMPLATES: &str = "runner/templates";

const PREBUILT: &str = "prebuilt";

/// What is known of the bytes of one language.
#[derive(Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The SHA-256 of the bytes.
    sha256: String,
    /// The digest of the contract and of the project's files.
    source: String,
}

type Record = BTreeMap<String, Entry>;

/// Writes down what the bytes that are there are, and what they were built from: that they were is the word
/// of whoever calls this.
pub(crate) fn record(root: &Path) -> Result<()> {
    for fixtures in FIXTURES {
        let prebuilt = root.join(fixtures).join(PREBUILT);
        let text = serde_json::to_string_pretty(&found(root, fixtures)?)? + "\n";
        let path = prebuilt.join("record.json");
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Fails where the bytes or the sources are not those that were written down.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    let mut count = 0;
    for fixtures in FIXTURES {
        let path = root.join(fixtures).join(PREBUILT).join("record.json");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let recorded: Record = serde_json::from_str(&text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let found = found(root, fixtures)?;
        count += found.len();
        let names: BTreeSet<&String> = recorded.keys().chain(found.keys()).collect();
        for name in names {
            let file = format!("{fixtures}/{PREBUILT}/{name}.wasm");
            match (recorded.get(name), found.get(name)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) if old.sha256 == new.sha256 => {
                    faults.push(format!("{file}: its sources changed: build it again"));
                }
                (Some(_), Some(_)) => faults.push(format!("{file}: other bytes than recorded")),
                (None, _) => faults.push(format!("{file}: it is not recorded")),
                (_, None) => faults.push(format!("{file}: it is recorded and not there")),
            }
        }
    }
    if faults.is_empty() {
        println!("{count} fixtures of the languages are as recorded");
        return Ok(());
    }
    bail!("{}\n(`tools/polyglot.sh --keep LANG…` builds and records them)", faults.join("\n"))
}

/// The bytes that are kept, by the name of their language.
fn found(root: &Path, fixtures: &str) -> Result<Record> {
    let prebuilt = root.join(fixtures).join(PREBUILT);
    let mut found = Record::new();
    for entry in
        fs::read_dir(&prebuilt).with_context(|| format!("cannot list {}", prebuilt.display()))?
    {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // Several programs may come of one project.
        let projects = fs::read_dir(root.join(fixtures))?.flatten().map(|entry| entry.file_name());
        let projects = projects.map(|name| name.to_string_lossy().into_owned());
        let project = projects
            .filter(|project| name == *project || name.starts_with(&format!("{project}-")))
            .max_by_key(String::len);
        let Some(project) = project else { bail!("{}: no project builds it", path.display()) };
        let template = Path::new(TEMPLATES).join(&project);
        let source = digest(root, &[Path::new(fixtures).join(project), template])?;
        found.insert(name, Entry { sha256: sha256(&bytes), source });
    }
    Ok(found)
}

/// The digest of the contract and of the files in these directories that git knows, or would; what tells
/// people of a project decides no bytes.
fn digest(root: &Path, directories: &[PathBuf]) -> Result<String> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "wit"])
        .args(directories)
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        bail!("git ls-files failed ({})", output.status);
    }
    let text = String::from_utf8(output.stdout).context("a name is not UTF-8")?;
    let files: BTreeSet<PathBuf> = text.split_terminator('\0').map(PathBuf::from).collect();
    let mut digest = Sha256::new();
    let counts = |file: &&PathBuf| !file.ends_with("README.md") && root.join(file).is_file();
    for file in files.iter().filter(counts) {
        let content =
            fs::read(root.join(file)).with_context(|| format!("cannot read {}", file.display()))?;
        for part in [file.to_string_lossy().as_bytes(), &content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    Ok(hexadecimal(&digest.finalize()))
}
