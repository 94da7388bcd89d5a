//! Building the guests, and checking that what is kept of them is what the tree builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::record::{self, Entry, Record};
use crate::source;
use crate::toolchain::Toolchain;
use crate::workspace::{Guest, Kind, Workspace};

/// Builds the guests, or those named, and writes their bytes and records. Without names it also
/// removes what is kept of guests that are no more.
pub(crate) fn build(workspace: &Workspace, names: &[&str]) -> Result<()> {
    let guests = chosen(workspace, names)?;
    let toolchain = Toolchain::find(workspace)?;
    let compiler = toolchain.compiler()?;
    let bytes = compile(workspace, &toolchain, &guests)?;

    for (directory, guests) in by_directory(workspace, &guests) {
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let mut record = record::read(&directory)?;
        if names.is_empty() {
            remove_others(&directory, &guests, &mut record)?;
        }
        for guest in guests {
            let bytes = &bytes[&guest.file()];
            let entry = Entry {
                sha256: source::sha256(bytes),
                source: source::digest(workspace, guest)?,
                compiler: compiler.clone(),
            };
            let same = record.get(&guest.name).is_some_and(|old| old.sha256 == entry.sha256);
            println!(
                "{:>9} bytes, {}: {}",
                bytes.len(),
                if same { "as recorded" } else { "new" },
                guest.file().display()
            );
            let path = workspace.root.join(guest.file());
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            record.insert(guest.name.clone(), entry);
        }
        record::write(&directory, &record)?;
    }
    Ok(())
}

/// Compares the records with the sources and the bytes in the tree. Builds nothing.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let guests = workspace.guests();
    let mut faults = Vec::new();
    for (directory, guests) in by_directory(workspace, &guests) {
        let record = record::read(&directory)?;
        for guest in &guests {
            faults.extend(faults_of(workspace, guest, record.get(&guest.name))?);
        }
        let known: BTreeSet<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
        let kept = kept(&directory)?;
        let unknown =
            kept.iter().chain(record.keys()).filter(|name| !known.contains(name.as_str()));
        for name in unknown.collect::<BTreeSet<_>>() {
            let file = directory.strip_prefix(&workspace.root)?.join(format!("{name}.wasm"));
            faults.push(format!("{}: no source builds it", file.display()));
        }
    }
    settle(faults, &format!("{} guests are as recorded", guests.len()))
}

/// Builds the guests and compares their bytes with the recorded ones, where the same compiler made
/// those. Writes nothing into the tree.
pub(crate) fn verify(workspace: &Workspace) -> Result<()> {
    let guests = workspace.guests();
    let toolchain = Toolchain::find(workspace)?;
    let compiler = toolchain.compiler()?;
    let bytes = compile(workspace, &toolchain, &guests)?;

    let mut faults = Vec::new();
    let mut compared = 0;
    for (directory, guests) in by_directory(workspace, &guests) {
        let record = record::read(&directory)?;
        for guest in guests {
            let file = guest.file();
            match record.get(&guest.name) {
                None => faults.push(format!("{}: not recorded", file.display())),
                Some(entry) if entry.compiler != compiler => println!(
                    "{}: made by {}, and here is {compiler}: only what it does can be compared",
                    file.display(),
                    entry.compiler
                ),
                Some(entry) if entry.sha256 != source::sha256(&bytes[&file]) => {
                    faults.push(format!("{}: {compiler} now makes other bytes", file.display()));
                }
                Some(_) => compared += 1,
            }
        }
    }
    settle(
        faults,
        &format!("{compared} of {} guests were built again, byte for byte", guests.len()),
    )
}

