//! Why something is allowed or denied: the rules that concern it, asked of the same grants that decide.

use std::sync::Arc;

use super::grants::Grants;
use super::repository::{GIT_INDEX, Repository};
use super::{Capability, Kind, Paths, PermissionError, Protocol, Ruling, VariablePattern};

/// What decides on one thing.
#[derive(Debug)]
pub(crate) struct Explanation {
    pub(crate) asked: Capability,
    /// The thing itself: a path with its links resolved, a name, `host:port`.
    pub(crate) target: String,
    pub(crate) ruling: Ruling,
    /// Whether the plugin requests it.
    pub(crate) requested: bool,
    /// All rules that grant it.
    pub(crate) granted: Vec<Arc<str>>,
    /// All rules that deny it.
    pub(crate) denied: Vec<Arc<str>>,
}

impl Grants {
    /// What decides on one file, variable or endpoint. A relative path is relative to the user's working
    /// directory.
    pub(crate) fn explain(
        &self,
        asked: &Capability,
        paths: &Paths,
    ) -> Result<Explanation, PermissionError> {
        let Capability { kind, target } = asked;
        match kind {
            Kind::Read | Kind::Write => self.explain_file(asked, paths),
            Kind::Env => match VariablePattern::parse(target).filter(|name| !name.is_prefix()) {
                Some(_) => Ok(self.explain_variable(asked)),
                None => Err(PermissionError::Variable(target.escape_debug().to_string())),
            },
            Kind::Connect => Ok(self.network.explain(Protocol::Tcp, asked)?),
            Kind::Udp => Ok(self.network.explain(Protocol::Udp, asked)?),
            Kind::Resolve => Ok(self.network.explain(Protocol::Resolve, asked)?),
            Kind::Http => Ok(self.network.explain(Protocol::Http, asked)?),
        }
    }

    fn explain_file(
        &self,
        asked: &Capability,
        paths: &Paths,
    ) -> Result<Explanation, PermissionError> {
        let access = asked.kind.access().unwrap_or(super::Access::Write);
        let path = if asked.target == GIT_INDEX {
            let mut files = paths.repositories().iter().flat_map(Repository::files);
            files.next().ok_or(PermissionError::NoRepository)?.to_owned()
        } else {
            let expanded = paths.expand(asked.target.as_ref());
            paths.locate(paths.working_directory(), expanded)?.host
        };
        let concerns =
            |rule: &&super::rule::FileRule| rule.access >= access && rule.pattern.covers(&path);
        Ok(Explanation {
            asked: asked.clone(),
            target: path.display().to_string(),
            ruling: self.check_path(&path, access),
            requested: self.requested.iter().any(|rule| concerns(&rule)),
            granted: self.granted.iter().filter(concerns).map(|rule| rule.label.clone()).collect(),
            denied: self
                .denied
                .iter()
                .filter(|rule| rule.access <= access && rule.pattern.covers_or_is_above(&path))
                .map(|rule| rule.label.clone())
                .collect(),
        })
    }

    fn explain_variable(&self, asked: &Capability) -> Explanation {
        let name = &asked.target;
        let matching = |rules: &[super::rule::VariableRule]| {
            let matching = rules.iter().filter(|rule| rule.pattern.matches(name));
            matching.map(|rule| rule.label.clone()).collect::<Vec<_>>()
        };
        let variables = &self.variables;
        Explanation {
            asked: asked.clone(),
            target: name.clone(),
            ruling: variables.check(name),
            requested: variables.requested.iter().any(|pattern| pattern.matches(name)),
            granted: matching(&variables.granted),
            denied: matching(variables.denied.all()),
        }
    }
}
