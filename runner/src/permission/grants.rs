//! What the user allows, decided.

use std::path::{Path, PathBuf};

use super::capability::Request;
use super::file_rules::FileRules;
use super::files::{self, FilePattern};
use super::mounts::{self, Mount, Scope};
use super::protected::Protected;
use super::repository::GIT_INDEX;
use super::rule::{self, Effect, FileRule, Source, Statement, VariableRule};
use super::variable::{VariablePattern, Variables};
use super::{
    Access, Capability, Decision, Endpoint, Kind, NamedPath, NetworkRules, PathKind, Paths,
};
use super::{PermissionError, paths::Located};

/// What one invocation may reach: what its plugin requested and the user granted, without what was
/// denied. [`Grants::decide`] and [`Grants::none`] are the only ways to get one, and nothing runs
/// without one. What is shown to people and what is enforced are the same rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    pub(super) requested: FileRules,
    pub(super) granted: FileRules,
    pub(super) denied: FileRules,
    pub(super) protected: Protected,
    root: PathBuf,
    mounts: Vec<Mount>,
    areas: Vec<Mount>,
    pub(super) variables: Variables,
    environment: Vec<(String, String)>,
    decided: Vec<Decision>,
    pub(super) effective: Vec<Effective>,
    pub(super) network: NetworkRules,
    pub(super) granted_network: Vec<(Endpoint, Kind, Source)>,
    denied_network: Vec<(Capability, Source)>,
    refused: Vec<Request>,
    withheld: Vec<Statement>,
    /// What the guest is told of the repositories around the workspace, if it requests their indexes.
    repositories: Option<String>,
}

/// What decides.
pub(crate) struct Policy<'a> {
    /// Whether the plugin is part of the runner: then it has what it requests inside the workspace.
    pub(crate) embedded: bool,
    /// What bounds the grants; none where the user alone does.
    pub(crate) requests: Option<&'a [Request]>,
    pub(crate) statements: &'a [Statement],
    /// Whether the user trusts the files of the workspace. If not, they grant nothing outside of it.
    pub(crate) trusted: bool,
    pub(crate) named: &'a [NamedPath],
    pub(crate) paths: &'a Paths,
    pub(crate) protected: Protected,
    /// Names and values of the variables that are there.
    pub(crate) environment: &'a [(String, String)],
}

/// The most files and directories that statements grant to one command. Each is opened for it, and held against
/// every other.
const MAX_GRANTS: usize = 256;

/// One thing that is granted in effect, and who granted it: for people and records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Effective {
    pub(crate) capability: Capability,
    pub(crate) source: Source,
}

/// A statement that cannot be followed.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// Which of the policy's statements; none where it is no statement.
    pub(crate) statement: Option<usize>,
    pub(crate) error: PermissionError,
}

impl From<PermissionError> for Unusable {
    fn from(error: PermissionError) -> Self {
        Self { statement: None, error }
    }
}

