//! `permissions.NAME`: what a command is granted and denied, as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::DocumentError;
use super::document::{Document, Place};
use super::file::LimitsLayer;
use crate::permission::{Capability, Effect, Kind, Source, Statement};
use crate::plugin::Name;

/// `permissions.NAME`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct PermissionsLayer {
    read: Vec<String>,
    write: Vec<String>,
    env: Vec<String>,
    connect: Vec<String>,
    udp: Vec<String>,
    resolve: Vec<String>,
    http: Vec<String>,
    limits: LimitsLayer,
    deny: DenyLayer,
}

/// `permissions.NAME.deny`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct DenyLayer {
    read: Vec<String>,
    write: Vec<String>,
    env: Vec<String>,
    connect: Vec<String>,
    udp: Vec<String>,
    resolve: Vec<String>,
    http: Vec<String>,
}

impl PermissionsLayer {
    fn targets(&self, effect: Effect, kind: Kind) -> &[String] {
        let Self { deny, .. } = self;
        match (effect, kind) {
            (Effect::Allow, Kind::Read) => &self.read,
            (Effect::Allow, Kind::Write) => &self.write,
            (Effect::Allow, Kind::Env) => &self.env,
            (Effect::Allow, Kind::Connect) => &self.connect,
            (Effect::Allow, Kind::Udp) => &self.udp,
            (Effect::Allow, Kind::Resolve) => &self.resolve,
            (Effect::Allow, Kind::Http) => &self.http,
            (Effect::Deny, Kind::Read) => &deny.read,
            (Effect::Deny, Kind::Write) => &deny.write,
            (Effect::Deny, Kind::Env) => &deny.env,
            (Effect::Deny, Kind::Connect) => &deny.connect,
            (Effect::Deny, Kind::Udp) => &deny.udp,
            (Effect::Deny, Kind::Resolve) => &deny.resolve,
            (Effect::Deny, Kind::Http) => &deny.http,
        }
    }
}

/// What one file permits a command.
#[derive(Debug, Default)]
pub(super) struct FilePermissions {
    /// With each the place of its target.
    pub(super) statements: Vec<(Statement, Place)>,
    /// Ceilings that nothing else raises.
    pub(super) limits: LimitsLayer,
}

/// Reads what a file says for a command. The other commands' sections are checked, too.
pub(super) fn read(
    document: &Document,
    command: &Name,
    workspace: &Path,
    is_project: bool,
) -> Result<FilePermissions, DocumentError> {
    let layers: BTreeMap<Name, PermissionsLayer> =
        document.section("permissions")?.unwrap_or_default();
    let mut permissions = FilePermissions::default();
    for (name, layer) in &layers {
        for (effect, kind) in EFFECTS.into_iter().flat_map(|e| Kind::ALL.map(|kind| (e, kind))) {
            for (index, target) in layer.targets(effect, kind).iter().enumerate() {
                let place = place(name, effect, kind, index);
                let capability = Capability::new(kind, target);
                Statement::check(&capability)
                    .map_err(|error| document.error_at(&place, error.to_string(), None))?;
                if name == command {
                    let line = document.line(&place);
                    let path = document.path().to_owned();
                    let source = match is_project {
                        true => Source::Workspace { path, line },
                        false => Source::User { path, line },
                    };
                    let directory = workspace.to_owned();
                    let statement = Statement { effect, capability, directory, source };
                    permissions.statements.push((statement, place));
                }
            }
        }
    }
    permissions.limits = layers.get(command).map(|layer| layer.limits).unwrap_or_default();
    Ok(permissions)
}

const EFFECTS: [Effect; 2] = [Effect::Allow, Effect::Deny];

fn place(name: &Name, effect: Effect, kind: Kind, index: usize) -> Place {
    let deny = (effect == Effect::Deny).then_some("deny");
    let index = index.to_string();
    let steps = ["permissions", name.as_str()].into_iter().chain(deny);
    Place::value(steps.chain([kind.key(), index.as_str()]))
}
