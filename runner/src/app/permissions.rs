//! `taskrunner permissions`: what the user allows for good.

use super::App;
use super::grants::{Stated, Subject, about};
use crate::cli::PermissionsRequest;
use crate::error::Error;
use crate::permission::{Effect, Kind, Statement};
use crate::plugin::Registry;
use crate::state::Given;

impl App {
    pub(super) fn change_permissions(
        &self,
        registry: &Registry<'_>,
        request: &PermissionsRequest,
    ) -> Result<(), Error> {
        let (PermissionsRequest::Grant { command } | PermissionsRequest::Revoke { command }) =
            request;
        let plugin = self.find(registry, command)?;
        let paths = self.paths(plugin.manifest.name())?;
        let subject = Subject { plugin: &plugin, paths: &paths, named: &[] };
        let flags = self.options.statements(paths.working_directory());
        let problem =
            |problem| Error::NothingToChange { command: plugin.manifest.name().clone(), problem };
        if flags.iter().any(|flag| flag.effect == Effect::Deny) {
            return Err(problem(
                "a denial for good is a line of `permissions` in a configuration file",
            ));
        }
        let given = self.state.given(about(subject))?;
        let given = match request {
            PermissionsRequest::Grant { .. } if flags.is_empty() => {
                return Err(problem("`--allow-…` says what is granted"));
            }
            PermissionsRequest::Grant { .. } => self.grant(subject, given, &flags)?,
            PermissionsRequest::Revoke { .. } => {
                let left = revoke(&given, &flags);
                if left.len() == given.len() {
                    return Err(problem("it was not granted that by an answer or by `grant`"));
                }
                left
            }
        };
        // What is shown is what was kept, and decided on as it will be.
        let statements = given.iter().map(Given::statement);
        let grants = self.decide(subject, &Stated::default().with(statements), &[])?;
        self.state.give(about(subject), given)?;
        self.report.given(&plugin, grants.effective())?;
        Ok(())
    }

    /// What was given before and what the flags say. Each of them must have an effect.
    fn grant(
        &self,
        subject: Subject<'_>,
        mut given: Vec<Given>,
        flags: &[Statement],
    ) -> Result<Vec<Given>, Error> {
        for flag in flags {
            let alone = self.decide(subject, &Stated::default(), std::slice::from_ref(flag))?;
            let has_effect =
                alone.effective().iter().any(|effective| effective.source == flag.source);
            if !has_effect {
                return Err(Error::NothingToChange {
                    command: subject.plugin.manifest.name().clone(),
                    problem: "it does not request all of that, so that granting it has no effect",
                });
            }
            given.push(Given::from(flag));
        }
        Ok(given)
    }
}

/// What is left without what the flags say; without flags, nothing.
fn revoke(given: &[Given], flags: &[Statement]) -> Vec<Given> {
    if flags.is_empty() {
        return Vec::new();
    }
    let is_revoked = |given: &&Given| flags.iter().any(|flag| is_same(given, &Given::from(flag)));
    given.iter().filter(|given| !is_revoked(given)).cloned().collect()
}

/// Whether two mean the same, from wherever they were typed.
fn is_same(first: &Given, second: &Given) -> bool {
    let whole = |given: &Given| match given.capability.kind {
        Kind::Read | Kind::Write => {
            let components = given.directory.join(&given.capability.target);
            components.components().collect()
        }
        _ => std::path::PathBuf::from(&given.capability.target),
    };
    first.capability.kind == second.capability.kind && whole(first) == whole(second)
}
