//! What the lock says of one plugin.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::permission::{Capability, Targets};
use crate::plugin::{Digest, Fault, FaultKind, Plugin, facts};

/// What was accepted of one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    pub(crate) version: semver::Version,
    /// Where it comes from: its path in the workspace, or the word for a place elsewhere.
    pub(crate) source: String,
    pub(crate) sha256: Digest,
    /// The digest of the manifest beside the file, where that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Digest>,
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

impl Entry {
    /// What a plugin is, with nothing granted.
    pub(crate) fn of(plugin: &Plugin, workspace: &Path) -> Result<Self, Fault> {
        let fault = |kind| Fault { path: plugin.source().into(), kind };
        let facts = facts(&plugin.bytes()?).map_err(|error| fault(FaultKind::Kind(error)))?;
        let requests = match plugin.manifest.bounds() {
            Some(requests) => requests.iter().map(|request| request.capability.clone()).collect(),
            None => Capability::anything().to_vec(),
        };
        Ok(Self {
            version: plugin.manifest.semantic_version().clone(),
            source: source_of(plugin, workspace),
            sha256: plugin.digest,
            manifest: digest_beside(plugin),
            wit: facts.wit_version().unwrap_or_default().to_owned(),
            imports: facts.import_names(),
            requests: Targets::new(requests),
            grants: Targets::default(),
        })
    }

    /// Whether a plugin is the one that was accepted: the same bytes, from the same place.
    pub(crate) fn is_of(&self, plugin: &Plugin, workspace: &Path) -> bool {
        self.sha256 == plugin.digest
            && self.manifest == digest_beside(plugin)
            && self.source == source_of(plugin, workspace)
    }
}

fn digest_beside(plugin: &Plugin) -> Option<Digest> {
    plugin.beside.as_ref().map(|beside| beside.digest)
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
