//! Rules about hosts and ports, so arranged that a question costs the same whether there are ten or ten thousand.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::address::{Range, canonical};
use super::endpoint::{Endpoint, Hosts, Ports, Protocol, Scheme};
use super::host::HostName;
use super::network::{Rule, Target};

/// The rules, in their order, and where each endpoint stands first among them.
#[derive(Clone, Debug, Default)]
pub(super) struct HostRules {
    rules: Vec<Rule>,
    first: HashMap<(Protocol, Endpoint), usize>,
    /// The lengths that the networks have.
    lengths: BTreeSet<u8>,
    /// How the network is used where hosts are meant by name.
    by_name: HashSet<Protocol>,
}

impl HostRules {
    pub(super) fn push(&mut self, rule: Rule) {
        let Rule { protocol, endpoint, .. } = &rule;
        if let Hosts::Network(network) = endpoint.hosts {
            self.lengths.insert(network.prefix_len());
        }
        if endpoint.hosts.is_by_name() {
            self.by_name.insert(*protocol);
        }
        self.first.entry((*protocol, endpoint.clone())).or_insert(self.rules.len());
        self.rules.push(rule);
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Rule> {
        self.rules.iter()
    }

    /// Whether a rule means hosts by name.
    pub(super) fn mean_names(&self, protocol: Protocol) -> bool {
        self.by_name.contains(&protocol)
    }

    /// The first rule that covers a target.
    pub(super) fn covering(&self, target: Target<'_>) -> Option<&Rule> {
        // Denials of look-ups have no ports, and are for all.
        let own = target.port.map(|port| [Ports::Own, Ports::One(port)]);
        let ports: Vec<Ports> = [Ports::Any].into_iter().chain(own.into_iter().flatten()).collect();
        self.first(target.protocol, self.hosts(target.names, target.address), target.scheme, &ports)
    }

    /// Whether a rule is about all that a name leads to at these ports.
    pub(super) fn cover_name(&self, protocol: Protocol, name: &HostName, ports: Ports) -> bool {
        let hosts = self.hosts(std::slice::from_ref(name), None);
        self.first(protocol, hosts, None, &[Ports::Any, ports]).is_some()
    }

    fn first(
        &self,
        protocol: Protocol,
        hosts: impl Iterator<Item = Hosts>,
        scheme: Option<Scheme>,
        ports: &[Ports],
    ) -> Option<&Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let schemes = [None, scheme];
        let schemes = &schemes[..1 + usize::from(scheme.is_some())];
        let endpoints = hosts.flat_map(|hosts| {
            let all = schemes.iter().flat_map(|scheme| ports.iter().map(|ports| (*scheme, *ports)));
            all.map(move |(scheme, ports)| Endpoint { scheme, hosts: hosts.clone(), ports })
        });
        let found = endpoints.filter_map(|endpoint| self.first.get(&(protocol, endpoint)));
        found.min().map(|index| &self.rules[*index])
    }

    /// The ways in which rules name a host.
    fn hosts<'a>(
        &'a self,
        names: &'a [HostName],
        address: Option<IpAddr>,
    ) -> impl Iterator<Item = Hosts> + use<'a> {
        let is_local = names.iter().any(HostName::is_localhost)
            || address.and_then(Range::of).is_some_and(Range::is_loopback);
        let named = names.iter().flat_map(|name| {
            [Hosts::Name(name.clone())].into_iter().chain(name.parents().map(Hosts::Below))
        });
        let address = address.map(canonical);
        let networks = self.lengths.iter().filter_map(move |length| {
            IpNet::new(address?, *length).ok().map(|network| Hosts::Network(network.trunc()))
        });
        let others = [Hosts::Any].into_iter().chain(is_local.then_some(Hosts::Localhost));
        others.chain(named).chain(networks)
    }
}