/// Every guest, or those named.
fn chosen(workspace: &Workspace, names: &[&str]) -> Result<Vec<Guest>> {
    let mut guests = workspace.guests();
    let known: BTreeSet<String> = guests.iter().map(|guest| guest.name.clone()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(**name)) {
        bail!(
            "no guest is named `{unknown}`; there are: {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        );
    }
    guests.retain(|guest| names.is_empty() || names.contains(&guest.name.as_str()));
    Ok(guests)
}

/// Builds the guests and gives their bytes by [`Guest::file`]. Each package is built by itself, for
/// the features of a dependency shall not depend on what else is built.
fn compile(
    workspace: &Workspace,
    toolchain: &Toolchain,
    guests: &[Guest],
) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut packages: BTreeMap<(&str, &str), Vec<&Guest>> = BTreeMap::new();
    for guest in guests {
        packages.entry((&guest.package, guest.profile)).or_default().push(guest);
    }
    let mut bytes = BTreeMap::new();
    for ((package, profile), guests) in packages {
        let name = &workspace.package(package).name;
        println!("building {name} for {}", toolchain.compiler()?);
        let mut command = toolchain.cargo_build(workspace)?;
        command.args([
            "--profile",
            profile,
            "--message-format=json-render-diagnostics",
            "--package",
            name,
        ]);
        for guest in &guests {
            match guest.kind {
                Kind::Library => command.arg("--lib"),
                Kind::Example(_) => command.args(["--example", &guest.name]),
                Kind::Program => command.args(["--bin", &guest.name]),
            };
        }
        let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo build")?;
        if !output.status.success() {
            bail!("cargo build failed for {name} ({})", output.status);
        }
        let messages = String::from_utf8(output.stdout)
            .context("cargo build printed bytes that are not text")?;
        let artifacts: Vec<Artifact> =
            messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        for guest in guests {
            let path = artifacts.iter().find_map(|artifact| artifact.file_of(guest)).with_context(
                || format!("cargo build said nothing of {}", guest.file().display()),
            )?;
            let content =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            bytes.insert(guest.file(), content);
        }
    }
    Ok(bytes)
}

/// The one of cargo's messages that matters here.
#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    target: ArtifactTarget,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
    kind: Vec<String>,
}

impl Artifact {
    fn file_of(&self, guest: &Guest) -> Option<&Path> {
        let is = |kind: &str| self.target.kind.iter().any(|one| one == kind);
        let is_guest = match guest.kind {
            Kind::Library => !is("example"),
            Kind::Example(_) => is("example") && self.target.name == guest.name,
            Kind::Program => is("bin") && self.target.name == guest.name,
        };
        let file = self
            .filenames
            .iter()
            .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))?;
        (is_guest && self.package_id == guest.package).then_some(file.as_path())
    }
}

fn faults_of(
    workspace: &Workspace,
    guest: &Guest,
    recorded: Option<&Entry>,
) -> Result<Vec<String>> {
    let file = guest.file();
    let Some(recorded) = recorded else {
        return Ok(vec![format!("{}: not recorded", file.display())]);
    };
    let mut faults = Vec::new();
    match fs::read(workspace.root.join(&file)) {
        Ok(bytes) if source::sha256(&bytes) == recorded.sha256 => {}
        Ok(_) => faults.push(format!("{}: its bytes are not the recorded ones", file.display())),
        Err(error) => faults.push(format!("{}: cannot be read: {error}", file.display())),
    }
    if source::digest(workspace, guest)? != recorded.source {
        faults.push(format!("{}: its sources changed since it was built", file.display()));
    }
    Ok(faults)
}

fn by_directory<'a>(
    workspace: &Workspace,
    guests: &'a [Guest],
) -> BTreeMap<PathBuf, Vec<&'a Guest>> {
    let mut directories: BTreeMap<PathBuf, Vec<&Guest>> = BTreeMap::new();
    for guest in guests {
        directories.entry(workspace.root.join(guest.prebuilt)).or_default().push(guest);
    }
    directories
}

/// The names of the guests whose bytes are in the directory.
fn kept(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let Ok(entries) = directory.read_dir() else { return Ok(names) };
    for entry in entries {
        if let Some(name) = entry?.file_name().to_string_lossy().strip_suffix(".wasm") {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn remove_others(directory: &Path, guests: &[&Guest], record: &mut Record) -> Result<()> {
    let known: BTreeSet<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    record.retain(|name, _| known.contains(name.as_str()));
    for name in kept(directory)?.iter().filter(|name| !known.contains(name.as_str())) {
        let path = directory.join(format!("{name}.wasm"));
        println!("removing {}: no source builds it", path.display());
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn settle(faults: Vec<String>, success: &str) -> Result<()> {
    if faults.is_empty() {
        println!("{success}");
        return Ok(());
    }
    bail!(
        "the prebuilt guests are not as they shall be\n  {}\nto mend it: cargo xtask guests",
        faults.join("\n  ")
    );
}
