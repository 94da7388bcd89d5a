//! `taskrunner permissions grant` and `revoke`: what the user allows for good.

use super::App;
use super::ask::essential;
use super::describer::Describer;
use super::grants::{Stated, Subject, about};
use super::pinned::{pinned, still_meant};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::permission::{Capability, Effect, Grants, Statement};
use crate::plugin::Registry;

/// What is done with what the user allows for good.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Grant,
    Revoke,
}

impl App {
    pub(super) fn change_permissions(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        command: &str,
        change: Change,
    ) -> Result<ExitCode, Error> {
        let plugin = self.find(registry, describer, command)?;
        let paths = self.paths(&plugin.manifest)?;
        let subject = Subject { plugin: &plugin, paths: &paths, named: &[] };
        let flags = self.options.statements(paths.working_directory());
        let problem =
            |problem| Error::NothingToChange { command: plugin.manifest.name().clone(), problem };
        if flags.iter().any(|flag| flag.effect == Effect::Deny) {
            return Err(problem(
                "a denial for good is a line of `permissions` in a configuration file",
            ));
        }
        let mut shown = None;
        self.state.change_given(about(subject), |given| {
            let given = match change {
                Change::Grant if flags.is_empty() => {
                    return Err(problem("`--allow-…` says what is granted"));
                }
                Change::Grant => self.grant(subject, given, &flags)?,
                Change::Revoke => {
                    let left = revoke(subject, &given, &flags);
                    if left.len() == given.len() {
                        return Err(problem("it was not granted that by an answer or by `grant`"));
                    }
                    left
                }
            };
            // What is shown is what was kept, and decided on as it will be.
            let statements = still_meant(&paths, given.clone());
            shown = Some(self.decide(subject, &Stated::default().with(statements), &[])?);
            Ok(given)
        })?;
        let grants = shown.unwrap_or_else(Grants::none);
        self.report.given(&plugin, &essential(grants.effective()))?;
        Ok(ExitCode::SUCCESS)
    }

    /// What was given before and what the flags say. Each of them must have an effect.
    fn grant(
        &self,
        subject: Subject<'_>,
        mut given: Vec<Capability>,
        flags: &[Statement],
    ) -> Result<Vec<Capability>, Error> {
        for flag in flags {
            let alone = self.decide(subject, &Stated::default(), std::slice::from_ref(flag))?;
            let has_effect =
                alone.effective().iter().any(|effective| effective.source == flag.source);
            let Some(pinned) = pinned(subject.paths, flag).filter(|_| has_effect) else {
                return Err(Error::NothingToChange {
                    command: subject.plugin.manifest.name().clone(),
                    problem: "it does not request all of that, so that granting it has no effect",
                });
            };
            given.push(pinned);
        }
        Ok(given)
    }
}

/// What is left without what the flags say; without flags, nothing.
fn revoke(subject: Subject<'_>, given: &[Capability], flags: &[Statement]) -> Vec<Capability> {
    if flags.is_empty() {
        return Vec::new();
    }
    let revoked: Vec<Capability> = flags
        .iter()
        .flat_map(|flag| pinned(subject.paths, flag).into_iter().chain([flag.capability.clone()]))
        .collect();
    given.iter().filter(|capability| !revoked.contains(capability)).cloned().collect()
}
