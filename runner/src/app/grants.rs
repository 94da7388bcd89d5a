//! What a command may reach in this run: what everybody says, and the user's answer to one question.

use std::path::Path;

use super::App;
use super::ignored::Ignored;
use super::pinned::pinned;
use crate::config::Permissions;
use crate::error::Error;
use crate::permission::{
    Capability, Effect, Effective, Grants, NamedPath, Paths, PermissionError, Policy, Source,
    Statement, Unusable,
};
use crate::plugin::lock::{Change, Entry, LockFile, Refusal};
use crate::plugin::{Origin, Plugin};
use crate::report::{Answer, Question};
use crate::state::Answered;

/// A command whose permissions are decided.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) paths: &'a Paths,
    /// The paths that stand on the command line.
    pub(super) named: &'a [NamedPath],
}

/// What everybody says of one command.
#[derive(Default)]
pub(super) struct Stated {
    permissions: Permissions,
    /// Those of the configuration files come first, in their order.
    statements: Vec<Statement>,
}

impl App {
    /// Decides, and asks where that can help.
    pub(super) fn grants(&self, subject: Subject<'_>) -> Result<Grants, Error> {
        let mut stated = self.configured(subject)?;
        stated.statements.extend(self.of_lock(subject)?);
        let answered = self.still_meant(subject.paths, self.answered(subject));
        stated.statements.extend(answered);
        let directory = subject.paths.working_directory();
        stated.statements.extend(self.options.statements(directory));

        let mut grants = self.decide(subject, &stated, &[])?;
        if self.may_ask()
            && let Some((more, with_yes)) = self.ask(subject, &stated, &grants)
        {
            stated.statements.extend(more);
            grants = with_yes;
        }
        for statement in grants.withheld().iter().filter(|one| !stated.answers(subject.paths, one))
        {
            self.ignore(Ignored::of_statement(statement));
        }
        if self.options.locked && !grants.refused().is_empty() {
            let refusal = Refusal::Ungranted(grants.refused().to_vec());
            return Err(self.refuse(subject.plugin, refusal));
        }
        Ok(grants)
    }

    /// What the configuration files say.
    pub(super) fn configured(&self, subject: Subject<'_>) -> Result<Stated, Error> {
        let permissions = self.configuration.permissions(subject.plugin.manifest.name())?;
        let statements = permissions.statements.clone();
        Ok(Stated { permissions, statements })
    }

    /// What the user allowed for good. What cannot be read allows nothing.
    pub(super) fn answered(&self, subject: Subject<'_>) -> Vec<Capability> {
        let given = self.state.given(about(subject));
        given.unwrap_or_else(|error| {
            tracing::warn!("what you answered before is not known: {error}");
            Vec::new()
        })
    }

    /// Decides on what is stated and something more. The user's trust is looked up only where something
    /// depends on it.
    pub(super) fn decide(
        &self,
        subject: Subject<'_>,
        stated: &Stated,
        more: &[Statement],
    ) -> Result<Grants, Error> {
        let statements = [&stated.statements, more].concat();
        self.try_decide(subject, &statements).map_err(|unusable| {
            let Unusable { statement, error } = unusable;
            let located = statement.and_then(|statement| {
                let message = error.to_string();
                let permissions = &stated.permissions;
                self.configuration.error_in_permissions(permissions, statement, &message)
            });
            match located {
                Some(located) => Error::Section(located),
                None => self.permission_error(subject.plugin, error),
            }
        })
    }

    fn permission_error(&self, plugin: &Plugin, error: PermissionError) -> Error {
        Error::Permission { command: plugin.manifest.name().clone(), error }
    }

    fn try_decide(
        &self,
        subject: Subject<'_>,
        statements: &[Statement],
    ) -> Result<Grants, Unusable> {
        let untrusted = self.decide_as(subject, statements, false)?;
        if untrusted.withheld().is_empty() || !self.is_trusted() {
            return Ok(untrusted);
        }
        self.decide_as(subject, statements, true)
    }

    fn decide_as(
        &self,
        subject: Subject<'_>,
        statements: &[Statement],
        trusted: bool,
    ) -> Result<Grants, Unusable> {
        Grants::decide(&Policy {
            embedded: subject.plugin.origin == Origin::Embedded,
            requests: &subject.plugin.manifest.requests,
            statements,
            trusted,
            named: subject.named,
            paths: subject.paths,
            protected: self.protected(subject.paths),
            environment: &self.environment.variables(),
        })
    }

