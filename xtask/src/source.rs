//! The digest of all in the tree that decides the bytes of a guest.
//!
//! It covers the contract, the files and the manifests of the workspace's packages that the guest is
//! built from, the versions of the others, and the build profile; so it changes when a rebuild could
//! change the bytes, and hardly ever else. A change to the runner's dependencies leaves it alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::workspace::{Guest, Kind, Package, Workspace};

/// In a package's directory: what is no part of any guest, or is not covered as a file. The manifest
/// counts as `cargo metadata` tells it, an example for itself alone.
const NOT_FILES_OF_ALL: [&str; 5] = ["Cargo.toml", "README.md", "benches", "examples", "target"];

/// Anywhere: what only tests are built from.
const TESTS: [&str; 2] = ["tests", "tests.rs"];

/// The source digest of the guest, as hexadecimal text.
pub(crate) fn digest(workspace: &Workspace, guest: &Guest) -> Result<String> {
    let mut digest = Sha256::new();
    let mut field = |name: &str, content: &[u8]| {
        for part in [name.as_bytes(), content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    };

    field("profile", profile(&workspace.root, guest.profile)?.as_bytes());
    for package in workspace.closure(guest) {
        field("package", described(package).as_bytes());
    }
    for file in files(workspace, guest)? {
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let relative = file.strip_prefix(&workspace.root).unwrap_or(&file);
        field(&relative.to_string_lossy().replace('\\', "/"), &content);
    }
    Ok(hexadecimal(&digest.finalize()))
}

/// The SHA-256 of the bytes, as hexadecimal text.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal text.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The profile and those that it inherits from, as the manifest of the workspace has them.
fn profile(root: &Path, name: &str) -> Result<String> {
    let path = root.join("Cargo.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: toml::Table =
        text.parse().with_context(|| format!("cannot read {}", path.display()))?;
    let mut profiles = Vec::new();
    let mut name = Some(name);
    while let Some(profile) = name.and_then(|name| manifest.get("profile")?.get(name)) {
        profiles.push(profile);
        name = profile.get("inherits").and_then(toml::Value::as_str);
    }
    Ok(serde_json::to_string(&profiles)?)
}

/// What decides the build of a package, but for its files. A version from a registry never changes.
fn described(package: &Package) -> String {
    let Package { name, version, source, edition, dependencies, features, .. } = package;
    match source {
        Some(source) => json!([name, version, source]).to_string(),
        None => json!([name, version, edition, dependencies, features]).to_string(),
    }
}

/// The files of the workspace that the guest is built from, sorted.
fn files(workspace: &Workspace, guest: &Guest) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(&workspace.root.join("wit"), &[], &mut files)?;
    for package in workspace.closure(guest).into_iter().filter(|package| package.source.is_none()) {
        collect(package.root(), &NOT_FILES_OF_ALL, &mut files)?;
    }
    if let Kind::Example(main) = &guest.kind {
        match main.parent().filter(|_| main.ends_with("main.rs")) {
            Some(directory) => collect(directory, &[], &mut files)?,
            None => files.push(main.clone()),
        }
    }
    files.sort();
    Ok(files)
}

/// Adds the files below the directory, but for hidden ones, for tests and, at its top, for those
/// named.
fn collect(directory: &Path, without: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.')
            || TESTS.contains(&name.as_ref())
            || without.contains(&name.as_ref())
        {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &[], files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
