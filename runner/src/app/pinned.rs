//! What a grant means now, with links resolved: kept with the user's decisions, so that a link that leads
//! elsewhere later is not what was decided on.

use std::path::Path;

use super::ask::answer;
use crate::permission::{
    Capability, GIT_INDEX, Grants, Paths, PermissionError, Policy, Protected, Request, Statement,
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
        requests: Some(&requests),
        statements,
        trusted,
        named: &[],
        paths,
        protected: Protected::in_workspace(paths.workspace()),
        environment: &[],
    })
    .map_err(|unusable| unusable.error)
}

/// A statement's capability with an absolute path and no links; none where it can be granted to nobody.
pub(super) fn pinned(paths: &Paths, statement: &Statement) -> Option<Capability> {
    let Capability { kind, target } = &statement.capability;
    let mut whole = statement.clone();
    // What stands for files that may be elsewhere tomorrow is kept as what it stands for.
    if target == GIT_INDEX {
        return meaning(paths, &[whole], true).is_ok().then(|| statement.capability.clone());
    }
    if kind.access().is_some() && !Path::new(target).starts_with("~") {
        whole.capability.target = statement.directory.join(target).to_str()?.to_owned();
    }
    let grants = meaning(paths, &[whole], true).ok()?;
    grants.effective().first().map(|effective| effective.capability.clone())
}

/// What the user allowed for good, if it still means what it meant then.
pub(super) fn still_meant(paths: &Paths, given: Vec<Capability>) -> Vec<Statement> {
    let is_same = |statement: &Statement| {
        pinned(paths, statement).is_some_and(|now| now == statement.capability)
    };
    let answers = given.into_iter().map(|capability| answer(paths, capability));
    let (same, other): (Vec<Statement>, Vec<Statement>) = answers.partition(is_same);
    for Statement { capability: Capability { kind, target }, .. } in other {
        let kind = kind.key();
        tracing::warn!(
            "your answer does not hold any more, a link leads elsewhere: {kind} {target}"
        );
    }
    same
}