    /// What the lock grants. It must not be another plugin that asks for more than was accepted.
    fn of_lock(&self, subject: Subject<'_>) -> Result<Vec<Statement>, Error> {
        let Subject { plugin, paths, .. } = subject;
        let refuse = |refusal| Err(self.refuse(plugin, refusal));
        let Some(lock) = self.lock()? else {
            return match self.options.locked {
                true => refuse(Refusal::NoFile { path: self.lock_path() }),
                false => Ok(Vec::new()),
            };
        };
        let Some(entry) = lock.entries.get(plugin.manifest.name()) else {
            return match self.options.locked {
                true => refuse(Refusal::NoEntry { path: lock.path.clone() }),
                false => Ok(Vec::new()),
            };
        };
        if entry.is_of(plugin, paths.workspace()) {
            return Ok(statements(lock, entry, paths.workspace()));
        }
        let new = Entry::of(plugin, paths.workspace()).map_err(Error::Plugin)?;
        let change = Box::new(Change { old: Some(entry.clone()), new: Some(new) });
        if !change.new_requests().is_empty() {
            return refuse(Refusal::RequestsMore(change));
        }
        if self.options.locked {
            return refuse(Refusal::Differs(change));
        }
        self.report.warn_changed(plugin.manifest.name(), &change);
        Ok(Vec::new())
    }

    fn refuse(&self, plugin: &Plugin, refusal: Refusal) -> Error {
        Error::Locked { command: plugin.manifest.name().clone(), refusal }
    }

    /// Asks the one question, if a yes would change anything. Gives what a yes added, and what it comes to.
    fn ask(
        &self,
        subject: Subject<'_>,
        stated: &Stated,
        grants: &Grants,
    ) -> Option<(Vec<Statement>, Grants)> {
        let more = self.candidates(subject, stated, grants);
        let with_yes = self.decide(subject, stated, &more).ok()?;
        let gains = gains(grants, &with_yes);
        if gains.is_empty() {
            return None;
        }
        let denials = stated.statements.iter().filter(|s| s.effect == Effect::Deny);
        let question = Question {
            plugin: subject.plugin,
            gains: &gains,
            reasons: grants.refused(),
            denials: &denials.collect::<Vec<_>>(),
        };
        match self.report.ask(&question) {
            Answer::No => return None,
            Answer::Once => {}
            Answer::Always => {
                let mut given = self.answered(subject);
                given.extend(more.iter().filter_map(|statement| pinned(subject.paths, statement)));
                if let Err(error) = self.state.give(about(subject), given) {
                    tracing::warn!("the answer holds for this run only: {error}");
                }
            }
        }
        Some((more, with_yes))
    }

    /// What a yes would allow: what is requested and not granted, and what the workspace's files would
    /// grant; each only if it can be granted, and changes something.
    fn candidates(&self, subject: Subject<'_>, stated: &Stated, grants: &Grants) -> Vec<Statement> {
        let requested = grants.refused().iter();
        let requested = requested.map(|request| answer(subject.paths, request.capability.clone()));
        let withheld = grants.withheld().iter().cloned();
        withheld
            .map(|statement| Statement { source: Source::Answer, ..statement })
            .chain(requested)
            .filter(|statement| {
                let with_it = self.decide(subject, stated, std::slice::from_ref(statement));
                with_it.is_ok_and(|with_it| !gains(grants, &with_it).is_empty())
            })
            .collect()
    }
}

/// What is granted in effect by the second and not by the first.
pub(super) fn gains(before: &Grants, after: &Grants) -> Vec<Effective> {
    let had = |gain: &&Effective| {
        before.effective().iter().any(|effective| effective.capability == gain.capability)
    };
    essential(after.effective().iter().filter(|gain| !had(gain)))
}

/// Each capability once, sorted, and without those that lie in another one.
pub(super) fn essential<'a>(all: impl IntoIterator<Item = &'a Effective>) -> Vec<Effective> {
    let mut essential: Vec<Effective> = all.into_iter().cloned().collect();
    essential.sort();
    essential.dedup_by(|a, b| a.capability == b.capability);
    let all = essential.clone();
    essential.retain(|one| {
        let is_outer = |other: &Effective| {
            other.capability != one.capability && other.capability.includes(&one.capability)
        };
        !all.iter().any(is_outer)
    });
    essential
}

/// What an entry of the lock grants.
pub(super) fn statements(lock: &LockFile, entry: &Entry, workspace: &Path) -> Vec<Statement> {
    let statement = |capability| Statement {
        effect: Effect::Allow,
        capability,
        directory: workspace.to_owned(),
        source: Source::Lock { path: lock.path.clone() },
    };
    entry.grants.capabilities().map(statement).collect()
}

/// What it is that the user answered.
pub(super) fn answer(paths: &Paths, capability: Capability) -> Statement {
    Statement {
        effect: Effect::Allow,
        capability,
        directory: paths.workspace().to_owned(),
        source: Source::Answer,
    }
}

pub(super) fn about(subject: Subject<'_>) -> Answered<'_> {
    Answered {
        workspace: subject.paths.workspace(),
        command: subject.plugin.manifest.name(),
        digest: subject.plugin.digest,
    }
}

impl Stated {
    /// Whether the user has allowed the same.
    fn answers(&self, paths: &Paths, withheld: &Statement) -> bool {
        let wanted = pinned(paths, withheld);
        let answers = self.statements.iter().filter(|s| s.source == Source::Answer);
        answers.into_iter().any(|statement| pinned(paths, statement) == wanted)
    }

    /// The same, with more.
    pub(super) fn with(mut self, more: impl IntoIterator<Item = Statement>) -> Self {
        self.statements.extend(more);
        self
    }
}
