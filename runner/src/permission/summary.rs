//! What grants come to, for people: what is granted in effect, and which requests are met.

use super::files::FilePattern;
use super::grants::{Effective, Policy};
use super::{Capability, Endpoint, Grants, Kind, Request, VariablePattern};

impl Grants {
    /// What people see of the file rules: where a request and a grant meet.
    pub(super) fn list_effective(&mut self) {
        for granted in self.granted.iter() {
            for requested in self.requested.iter() {
                let Some(base) = granted.pattern.common_base(&requested.pattern) else { continue };
                // What is denied as a whole is no gain to anybody.
                if self.denied.denying(base, granted.access.min(requested.access)).is_some() {
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
        self.effective.extend(self.variables.effective());
        for (endpoint, kind, source) in &self.granted_network {
            let Some(protocol) = kind.protocol() else { continue };
            for common in self.network.effective(protocol, endpoint) {
                let capability = Capability::new(*kind, common.to_string());
                self.effective.push(Effective { capability, source: source.clone() });
            }
        }
        self.effective.sort();
        self.effective.dedup();
        // Who may write may read.
        let all = self.effective.clone();
        self.effective.retain(|Effective { capability: Capability { kind, target }, source }| {
            let capability = Capability::new(Kind::Write, target);
            let writes = Effective { capability, source: source.clone() };
            *kind != Kind::Read || all.binary_search(&writes).is_err()
        });
    }

    /// Whether a request is granted, at least in part.
    pub(super) fn meets(&self, request: &Request, policy: &Policy<'_>) -> bool {
        let Capability { kind, target } = &request.capability;
        match kind {
            Kind::Read | Kind::Write => {
                let workspace = policy.paths.workspace();
                let meets = |wanted: &FilePattern| {
                    self.granted.iter().any(|granted| {
                        let common = granted.pattern.common_base(wanted);
                        Kind::from(granted.access) >= *kind
                            && common.is_some_and(|base| {
                                self.denied.denying(base, granted.access).is_none()
                            })
                    })
                };
                let wanted = FilePattern::all(target, workspace, policy.paths);
                wanted.is_ok_and(|wanted| wanted.is_empty() || wanted.iter().any(meets))
            }
            Kind::Env => VariablePattern::parse(target)
                .is_some_and(|wanted| self.variables.is_granted_in_part(&wanted)),
            Kind::Connect | Kind::Udp | Kind::Resolve | Kind::Http => {
                kind.protocol().is_some_and(|protocol| {
                    Endpoint::parse(protocol, target)
                        .is_ok_and(|wanted| self.network.is_granted_in_part(protocol, &wanted))
                })
            }
        }
    }
}