impl Grants {
    /// Nothing: for `describe`.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn decide(policy: &Policy<'_>) -> Result<Self, Unusable> {
        let root = policy.paths.root().to_owned();
        let mut grants = Self { root, protected: policy.protected.clone(), ..Self::none() };
        grants.request(policy)?;
        grants.follow(policy)?;
        for path in policy.named {
            grants.name(path, policy.paths)?;
        }
        grants.mounts.extend(mounts::of_rules(&grants.requested, &grants.granted, policy.paths));
        grants.areas.clone_from(&grants.mounts);
        mounts::join(&mut grants.mounts);
        mounts::refuse_ambiguity(&grants.mounts, policy.named)?;
        if policy.requests.unwrap_or_default().iter().any(Request::is_of_git_index) {
            let workspace = policy.paths.workspace();
            let hidden = grants.denied.reaching_into(workspace, &[Access::Read]).is_some();
            grants.repositories = Some(policy.paths.told_of_repositories(hidden));
        }
        (grants.environment, grants.decided) = grants.variables.decide(policy.environment);
        grants.list_effective();
        let is_refused = |request: &&Request| !grants.meets(request, policy);
        grants.refused =
            policy.requests.unwrap_or_default().iter().filter(is_refused).cloned().collect();
        Ok(grants)
    }

    /// What the guest finds as its `/`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Refuses a path that is granted to nobody, where the guest would find another file under its name.
    pub(crate) fn refuse_another(&self, path: &NamedPath) -> Result<(), PermissionError> {
        match mounts::reached(&self.mounts, &path.guest) {
            Some(reached) if reached != path.host => {
                Err(PermissionError::OutOfReach { path: path.host.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The directories and files that the guest finds, none inside another.
    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// The parts of the host's file system that any rule gives, as narrow as rules without globs can say
    /// it; they overlap.
    pub(crate) fn areas(&self) -> &[Mount] {
        &self.areas
    }

    /// Names and values of the variables.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// What was decided before anything runs: which variables there are for the guest.
    pub(crate) fn decided(&self) -> &[Decision] {
        &self.decided
    }

    /// What is granted, in effect.
    pub(crate) fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// What is denied whatever is granted: kind, target and source of each rule.
    pub(crate) fn denials(&self) -> impl Iterator<Item = (Kind, &str, &Source)> {
        let files =
            self.denied.iter().map(|rule| (rule.access.into(), &*rule.target, &rule.source));
        let variables =
            self.variables.denied.all().iter().map(|rule| (Kind::Env, &*rule.target, &rule.source));
        let network = self
            .denied_network
            .iter()
            .map(|(capability, source)| (capability.kind, &*capability.target, source));
        files.chain(variables).chain(network)
    }

    /// The rules about hosts and ports.
    pub(crate) fn network(&self) -> &NetworkRules {
        &self.network
    }

    /// What the guest is told of the repositories around the workspace, as JSON.
    pub(crate) fn repositories(&self) -> Option<&str> {
        self.repositories.as_deref()
    }

    /// What the plugin requested and did not get.
    pub(crate) fn refused(&self) -> &[Request] {
        &self.refused
    }

    /// What the workspace's files would grant if the user trusted them.
    pub(crate) fn withheld(&self) -> &[Statement] {
        &self.withheld
    }

    fn request(&mut self, policy: &Policy<'_>) -> Result<(), PermissionError> {
        let workspace = policy.paths.workspace();
        let anything = Capability::anything();
        let requested = match policy.requests {
            Some(requests) => requests.iter().map(|request| &request.capability).collect(),
            None => anything.iter().collect::<Vec<_>>(),
        };
        for capability in requested {
            if capability.kind == Kind::Env {
                self.variables.requested.extend(VariablePattern::parse(&capability.target));
            }
            if let Some(protocol) = capability.kind.protocol() {
                self.network.request(protocol, Endpoint::parse(protocol, &capability.target)?);
            }
            let Some(access) = capability.kind.access() else { continue };
            let patterns = match FilePattern::all(&capability.target, workspace, policy.paths) {
                Ok(patterns) => patterns,
                Err(error) if policy.embedded => return Err(error),
                // What cannot be resolved cannot be granted either.
                Err(_) => continue,
            };
            let rule = |pattern: &FilePattern, source| {
                FileRule::new(access, pattern.clone(), &capability.target, Effect::Allow, source)
            };
            for pattern in &patterns {
                if policy.embedded {
                    // The one thing outside of the workspace that an embedded command has.
                    let is_index = capability.target == GIT_INDEX && access == Access::Read;
                    if !pattern.base().starts_with(workspace) && !is_index {
                        return Err(PermissionError::OutsideWorkspace {
                            directory: capability.target.clone(),
                            path: pattern.base().to_owned(),
                        });
                    }
                    policy.paths.refuse_forbidden(pattern.base())?;
                    self.granted.push(rule(pattern, Source::Embedded))?;
                }
                self.requested.push(rule(pattern, Source::Argument))?;
            }
        }
        Ok(())
    }

    fn follow(&mut self, policy: &Policy<'_>) -> Result<(), Unusable> {
        for (index, statement) in policy.statements.iter().enumerate() {
            let followed = match statement.capability.kind {
                Kind::Read | Kind::Write => self.follow_files(statement, policy),
                Kind::Env => self.follow_variables(statement, policy),
                Kind::Connect | Kind::Udp | Kind::Resolve | Kind::Http => {
                    self.follow_network(statement, policy)
                }
            };
            followed.map_err(|error| Unusable { statement: Some(index), error })?;
        }
        Ok(())
    }

    fn follow_variables(
        &mut self,
        statement: &Statement,
        policy: &Policy<'_>,
    ) -> Result<(), PermissionError> {
        let rule = VariableRule::parse(statement)?;
        match statement.effect {
            Effect::Deny => self.variables.denied.push(rule),
            Effect::Allow if policy.distrusts(statement) => self.withheld.push(statement.clone()),
            Effect::Allow => self.variables.granted.push(rule),
        }
        Ok(())
    }

    fn follow_network(
        &mut self,
        statement: &Statement,
        policy: &Policy<'_>,
    ) -> Result<(), PermissionError> {
        let Capability { kind, target } = &statement.capability;
        let Some(protocol) = kind.protocol() else { return Ok(()) };
        let endpoint = Endpoint::parse(protocol, target)?;
        let label = rule::label(statement.effect, *kind, target, &statement.source);
        match statement.effect {
            Effect::Deny => {
                self.network.deny(protocol, endpoint, label);
                self.denied_network.push((statement.capability.clone(), statement.source.clone()));
            }
            Effect::Allow if policy.distrusts(statement) => self.withheld.push(statement.clone()),
            Effect::Allow => {
                self.granted_network.push((endpoint.clone(), *kind, statement.source.clone()));
                self.network.grant(protocol, endpoint, label);
            }
        }
        Ok(())
    }

    fn follow_files(
        &mut self,
        statement: &Statement,
        policy: &Policy<'_>,
    ) -> Result<(), PermissionError> {
        let Some(access) = statement.capability.kind.access() else { return Ok(()) };
        for rule in FileRule::parse(access, statement, policy.paths)? {
            match statement.effect {
                Effect::Deny => self.denied.push(rule)?,
                Effect::Allow => self.allow(statement, rule, policy)?,
            }
        }
        Ok(())
    }

    fn allow(
        &mut self,
        statement: &Statement,
        rule: FileRule,
        policy: &Policy<'_>,
    ) -> Result<(), PermissionError> {
        let base = rule.pattern.base();
        policy.paths.refuse_forbidden(base)?;
        self.refuse_protected(base, rule.access)?;
        if policy.distrusts(statement) && !base.starts_with(policy.paths.workspace()) {
            self.withheld.push(statement.clone());
            return Ok(());
        }
        let is_path = rule.target != GIT_INDEX;
        // What the user answered was shown with the links resolved, and what the workspace's files say
        // is not granted outside of it without trust.
        if is_path && matches!(statement.source, Source::User { .. } | Source::Flag) {
            let written = policy.paths.expand(&files::plain(&statement.capability.target));
            policy.paths.refuse_detour(&statement.directory, &written, base)?;
        }
        // A flag means what is there now; a file is written for many machines.
        let is_there = rule.pattern.is_glob() || base.exists();
        if is_path && statement.source == Source::Flag && !is_there {
            return Err(PermissionError::not_there(base));
        }
        if self.granted.iter().len() >= MAX_GRANTS {
            return Err(PermissionError::TooManyGrants { most: MAX_GRANTS, at: rule.target });
        }
        self.granted.push(rule)
    }

    /// Naming a path on the command line requests and grants it.
    fn name(&mut self, path: &NamedPath, paths: &Paths) -> Result<(), PermissionError> {
        let access = path.spec.access;
        paths.refuse_forbidden(&path.host)?;
        self.refuse_protected(&path.host, access)?;
        let rule = FileRule::new(
            access,
            FilePattern::exactly(&path.host),
            &path.host.display().to_string(),
            Effect::Allow,
            Source::Argument,
        );
        let scope = match path.spec.kind {
            PathKind::File => Scope::File,
            PathKind::Directory => Scope::Tree,
        };
        let located = Located { host: path.host.clone(), guest: path.guest.clone() };
        self.mounts.push(Mount::new(located, access, scope));
        self.requested.push(rule.clone())?;
        self.granted.push(rule)
    }

    fn refuse_protected(&self, path: &Path, access: Access) -> Result<(), PermissionError> {
        match self.protected.reason(path).filter(|_| access == Access::Write) {
            Some(what) => Err(PermissionError::Protected { path: path.to_owned(), what }),
            None => Ok(()),
        }
    }
}

impl Policy<'_> {
    /// Whether a statement is one that the user has not vouched for.
    fn distrusts(&self, statement: &Statement) -> bool {
        !self.trusted && statement.source.is_of_workspace()
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
