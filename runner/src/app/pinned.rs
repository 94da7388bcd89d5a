//! What a grant means now, with links resolved: kept with the user's decisions, so that a link that leads
//! elsewhere later is not what was decided on.

use std::path::Path;

use super::App;
use crate::permission::{
    Capability, Grants, Paths, PermissionError, Policy, Protected, Request, Statement,
};

/// What statements allow a command that requests just this, with or without trust in the workspace.
pub(super) fn meaning(
    paths: &Paths,
    statements: &[Statement],
    trusted: bool,
) -> Result<Grants, PermissionError> {
    let request = |statement: &Statement| Request {
        capability: statement.capability.clone(),
        reason: String::new(),
    };
    let requests: Vec<Request> = statements.iter().map(request).collect();
    Grants::decide(&Policy {
        embedded: false,
        requests: &requests,
        statements,
        trusted,
        named: &[],
        paths,
        protected: Protected::new(paths.workspace(), []),
        environment: &[],
    })
    .map_err(|unusable| unusable.error)
}

/// A statement's capability with an absolute path and no links; none where it can be granted to nobody.
pub(super) fn pinned(paths: &Paths, statement: &Statement) -> Option<Capability> {
    let Capability { kind, target } = &statement.capability;
    let mut whole = statement.clone();
    if kind.access().is_some() && !Path::new(target).starts_with("~") {
        whole.capability.target = statement.directory.join(target).to_str()?.to_owned();
    }
    let grants = meaning(paths, &[whole], true).ok()?;
    grants.effective().first().map(|effective| effective.capability.clone())
}

impl App {
    /// What the user allowed for good, if it still means what it meant then. What cannot be read allows
    /// nothing.
    pub(super) fn still_meant(&self, paths: &Paths, given: Vec<Capability>) -> Vec<Statement> {
        let (same, other): (Vec<Statement>, Vec<Statement>) =
            given.into_iter().map(|capability| super::grants::answer(paths, capability)).partition(
                |statement| pinned(paths, statement).as_ref() == Some(&statement.capability),
            );
        for Statement { capability, .. } in other {
            let (kind, target) = (capability.kind.key(), capability.target);
            tracing::warn!(
                "your answer does not hold any more, a link leads elsewhere: {kind} {target}"
            );
        }
        same
    }
}
