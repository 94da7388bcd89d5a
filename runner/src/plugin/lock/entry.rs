//! What the lock says of one plugin.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::facts::{Facts, facts};
use crate::permission::{Capability, Kind, Statement};
use crate::plugin::{Digest, Fault, FaultKind, Plugin};

/// What was accepted of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    pub(crate) version: semver::Version,
    /// Where it comes from: its path in the workspace, or the word for a place elsewhere.
    pub(crate) source: String,
    pub(crate) sha256: Digest,
    /// The version of the contract that it was made for.
    pub(crate) wit: String,
    /// The interfaces that it imports, sorted.
    #[serde(default)]
    pub(crate) imports: Vec<String>,
    #[serde(default, skip_serializing_if = "Targets::is_empty")]
    pub(crate) requests: Targets,
    #[serde(default, skip_serializing_if = "Targets::is_empty")]
    pub(crate) grants: Targets,
}

/// Capabilities by kind, as in a configuration file: sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Targets {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    read: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    write: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connect: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    udp: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resolve: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    http: Vec<String>,
}

impl Targets {
    pub(crate) fn new(capabilities: impl IntoIterator<Item = Capability>) -> Self {
        let mut all: Vec<Capability> = capabilities.into_iter().collect();
        all.sort();
        all.dedup();
        let mut targets = Self::default();
        for Capability { kind, target } in all {
            targets.of_mut(kind).push(target);
        }
        targets
    }

    pub(super) fn of(&self, kind: Kind) -> &[String] {
        match kind {
            Kind::Read => &self.read,
            Kind::Write => &self.write,
            Kind::Env => &self.env,
            Kind::Connect => &self.connect,
            Kind::Udp => &self.udp,
            Kind::Resolve => &self.resolve,
            Kind::Http => &self.http,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Vec<String> {
        match kind {
            Kind::Read => &mut self.read,
            Kind::Write => &mut self.write,
            Kind::Env => &mut self.env,
            Kind::Connect => &mut self.connect,
            Kind::Udp => &mut self.udp,
            Kind::Resolve => &mut self.resolve,
            Kind::Http => &mut self.http,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        Kind::ALL.iter().all(|kind| self.of(*kind).is_empty())
    }

    pub(crate) fn capabilities(&self) -> impl Iterator<Item = Capability> {
        Kind::ALL
            .into_iter()
            .flat_map(|kind| self.of(kind).iter().map(move |target| Capability::new(kind, target)))
    }

    /// Whether something is among them: as it is written, or to read what may be written.
    pub(crate) fn hold(&self, capability: &Capability) -> bool {
        let among = |kind| self.of(kind).contains(&capability.target);
        among(capability.kind) || (capability.kind == Kind::Read && among(Kind::Write))
    }

    /// The first that cannot be, by its kind and place, and why.
    pub(super) fn impossible(&self) -> Option<(Kind, usize, String)> {
        Kind::ALL.into_iter().find_map(|kind| {
            self.of(kind).iter().enumerate().find_map(|(index, target)| {
                let error = Statement::check(&Capability::new(kind, target)).err()?;
                Some((kind, index, error.to_string()))
            })
        })
    }
}

impl Entry {
    /// What a plugin is, with nothing granted.
    pub(crate) fn of(plugin: &Plugin, workspace: &Path) -> Result<Self, Fault> {
        let fault = |kind| Fault { path: plugin.source().into(), kind };
        let Facts { wit, imports } =
            facts(&plugin.bytes()?).map_err(|error| fault(FaultKind::Kind(error)))?;
        let requests = plugin.manifest.requests.iter().map(|request| request.capability.clone());
        Ok(Self {
            version: plugin.manifest.semantic_version().clone(),
            source: source_of(plugin, workspace),
            sha256: plugin.digest,
            wit,
            imports,
            requests: Targets::new(requests),
            grants: Targets::default(),
        })
    }

    /// Whether a plugin is the one that was accepted: the same bytes, from the same place.
    pub(crate) fn is_of(&self, plugin: &Plugin, workspace: &Path) -> bool {
        self.sha256 == plugin.digest && self.source == source_of(plugin, workspace)
    }
}

/// Where a plugin comes from, as every machine would write it: its path in the workspace, or the word for
/// a place elsewhere. No such word ends in `.wasm`.
fn source_of(plugin: &Plugin, workspace: &Path) -> String {
    use crate::plugin::Origin;

    let inside = plugin.path.as_deref().and_then(|path| {
        let path = dunce::canonicalize(path.parent()?).ok()?.join(path.file_name()?);
        path.starts_with(workspace).then(|| name_in(workspace, &path))?
    });
    inside.unwrap_or_else(|| {
        match plugin.origin {
            Origin::Embedded => "embedded",
            Origin::CommandLine => "command-line",
            Origin::Environment => "environment",
            Origin::Configuration => "configuration",
            Origin::Workspace => "workspace",
            Origin::User => "user",
            Origin::System => "system",
        }
        .to_owned()
    })
}

/// The name of a file, relative to the workspace and with `/` between its parts where it is inside; none
/// where it is not Unicode.
pub(crate) fn name_in(workspace: &Path, path: &Path) -> Option<String> {
    let Ok(inside) = path.strip_prefix(workspace) else {
        return path.to_str().map(ToOwned::to_owned);
    };
    let mut name = String::new();
    for component in inside.components() {
        let Component::Normal(part) = component else {
            return path.to_str().map(ToOwned::to_owned);
        };
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(part.to_str()?);
    }
    if name.is_empty() {
        name.push('.');
    }
    Some(name)
}
