//! `permissions.NAME`: what a command is granted and denied, as it is written.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::DocumentError;
use super::document::{Document, Place};
use super::file::LimitsLayer;
use crate::permission::{Capability, Effect, Kind, Source, Statement, Targets};
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
    deny: Targets,
}

impl PermissionsLayer {
    /// What it allows and denies, and what caps it.
    fn parts(self) -> ([(Effect, Targets); 2], LimitsLayer) {
        let Self { read, write, env, connect, udp, resolve, http, limits, deny } = self;
        let allow = Targets { read, write, env, connect, udp, resolve, http };
        ([(Effect::Allow, allow), (Effect::Deny, deny)], limits)
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
    for (name, layer) in layers {
        let (parts, limits) = layer.parts();
        for (effect, targets) in parts {
            if let Some((kind, index, problem)) = targets.impossible() {
                return Err(document.error_at(&place(&name, effect, kind, index), problem, None));
            }
            if name != *command {
                continue;
            }
            for kind in Kind::ALL {
                for (index, target) in targets.of(kind).iter().enumerate() {
                    let place = place(&name, effect, kind, index);
                    let (path, line) = (document.path().to_owned(), document.line(&place));
                    let source = match is_project {
                        true => Source::Workspace { path, line },
                        false => Source::User { path, line },
                    };
                    let capability = Capability::new(kind, target);
                    let directory = workspace.to_owned();
                    let statement = Statement { effect, capability, directory, source };
                    permissions.statements.push((statement, place));
                }
            }
        }
        if name == *command {
            permissions.limits = limits;
        }
    }
    Ok(permissions)
}

fn place(name: &Name, effect: Effect, kind: Kind, index: usize) -> Place {
    let deny = (effect == Effect::Deny).then_some("deny");
    let index = index.to_string();
    let steps = ["permissions", name.as_str()].into_iter().chain(deny);
    Place::value(steps.chain([kind.key(), index.as_str()]))
}
