//! Which hosts a guest may reach, and how: the decision on each look-up, connection and request.
//!
//! What is not granted is denied, and a denial wins over every grant. A name is somebody else's word,
//! so neither a name nor `*` leads to the machine itself, to a link-local address, to a cloud's
//! metadata service, or to any other special address: a grant must name those, by an address, by a
//! network inside of their range, or as `localhost`. Private networks are reached by name or address,
//! not by `*`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::address::{Range, canonical};
use super::endpoint::{Endpoint, EndpointError, Hosts, Ports, Protocol, Scheme};
use super::host::{Host, HostName};
use super::host_rules::HostRules;
use super::{Capability, Explanation, Ruling};

/// The rules of one invocation for the network.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkRules {
    granted: Vec<Rule>,
    denied: HostRules,
    /// Grants reach no further than this.
    requested: Vec<(Protocol, Endpoint)>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) protocol: Protocol,
    pub(super) endpoint: Endpoint,
    /// Where it is from, as it is shown to people.
    pub(super) label: Arc<str>,
}

/// Where a request by HTTP goes: `https://example.org:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// One use of the network, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) protocol: Protocol,
    pub(super) scheme: Option<Scheme>,
    /// None where it is a name that is looked up.
    pub(super) port: Option<u16>,
    /// The names that led to the address, or that are looked up.
    pub(super) names: &'a [HostName],
    pub(super) address: Option<IpAddr>,
}

impl NetworkRules {
    /// Whether nothing is granted.
    pub(crate) fn is_empty(&self) -> bool {
        self.granted.is_empty()
    }

    pub(crate) fn grant(
        &mut self,
        protocol: Protocol,
        endpoint: Endpoint,
        label: impl Into<Arc<str>>,
    ) {
        self.granted.push(Rule { protocol, endpoint, label: label.into() });
    }

    /// A port that is not written is the scheme's own in a grant, and every port in a denial.
    pub(crate) fn deny(
        &mut self,
        protocol: Protocol,
        mut endpoint: Endpoint,
        label: impl Into<Arc<str>>,
    ) {
        if endpoint.ports == Ports::Own {
            endpoint.ports = Ports::Any;
        }
        self.denied.push(Rule { protocol, endpoint, label: label.into() });
    }

    /// Lets the grants reach as far as this, and no further.
    pub(crate) fn request(&mut self, protocol: Protocol, endpoint: Endpoint) {
        self.requested.push((protocol, endpoint));
    }

    /// Whether a grant and a request have something in common.
    pub(super) fn is_granted_in_part(&self, protocol: Protocol, wanted: &Endpoint) -> bool {
        let of = |rule: &&Rule| rule.protocol == protocol;
        self.granted.iter().filter(of).any(|rule| rule.endpoint.overlaps(wanted))
            && !self.denied.iter().filter(of).any(|rule| rule.endpoint.covers(wanted))
    }

