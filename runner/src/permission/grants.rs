//! What the user allows, decided.

use std::path::Path;

use super::capability::Request;
use super::files::FilePattern;
use super::mounts::{self, Mount, Scope};
use super::protected::Protected;
use super::rule::{Effect, FileRule, Source, Statement, VariableRule};
use super::{Access, Capability, Decision, Kind, NamedPath, Operation, PathKind, Paths, Ruling};
use super::{PermissionError, paths::Located};

/// What one invocation may reach: what its plugin requested and the user granted, without what was
/// denied. [`Grants::decide`] and [`Grants::none`] are the only ways to get one, and nothing runs
/// without one. What is shown to people and what is enforced are the same rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    requested: Vec<FileRule>,
    granted: Vec<FileRule>,
    denied: Vec<FileRule>,
    protected: Protected,
    mounts: Vec<Mount>,
    environment: Vec<(String, String)>,
    decided: Vec<Decision>,
    effective: Vec<Effective>,
    refused: Vec<Request>,
    withheld: Vec<Statement>,
}

/// What decides.
pub(crate) struct Policy<'a> {
    /// Whether the plugin is part of the runner: then it has what it requests inside the workspace.
    pub(crate) embedded: bool,
    pub(crate) requests: &'a [Request],
    pub(crate) statements: &'a [Statement],
    /// Whether the user trusts the files of the workspace. If not, they grant nothing outside of it.
    pub(crate) trusted: bool,
    pub(crate) named: &'a [NamedPath],
    pub(crate) paths: &'a Paths,
    pub(crate) protected: Protected,
    /// Names and values of the variables that are there.
    pub(crate) environment: &'a [(String, String)],
}

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
        let mut grants = Self { protected: policy.protected.clone(), ..Self::none() };
        grants.request(policy)?;
        let variables = grants.follow(policy)?;
        for path in policy.named {
            grants.name(path, policy.paths)?;
        }
        grants.mounts.extend(mounts::of_rules(&grants.requested, &grants.granted, policy.paths));
        mounts::join(&mut grants.mounts);
        mounts::refuse_ambiguity(&grants.mounts, policy.named)?;
        variables.decide(policy, &mut grants);
        grants.list_effective();
        let is_refused = |request: &&Request| !grants.meets(request, policy);
        grants.refused = policy.requests.iter().filter(is_refused).cloned().collect();
        Ok(grants)
    }

    /// The directories and files that the guest finds, none inside another.
    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
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

    /// What the plugin requested and did not get.
    pub(crate) fn refused(&self) -> &[Request] {
        &self.refused
    }

    /// What the workspace's files would grant if the user trusted them.
    pub(crate) fn withheld(&self) -> &[Statement] {
        &self.withheld
    }

    /// Whether a file of the host's may be read or written. The path is absolute and free of links.
    pub(crate) fn check_path(&self, path: &Path, access: Access) -> Ruling {
        if access == Access::Write
            && let Some(reason) = self.protected.reason(path)
        {
            return Ruling::denied(reason);
        }
        if let Some(denial) = self.denial(path, access) {
            return Ruling { allowed: false, rule: denial.label.clone() };
        }
        let covers = |rule: &&FileRule| rule.access >= access && rule.pattern.covers(path);
        match self.granted.iter().find(covers) {
            None => Ruling::denied("not granted"),
            Some(_) if !self.requested.iter().any(|rule| covers(&rule)) => {
                Ruling::denied("not requested")
            }
            Some(rule) => Ruling { allowed: true, rule: rule.label.clone() },
        }
    }

    /// Whether a directory may be opened, listed and walked: it is granted, or a glob looks into it.
    pub(crate) fn check_directory(&self, path: &Path) -> Ruling {
        if let Some(denial) = self.denial(path, Access::Read) {
            return Ruling { allowed: false, rule: denial.label.clone() };
        }
        let leads = |rule: &&FileRule| {
            let pattern = &rule.pattern;
            pattern.covers(path) || (pattern.is_glob() && pattern.reaches_around(path))
        };
        match self.granted.iter().find(leads) {
            None => Ruling::denied("not granted"),
            Some(_) if !self.requested.iter().any(|rule| leads(&rule)) => {
                Ruling::denied("not requested")
            }
            Some(rule) => Ruling { allowed: true, rule: rule.label.clone() },
        }
    }

    /// Whether a directory may be moved away, or another one to here: what is below it has other paths
    /// then, and would escape a denial.
    pub(crate) fn check_move(&self, path: &Path) -> Ruling {
        let ruling = self.check_path(path, Access::Write);
        if !ruling.allowed {
            return ruling;
        }
        if self.protected.is_below(path) {
            return Ruling::denied("it holds files of the runner's own");
        }
        match self.denied.iter().find(|rule| rule.pattern.reaches_into(path)) {
            Some(rule) => Ruling { allowed: false, rule: rule.label.clone() },
            None => ruling,
        }
    }

    /// A denial of reading is one of writing, too.
    fn denial(&self, path: &Path, access: Access) -> Option<&FileRule> {
        let denies =
            |rule: &&FileRule| rule.access <= access && rule.pattern.covers_or_is_above(path);
        self.denied.iter().find(denies)
    }

    fn request(&mut self, policy: &Policy<'_>) -> Result<(), PermissionError> {
        let workspace = policy.paths.workspace();
        for Request { capability, .. } in policy.requests {
            let Some(access) = capability.kind.access() else { continue };
            let pattern = match FilePattern::parse(&capability.target, workspace, policy.paths) {
                Ok(pattern) => pattern,
                Err(error) if policy.embedded => return Err(error),
                // What cannot be resolved cannot be granted either.
                Err(_) => continue,
            };
            let rule = |source| {
                FileRule::new(access, pattern.clone(), &capability.target, Effect::Allow, source)
            };
            if policy.embedded {
                if !pattern.base().starts_with(workspace) {
                    return Err(PermissionError::OutsideWorkspace {
                        directory: capability.target.clone(),
                        path: pattern.base().to_owned(),
                    });
                }
                policy.paths.refuse_forbidden(pattern.base())?;
                self.granted.push(rule(Source::Embedded));
            }
            self.requested.push(rule(Source::Argument));
        }
        Ok(())
    }

    fn follow(&mut self, policy: &Policy<'_>) -> Result<Variables, Unusable> {
        let mut variables = Variables::default();
        for (index, statement) in policy.statements.iter().enumerate() {
            let unusable = |error| Unusable { statement: Some(index), error };
            match statement.capability.kind {
                Kind::Read | Kind::Write => {
                    self.follow_files(statement, policy).map_err(unusable)?;
                }
                Kind::Env => {
                    match (statement.effect, VariableRule::parse(statement).map_err(unusable)?) {
                        (Effect::Deny, rule) => variables.denied.push(rule),
                        (Effect::Allow, _) if policy.distrusts(statement) => {
                            self.withheld.push(statement.clone());
                        }
                        (Effect::Allow, rule) => variables.granted.push(rule),
                    }
                }
                Kind::Connect | Kind::Udp | Kind::Resolve | Kind::Http => {}
            }
        }
        Ok(variables)
    }

    fn follow_files(
        &mut self,
        statement: &Statement,
        policy: &Policy<'_>,
    ) -> Result<(), PermissionError> {
        let Some(access) = statement.capability.kind.access() else { return Ok(()) };
        let rule = FileRule::parse(access, statement, policy.paths)?;
        if statement.effect == Effect::Deny {
            self.denied.push(rule);
            return Ok(());
        }
        let base = rule.pattern.base();
        policy.paths.refuse_forbidden(base)?;
        self.refuse_protected(base, access)?;
        if policy.distrusts(statement) && !base.starts_with(policy.paths.workspace()) {
            self.withheld.push(statement.clone());
            return Ok(());
        }
        // A flag means what is there now; a file is written for many machines.
        if statement.source == Source::Flag && !rule.pattern.is_glob() && !base.exists() {
            return Err(PermissionError::not_there(base));
        }
        self.granted.push(rule);
        Ok(())
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
        self.requested.push(rule.clone());
        self.granted.push(rule);
        Ok(())
    }

    fn refuse_protected(&self, path: &Path, access: Access) -> Result<(), PermissionError> {
        match self.protected.reason(path).filter(|_| access == Access::Write) {
            Some(what) => Err(PermissionError::Protected { path: path.to_owned(), what }),
            None => Ok(()),
        }
    }

    /// What people see of the file rules: where a request and a grant meet.
    fn list_effective(&mut self) {
        for granted in &self.granted {
            for requested in &self.requested {
                let Some(base) = granted.pattern.common_base(&requested.pattern) else { continue };
                // What is denied as a whole is no gain to anybody.
                if self.denial(base, granted.access.min(requested.access)).is_some() {
                    continue;
                }
                let deeper = if granted.pattern.base() == base { granted } else { requested };
                let kind = granted.access.min(requested.access).into();
                self.effective.push(Effective {
                    capability: Capability::new(kind, deeper.pattern.to_string()),
                    source: granted.source.clone(),
                });
            }
        }
        self.effective.sort();
        self.effective.dedup();
    }

    /// Whether a request is granted, at least in part.
    fn meets(&self, request: &Request, policy: &Policy<'_>) -> bool {
        let Capability { kind, target } = &request.capability;
        match kind {
            Kind::Read | Kind::Write => {
                let workspace = policy.paths.workspace();
                FilePattern::parse(target, workspace, policy.paths).is_ok_and(|wanted| {
                    self.granted.iter().any(|granted| {
                        Kind::from(granted.access) >= *kind
                            && granted.pattern.common_base(&wanted).is_some()
                    })
                })
            }
            Kind::Env => super::VariablePattern::parse(target).is_some_and(|wanted| {
                self.decided
                    .iter()
                    .any(|decision| decision.allowed && wanted.matches(&decision.target))
            }),
            Kind::Connect | Kind::Udp | Kind::Resolve | Kind::Http => false,
        }
    }
}

