//! Which names led to which addresses in this run.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::permission::HostName;

/// What the look-ups of one instance gave. A grant by name reaches these addresses and no others, so
/// that the guest cannot call any address by a granted name.
#[derive(Debug, Default)]
pub(super) struct Pins(VecDeque<(HostName, Vec<IpAddr>)>);

/// The most names that are remembered; then the one that was looked up longest ago goes.
const MAX_NAMES: usize = 1024;

/// The most addresses of a name that are used.
const MAX_ADDRESSES: usize = 64;

impl Pins {
    /// Remembers what a name led to, in the place of what it led to before: the addresses that count.
    pub(super) fn pin(&mut self, name: &HostName, mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        addresses.truncate(MAX_ADDRESSES);
        let mut known =
            self.0.iter().position(|(pinned, _)| pinned == name).map(|at| self.0.remove(at));
        // A connection that was prepared with an earlier answer goes on with it.
        if let Some(Some((_, earlier))) = known.as_mut() {
            earlier.retain(|address| !addresses.contains(address));
            earlier.truncate(MAX_ADDRESSES);
        }
        let earlier = known.flatten().map(|(_, earlier)| earlier).unwrap_or_default();
        if self.0.len() == MAX_NAMES {
            self.0.pop_front();
        }
        self.0.push_back((name.clone(), [addresses.clone(), earlier].concat()));
        addresses
    }

    /// The names that led to an address, the latest last.
    pub(super) fn names_of(&self, address: IpAddr) -> Vec<HostName> {
        let address = address.to_canonical();
        self.0
            .iter()
            .filter(|(_, addresses)| {
                addresses.iter().any(|pinned| pinned.to_canonical() == address)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }
}