    /// Where a grant and the requests meet: the narrower of both, unless it is denied as a whole.
    pub(super) fn effective<'a>(
        &'a self,
        protocol: Protocol,
        granted: &'a Endpoint,
    ) -> impl Iterator<Item = &'a Endpoint> {
        let requests = self.requested.iter().filter(move |(asked, _)| *asked == protocol);
        requests
            .filter(|(_, wanted)| wanted.overlaps(granted))
            .map(move |(_, wanted)| if granted.covers(wanted) { wanted } else { granted })
            .filter(move |common| {
                let mut denied = self.denied.iter().filter(|rule| rule.protocol == protocol);
                !denied.any(|rule| rule.endpoint.covers(common))
            })
    }

    /// Whether a name may be looked up: it is granted itself, or something is granted that is reached
    /// by it.
    pub(crate) fn check_name(&self, name: &HostName) -> Ruling {
        let names = std::slice::from_ref(name);
        let of = |protocol| Target { protocol, scheme: None, port: None, names, address: None };
        if let Some(denial) = self.denied.covering(of(Protocol::Resolve)) {
            return Ruling::by(&denial.label, false);
        }
        for protocol in [Protocol::Resolve, Protocol::Tcp, Protocol::Udp] {
            let grant = self
                .granted_for(of(protocol))
                .find(|grant| grant.endpoint.hosts.names(name) && !self.denies_all(grant, name));
            if let Some(grant) = grant {
                return Ruling::by(&grant.label, true);
            }
        }
        Ruling::not_granted()
    }

    /// Whether a host may be reached by TCP or UDP. `names` are those whose look-up in this run gave
    /// the address.
    pub(crate) fn check_address(
        &self,
        protocol: Protocol,
        address: SocketAddr,
        names: &[HostName],
    ) -> Ruling {
        self.check_target(Target {
            protocol,
            scheme: None,
            port: Some(address.port()),
            names,
            address: Some(address.ip()),
        })
    }

    /// Whether a request may be sent to a named origin, before its name is looked up.
    pub(crate) fn check_origin(&self, origin: &Origin, name: &HostName) -> Ruling {
        self.check_target(Target {
            protocol: Protocol::Http,
            scheme: Some(origin.scheme),
            port: Some(origin.port),
            names: std::slice::from_ref(name),
            address: None,
        })
    }

    /// Whether a request to an origin may go to this address, which its name led to or which it is.
    pub(crate) fn check_origin_at(&self, origin: &Origin, address: IpAddr) -> Ruling {
        self.check_target(Target {
            protocol: Protocol::Http,
            scheme: Some(origin.scheme),
            port: Some(origin.port),
            names: match &origin.host {
                Host::Name(name) => std::slice::from_ref(name),
                Host::Address(_) => &[],
            },
            address: Some(address),
        })
    }

    /// What decides on one host and port as somebody names it. What a name leads to is not looked up.
    pub(super) fn explain(
        &self,
        protocol: Protocol,
        asked: &Capability,
    ) -> Result<Explanation, EndpointError> {
        let Endpoint { scheme, hosts, ports } = Endpoint::parse(protocol, &asked.target)?;
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let (names, address) = match hosts {
            Hosts::Name(name) => (vec![name], None),
            Hosts::Localhost => (Vec::new(), Some(loopback)),
            Hosts::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                (Vec::new(), Some(network.addr()))
            }
            Hosts::Any | Hosts::Below(_) | Hosts::Network(_) => return Err(EndpointError::NotOne),
        };
        let scheme = (protocol == Protocol::Http).then(|| scheme.unwrap_or(Scheme::Https));
        let port = match (ports, protocol) {
            (_, Protocol::Resolve) => None,
            (Ports::One(port), _) => Some(port),
            (Ports::Own, _) => scheme.map(Scheme::port),
            (Ports::Any, _) => return Err(EndpointError::NotOne),
        };
        let target = Target { protocol, scheme, port, names: &names, address };
        let ruling = match (protocol, names.first()) {
            (Protocol::Resolve, Some(name)) => self.check_name(name),
            _ => self.check_target(target),
        };
        let labels = |rules: std::slice::Iter<'_, Rule>| {
            let concern = |rule: &&Rule| target.is_covered(rule.protocol, &rule.endpoint);
            rules.filter(concern).map(|rule| Arc::clone(&rule.label)).collect()
        };
        let requested =
            self.requested.iter().any(|(protocol, asked)| target.is_covered(*protocol, asked));
        Ok(Explanation {
            asked: asked.clone(),
            target: asked.target.clone(),
            ruling,
            requested,
            granted: labels(self.granted.iter()),
            denied: labels(self.denied.iter()),
        })
    }

    fn check_target(&self, target: Target<'_>) -> Ruling {
        if let Some(denial) = self.denied.covering(target) {
            return Ruling::by(&denial.label, false);
        }
        let special = target.address.and_then(|at| Some((at, Range::of(at)?)));
        let mut short_of = None;
        for grant in self.granted_for(target) {
            match special {
                _ if self.reaches(grant, target) => return Ruling::by(&grant.label, true),
                Some((address, range)) if target.is_meant_by(&grant.endpoint.hosts) => {
                    short_of = Some((grant, address, range));
                }
                _ => {}
            }
        }
        match short_of {
            Some((grant, address, range)) => Ruling::denied(&format!(
                "{} does not reach {address}, a {} address, unless it names it",
                grant.label, range.what
            )),
            None => Ruling::not_granted(),
        }
    }

    /// The grants for this protocol and port, if the target was requested at all.
    fn granted_for(&self, target: Target<'_>) -> impl Iterator<Item = &Rule> {
        let covers = |(protocol, endpoint): &(_, _)| target.is_covered(*protocol, endpoint);
        let requested = self.requested.iter().any(covers);
        self.granted
            .iter()
            .filter(move |rule| requested && target.is_at(rule.protocol, &rule.endpoint))
    }

    /// Whether a grant is enough for a target.
    fn reaches(&self, grant: &Rule, target: Target<'_>) -> bool {
        let hosts = &grant.endpoint.hosts;
        let Some(address) = target.address else { return target.is_meant_by(hosts) };
        let range = Range::of(address);
        match hosts {
            // Where some name is denied, `*` reaches no address that nobody looked up: it may be that name's.
            Hosts::Any => {
                range.is_none()
                    && (!target.names.is_empty() || !self.denied.mean_names(grant.protocol))
            }
            Hosts::Localhost => range.is_some_and(Range::is_loopback),
            Hosts::Name(_) | Hosts::Below(_) => {
                range.is_none_or(|range| range.private) && target.is_meant_by(hosts)
            }
            Hosts::Network(network) => {
                network.contains(&canonical(address))
                    && range.is_none_or(|range| range.network.contains(network))
            }
        }
    }

    /// Whether everything that a grant gives under this name is denied.
    fn denies_all(&self, grant: &Rule, name: &HostName) -> bool {
        self.denied.cover_name(grant.protocol, name, grant.endpoint.ports)
    }
}

impl Target<'_> {
    /// Whether an endpoint has this protocol, scheme and port.
    fn is_at(&self, protocol: Protocol, endpoint: &Endpoint) -> bool {
        self.protocol == protocol
            && endpoint.scheme.is_none_or(|scheme| self.scheme == Some(scheme))
            && self.port.is_none_or(|port| endpoint.ports.hold(port, self.scheme))
    }

    /// Whether the hosts stand for this one, whatever kind of address it has.
    fn is_meant_by(&self, hosts: &Hosts) -> bool {
        let range = self.address.and_then(Range::of);
        self.names.iter().any(|name| hosts.names(name))
            || match hosts {
                Hosts::Any => true,
                Hosts::Localhost => range.is_some_and(Range::is_loopback),
                _ => self.address.is_some_and(|address| hosts.holds(address)),
            }
    }

    fn is_covered(&self, protocol: Protocol, endpoint: &Endpoint) -> bool {
        self.is_at(protocol, endpoint) && self.is_meant_by(&endpoint.hosts)
    }
}

/// As a grant would name it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        if self.port == self.scheme.port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
