//! The one question about a command's permissions: whether it is asked, and about what.

use super::App;
use super::grants::{Stated, Subject, about};
use super::pinned::pinned;
use crate::cli::Format;
use crate::permission::{Capability, Effect, Effective, Grants, Paths, Source, Statement};
use crate::report::{Answer, Question};
use crate::state::StateError;

impl App {
    /// Whether somebody is there to answer.
    pub(super) fn may_ask(&self) -> bool {
        // Elsewhere what was typed before the question would answer it.
        let can_ask = cfg!(unix);
        let is_set = |name| self.environment.variable(name).is_some_and(|value| !value.is_empty());
        let streams = self.report.console.streams;
        can_ask
            && streams.stdin_is_terminal
            && streams.stderr_is_terminal
            && self.report.format == Format::Human
            && !self.options.locked
            && !self.options.no_input
            && !is_set("CI")
    }

    /// Asks the one question, if a yes would change anything. Gives what a yes added, and what it comes to.
    pub(super) fn ask(
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
                let answers = more.iter().filter_map(|one| pinned(subject.paths, one));
                let kept = self.state.change_given(about(subject), |mut given| {
                    given.extend(answers);
                    Ok::<_, StateError>(given)
                });
                if let Err(error) = kept {
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
        before.effective().iter().any(|effective| effective.capability.includes(&gain.capability))
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

/// What it is that the user answered.
pub(super) fn answer(paths: &Paths, capability: Capability) -> Statement {
    Statement {
        effect: Effect::Allow,
        capability,
        directory: paths.workspace().to_owned(),
        source: Source::Answer,
    }
}
