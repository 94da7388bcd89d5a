//! The workspace as `cargo metadata` tells it, and the guests in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// What the guests are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Each directory in here with a `cdylib` is a plugin that the runner embeds.
const EMBEDDED: &str = "guest-plugins";
/// The packages whose `cdylib` examples and whose programs are guests: where the bytes of each are kept, and
/// the profile that they are built with.
const GUESTS: [(&str, &str, &str); 2] = [
    ("tests/fixtures/guests", "tests/fixtures/prebuilt", PROFILE),
    ("benches/guests", "benches/prebuilt", "bench-guest"),
];

/// The profile that plugins are built with.
const PROFILE: &str = "guest";

/// The workspace, with the packages that its guests are made of.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target_directory: PathBuf,
    packages: BTreeMap<String, Package>,
    members: Vec<String>,
    dependencies: BTreeMap<String, Vec<Edge>>,
}

/// One file to build: which target of which package, and where its bytes are kept.
pub(crate) struct Guest {
    /// The name of the file, without `.wasm`.
    pub(crate) name: String,
    /// The directory of the file and of its record, relative to the root.
    pub(crate) prebuilt: &'static str,
    /// The profile that it is built with.
    pub(crate) profile: &'static str,
    pub(crate) kind: Kind,
    /// The identity of the package; see [`Workspace::package`].
    pub(crate) package: String,
}

/// Which target of its package a guest is.
pub(crate) enum Kind {
    Library,
    /// An example, and the file that it begins with.
    Example(PathBuf),
    /// A program that knows nothing of the contract.
    Program,
}

impl Guest {
    /// Where the bytes are kept, relative to the root.
    pub(crate) fn file(&self) -> PathBuf {
        Path::new(self.prebuilt).join(format!("{}.wasm", self.name))
    }
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version=1", "--locked", "--filter-platform", TARGET])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed ({})", output.status);
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .context("cannot read what cargo metadata printed")?;
        Ok(Self {
            root: metadata.workspace_root,
            target_directory: metadata.target_directory,
            packages: metadata
                .packages
                .into_iter()
                .map(|package| (package.id.clone(), package))
                .collect(),
            members: metadata.workspace_members,
            dependencies: metadata
                .resolve
                .nodes
                .into_iter()
                .map(|node| (node.id, node.deps))
                .collect(),
        })
    }

    /// Every guest, in the order of their directories and names.
    pub(crate) fn guests(&self) -> Vec<Guest> {
        let mut guests = Vec::new();
        for package in self.members.iter().map(|id| self.package(id)) {
            let root = package.root();
            let guest = |name: &str, prebuilt, profile, kind| Guest {
                name: name.to_owned(),
                prebuilt,
                profile,
                kind,
                package: package.id.clone(),
            };
            if root.parent() == Some(&self.root.join(EMBEDDED)) {
                let name = root.file_name().unwrap_or_default().to_string_lossy();
                let libraries = package.targets.iter().filter(|target| {
                    target.is("cdylib", &target.crate_types) && !target.is("example", &target.kind)
                });
                guests.extend(
                    libraries
                        .map(|_| guest(&name, "guest-plugins/prebuilt", PROFILE, Kind::Library)),
                );
            }
            let Some((_, prebuilt, profile)) =
                GUESTS.into_iter().find(|(path, ..)| root == self.root.join(path))
            else {
                continue;
            };
            for target in &package.targets {
                let kind = if target.is("bin", &target.kind) {
                    Kind::Program
                } else if target.is("example", &target.kind)
                    && target.is("cdylib", &target.crate_types)
                {
                    Kind::Example(target.src_path.clone())
                } else {
                    continue;
                };
                guests.push(guest(&target.name, prebuilt, profile, kind));
            }
        }
        guests.sort_by(|a, b| (a.prebuilt, &a.name).cmp(&(b.prebuilt, &b.name)));
        guests
    }

    /// The package with an identity that a [`Guest`] has.
    pub(crate) fn package(&self, id: &str) -> &Package {
        &self.packages[id]
    }

    /// The packages that the guest is built from, its own among them, in the order of their names
    /// and versions.
    pub(crate) fn closure(&self, guest: &Guest) -> Vec<&Package> {
        let mut seen = BTreeSet::new();
        let mut open = vec![guest.package.as_str()];
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                // Only an example sees the development dependencies, and only those of its package.
                let development = id == guest.package && matches!(guest.kind, Kind::Example(_));
                let edges = self.dependencies.get(id).into_iter().flatten();
                open.extend(
                    edges.filter(|edge| edge.is_built(development)).map(|edge| edge.pkg.as_str()),
                );
            }
        }
        let mut packages: Vec<&Package> = seen.into_iter().map(|id| self.package(id)).collect();
        packages.sort_by_key(|package| (&package.name, &package.version));
        packages
    }

    /// The directories that hold the sources of packages from registries, one for each registry.
    pub(crate) fn registries(&self) -> BTreeSet<&Path> {
        self.packages
            .values()
            .filter(|package| package.source.is_some())
            .filter_map(|package| package.root().parent())
            .collect()
    }
}

/// The cargo that runs this task, or the one on the path.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
    resolve: Resolve,
}

/// A package, with what its manifest says after inheritance from the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// Absent for a package that is a directory.
    pub(crate) source: Option<String>,
    pub(crate) edition: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

impl Package {
    /// The directory of the package.
    pub(crate) fn root(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// A dependency as a manifest states it; without the path, which differs from machine to machine.
#[derive(Deserialize, Serialize)]
pub(crate) struct Dependency {
    name: String,
    req: String,
    kind: Option<String>,
    rename: Option<String>,
    optional: bool,
    uses_default_features: bool,
    features: Vec<String>,
    target: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    crate_types: Vec<String>,
    src_path: PathBuf,
}

impl Target {
    fn is(&self, what: &str, among: &[String]) -> bool {
        among.iter().any(|one| one == what)
    }
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

impl Edge {
    fn is_built(&self, development: bool) -> bool {
        self.dep_kinds.iter().any(|kind| development || kind.kind.as_deref() != Some("dev"))
    }
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}