impl Policy<'_> {
    /// Whether a statement is one that the user has not vouched for.
    fn distrusts(&self, statement: &Statement) -> bool {
        !self.trusted && statement.source.is_of_workspace()
    }
}

/// The rules about variables, which are decided before anything runs.
#[derive(Default)]
struct Variables {
    granted: Vec<VariableRule>,
    denied: Vec<VariableRule>,
}

impl Variables {
    fn decide(&self, policy: &Policy<'_>, grants: &mut Grants) {
        let requested: Vec<_> = policy
            .requests
            .iter()
            .filter(|request| request.capability.kind == Kind::Env)
            .filter_map(|request| super::VariablePattern::parse(&request.capability.target))
            .collect();
        for (name, value) in policy.environment {
            if !requested.iter().any(|pattern| pattern.matches(name)) {
                continue;
            }
            let matching = |rules: &[VariableRule]| {
                rules.iter().find(|rule| rule.pattern.matches(name)).map(|rule| rule.label.clone())
            };
            let ruling = match (matching(&self.denied), matching(&self.granted)) {
                (Some(rule), _) => Ruling { allowed: false, rule },
                (None, Some(rule)) => Ruling { allowed: true, rule },
                (None, None) => continue,
            };
            if ruling.allowed {
                grants.environment.push((name.clone(), value.clone()));
            }
            grants.decided.push(ruling.on(Operation::Environment, name));
        }
        for rule in &self.granted {
            for requested in requested.iter().filter(|pattern| pattern.overlaps(&rule.pattern)) {
                // The narrower of the two is what they have in common.
                let narrower = if requested.to_string().len() > rule.pattern.to_string().len() {
                    requested
                } else {
                    &rule.pattern
                };
                if self.denied.iter().any(|denied| denied.pattern.covers(narrower)) {
                    continue;
                }
                grants.effective.push(Effective {
                    capability: Capability::new(Kind::Env, narrower.to_string()),
                    source: rule.source.clone(),
                });
            }
        }
    }
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
