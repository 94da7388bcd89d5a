//! What a command may reach in this run: what everybody says, and the user's answer to one question.

use std::collections::BTreeSet;

use super::App;
use super::ignored::Ignored;
use super::pinned::{pinned, still_meant};
use crate::config::Permissions;
use crate::error::Error;
use crate::permission::{
    Capability, Effect, Grants, NamedPath, Paths, PermissionError, Policy, Source, Statement,
    Unusable,
};
use crate::plugin::lock::Refusal;
use crate::plugin::{Origin, Plugin};
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
    pub(super) statements: Vec<Statement>,
}

impl App {
    /// Decides for a run, and asks where that can help.
    pub(super) fn grants(&self, subject: Subject<'_>) -> Result<Grants, Error> {
        let (mut stated, mut grants) = self.standing_grants(subject)?;
        if self.may_ask()
            && let Some((more, with_yes)) = self.ask(subject, &stated, &grants)
        {
            stated.statements.extend(more);
            grants = with_yes;
        }
        if !grants.withheld().is_empty() {
            let answered = stated.answered(subject.paths);
            let is_ignored = |one: &&Statement| !answered.contains(&pinned(subject.paths, one));
            for statement in grants.withheld().iter().filter(is_ignored) {
                self.ignore(Ignored::of_statement(statement));
            }
        }
        self.tell_of_idle_flags(subject)?;
        if self.options.locked && !grants.refused().is_empty() {
            let refusal = Refusal::Ungranted(grants.refused().to_vec());
            return Err(self.refuse(subject.plugin, refusal));
        }
        Ok(grants)
    }

    /// A flag that allows what the command does not request allows nothing: whoever typed it means something
    /// else.
    fn tell_of_idle_flags(&self, subject: Subject<'_>) -> Result<(), Error> {
        let flags = self.options.statements(subject.paths.working_directory());
        for flag in flags.iter().filter(|flag| flag.effect == Effect::Allow) {
            let alone = self.decide(subject, &Stated::default(), std::slice::from_ref(flag))?;
            if !alone.effective().iter().any(|effective| effective.source == Source::Flag) {
                let command = subject.plugin.manifest.name();
                tracing::warn!(
                    "`{}` has no effect: `{command}` does not request it",
                    flag.capability
                );
            }
        }
        Ok(())
    }

    /// Decides on what files, answers and flags say, without a question.
    pub(super) fn standing_grants(&self, subject: Subject<'_>) -> Result<(Stated, Grants), Error> {
        let mut stated = self.configured(subject)?;
        stated.statements.extend(self.of_lock(subject)?);
        stated.statements.extend(still_meant(subject.paths, self.answered(subject)));
        let directory = subject.paths.working_directory();
        stated.statements.extend(self.options.statements(directory));
        let grants = self.decide(subject, &stated, &[])?;
        Ok((stated, grants))
    }

    /// What the configuration files say.
    pub(super) fn configured(&self, subject: Subject<'_>) -> Result<Stated, Error> {
        let permissions = self.configuration.permissions(subject.plugin.manifest.name())?;
        let statements = permissions.statements.clone();
        Ok(Stated { permissions, statements })
    }

    /// What the user allowed for good. What cannot be read allows nothing.
    pub(super) fn answered(&self, subject: Subject<'_>) -> Vec<Capability> {
        if subject.plugin.manifest.bounds().is_some_and(<[_]>::is_empty) {
            return Vec::new();
        }
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
        if untrusted.withheld().is_empty() || !self.is_trusted_with(subject.plugin) {
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
            requests: subject.plugin.manifest.bounds(),
            statements,
            trusted,
            named: subject.named,
            paths: subject.paths,
            protected: self.protected(subject.paths).clone(),
            environment: self.environment.variables(),
        })
    }
}

pub(super) fn about(subject: Subject<'_>) -> Answered<'_> {
    Answered {
        workspace: subject.paths.workspace(),
        command: subject.plugin.manifest.name(),
        digest: subject.plugin.identity(),
    }
}

impl Stated {
    /// What the user has allowed by an answer.
    fn answered(&self, paths: &Paths) -> BTreeSet<Option<Capability>> {
        let answers = self.statements.iter().filter(|s| s.source == Source::Answer);
        answers.map(|statement| pinned(paths, statement)).collect()
    }

    /// The same, with more.
    pub(super) fn with(mut self, more: impl IntoIterator<Item = Statement>) -> Self {
        self.statements.extend(more);
        self
    }
}
