//! The network: each socket, look-up and request of a guest's passes here, is decided by the rules of
//! its grants, and recorded.
//!
//! Sockets are wasmtime-wasi's own, which asks [`Network::admits`] before each of their steps. Look-ups
//! (`lookup`) are ours, for wasmtime-wasi knows them only as allowed or not; what one led to is
//! remembered (`pins`), so that a grant of a name reaches the addresses which that name had, and no
//! others. Requests (`http`) are ours too, for wasmtime-wasi-http connects wherever a name leads.

mod answers;
mod connect;
mod http;
mod lookup;
mod p3;
mod pins;
mod requests;
mod resolver;
mod sockets;
mod transfer;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

use crate::permission::{
    Host, HostName, NetworkRules, Operation, Origin, Protocol, Ruling, Ticket, Unanswered, Witness,
};

pub(super) use answers::{add_connections_to_linker, add_datagrams_to_linker};
pub(super) use http::Http;
pub(super) use lookup::{LookupError, add_to_linker as add_lookup_to_linker};
pub(super) use p3::{
    add_lookup_to_linker as add_p3_lookup_to_linker,
    add_sockets_to_linker as add_p3_sockets_to_linker,
};
pub(super) use requests::add_types_to_linker as add_http_types_to_linker;
pub(super) use sockets::{add_tcp_to_linker, add_udp_to_linker};

use answers::Connecting;
use pins::Pins;

/// The network of one instance.
#[derive(Clone)]
pub(super) struct Network(Arc<Shared>);

struct Shared {
    rules: Arc<NetworkRules>,
    witness: Witness,
    pins: Mutex<Pins>,
    /// The last decision on a datagram: a stream of them is recorded once.
    last_datagram: Mutex<Option<(Ruling, String)>>,
    /// What was decided in the call that is being polled.
    unanswered: Unanswered,
    connecting: Mutex<Connecting>,
    /// Each look-up takes a thread as long as it lasts.
    lookups: Arc<Semaphore>,
    /// What asks the system.
    resolve: fn(&HostName) -> io::Result<Vec<IpAddr>>,
}

/// The most look-ups at once.
const MAX_LOOKUPS: usize = 8;

const NOT_OFFERED: &str = "nobody may listen, or choose a local address";

impl Network {
    pub(super) fn new(rules: Arc<NetworkRules>, witness: Witness) -> Self {
        Self(Arc::new(Shared {
            rules,
            witness,
            pins: Mutex::default(),
            last_datagram: Mutex::default(),
            unanswered: Unanswered::default(),
            connecting: Mutex::default(),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            resolve: resolver::addresses,
        }))
    }

    /// Lets a guest have sockets, also where nothing is granted: languages make them before they say
    /// what for, and only then can be told what was refused. What a socket may do is asked here at each
    /// step. Look-ups are not wasmtime-wasi's at all.
    pub(super) fn open(&self, builder: &mut WasiCtxBuilder) {
        builder.allow_tcp(true).allow_udp(true).allow_ip_name_lookup(false);
        let network = self.clone();
        builder.socket_addr_check(move |address, step| {
            let admitted = network.admits(address, step);
            Box::pin(std::future::ready(admitted))
        });
    }

    /// Whether a socket may take a step.
    fn admits(&self, address: SocketAddr, step: SocketAddrUse) -> bool {
        let is_free = address.port() == 0;
        match step {
            SocketAddrUse::TcpConnect => {
                let (ruling, target) = self.decide(Protocol::Tcp, address);
                self.begin_connection(address, self.tell(&ruling, Operation::Connect, target));
                ruling.allowed
            }
            SocketAddrUse::UdpSend => {
                let (ruling, target) = self.decide(Protocol::Udp, address);
                self.record_datagram(&ruling, target)
            }
            // Who sends it is no deed of the guest's, so it is not recorded.
            SocketAddrUse::UdpReceive => self.decide(Protocol::Udp, address).0.allowed,
            // Sockets that have no address yet get one in this way, before they connect or send.
            SocketAddrUse::TcpBind if is_free && address.ip().is_unspecified() => true,
            SocketAddrUse::UdpBind if is_free => true,
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind | SocketAddrUse::TcpListen => {
                let ruling = Ruling { allowed: false, rule: NOT_OFFERED.into() };
                self.record(&ruling, Operation::Listen, address.to_string())
            }
            SocketAddrUse::TcpAccept => false,
        }
    }

    /// The ruling on an address, and what the address is called in the record of it: by the name that
    /// led there, if there is one.
    fn decide(&self, protocol: Protocol, address: SocketAddr) -> (Ruling, String) {
        let names = self.pins().names_of(address.ip());
        let ruling = self.0.rules.check_address(protocol, address, &names);
        let host = match names.last() {
            Some(name) => Host::Name(name.clone()),
            None => Host::Address(address.ip()),
        };
        (ruling, format!("{host}:{}", address.port()))
    }

    fn check_name(&self, name: &HostName) -> bool {
        let ruling = self.0.rules.check_name(name);
        self.record(&ruling, Operation::Resolve, name.to_string())
    }

    fn record_origin(&self, ruling: &Ruling, origin: &Origin) -> bool {
        self.record(ruling, Operation::Http, origin.to_string())
    }

    /// Tells of a decision; whether it allows. What comes of it is told by who does what was allowed.
    fn record(&self, ruling: &Ruling, operation: Operation, target: String) -> bool {
        self.0.unanswered.add(self.tell(ruling, operation, target));
        ruling.allowed
    }

    /// What is refused is answered with that.
    fn tell(&self, ruling: &Ruling, operation: Operation, target: String) -> Option<Ticket> {
        if ruling.allowed {
            return self.0.witness.tell(ruling, operation, || target);
        }
        self.0.witness.tell_refused(ruling, operation, || target);
        None
    }

    fn record_datagram(&self, ruling: &Ruling, target: String) -> bool {
        let decision = (ruling.clone(), target);
        let mut last = self.0.last_datagram.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(&decision) {
            self.record(ruling, Operation::Udp, decision.1.clone());
            *last = Some(decision);
        }
        ruling.allowed
    }

    fn rules(&self) -> &NetworkRules {
        &self.0.rules
    }

    fn pins(&self) -> std::sync::MutexGuard<'_, Pins> {
        self.0.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
