//! Capabilities by kind, as configuration and lock files write them.

use serde::{Deserialize, Serialize};

use super::{Capability, Kind, Statement};

/// Capabilities by kind, as in a configuration file: sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Targets {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) read: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) write: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) connect: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) udp: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) resolve: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) http: Vec<String>,
}

impl Targets {
    pub(crate) fn new(capabilities: impl IntoIterator<Item = Capability>) -> Self {
        let mut all: Vec<Capability> = capabilities.into_iter().collect();
        all.sort();
        all.dedup();
        let mut targets = Self::default();
        for Capability { kind, target } in all {
            targets.of_mut(kind).push(target);
        }
        targets
    }

    pub(crate) fn of(&self, kind: Kind) -> &[String] {
        match kind {
            Kind::Read => &self.read,
            Kind::Write => &self.write,
            Kind::Env => &self.env,
            Kind::Connect => &self.connect,
            Kind::Udp => &self.udp,
            Kind::Resolve => &self.resolve,
            Kind::Http => &self.http,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Vec<String> {
        match kind {
            Kind::Read => &mut self.read,
            Kind::Write => &mut self.write,
            Kind::Env => &mut self.env,
            Kind::Connect => &mut self.connect,
            Kind::Udp => &mut self.udp,
            Kind::Resolve => &mut self.resolve,
            Kind::Http => &mut self.http,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        Kind::ALL.iter().all(|kind| self.of(*kind).is_empty())
    }

    pub(crate) fn capabilities(&self) -> impl Iterator<Item = Capability> {
        Kind::ALL
            .into_iter()
            .flat_map(|kind| self.of(kind).iter().map(move |target| Capability::new(kind, target)))
    }

    /// Whether something is among them: as it is written, or to read what may be written.
    pub(crate) fn hold(&self, capability: &Capability) -> bool {
        let among = |kind| self.of(kind).contains(&capability.target);
        among(capability.kind) || (capability.kind == Kind::Read && among(Kind::Write))
    }

    /// The first that cannot be, by its kind and place, and why.
    pub(crate) fn impossible(&self) -> Option<(Kind, usize, String)> {
        Kind::ALL.into_iter().find_map(|kind| {
            self.of(kind).iter().enumerate().find_map(|(index, target)| {
                let error = Statement::check(&Capability::new(kind, target)).err()?;
                Some((kind, index, error.to_string()))
            })
        })
    }
}
