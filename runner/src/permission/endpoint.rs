//! What a grant or a denial of the network names: hosts and ports.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::address::canonical;
use super::host::{Host, HostName};

/// How the network is used. Each is granted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    /// Connections by TCP; what they need of name look-ups is included.
    Tcp,
    /// Datagrams by UDP; what they need of name look-ups is included.
    Udp,
    /// Look-ups of names, and nothing else.
    Resolve,
    /// Requests through `wasi:http`.
    Http,
}

/// Hosts and ports, as a policy names them.
///
/// `example.org:443`, `*.example.org:443`, `*:443`, `localhost:3000`, `10.0.0.0/8:5432`, `[::1]:80`,
/// `example.org:*`; for look-ups a name without a port, for HTTP a host with or without one or an
/// origin such as `https://example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    pub(super) scheme: Option<Scheme>,
    pub(super) hosts: Hosts,
    pub(super) ports: Ports,
}

/// Of a request by HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hosts {
    /// `*`
    Any,
    /// `localhost`: the machine itself, under that name and by its loopback addresses.
    Localhost,
    Name(HostName),
    /// `*.example.org`: every name below this one.
    Below(HostName),
    /// One address, or those of a network.
    Network(IpNet),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ports {
    /// `*`
    Any,
    One(u16),
    /// Not written: the scheme's own. For look-ups, which have no port, it means nothing.
    Own,
}

/// Why a text names no endpoint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("there is no port: write `{0}:443`, or `{0}:*` for all")]
    NoPort(String),
    #[error("`{0}` is no port: a number from 1 to 65535, or `*`")]
    Port(String),
    #[error("`{0}` is no host: a name, `*.` before a name, an address, a network or `*`")]
    Host(String),
    #[error("`{0}` has bits outside of its network: write `{1}`")]
    HostBits(String, IpNet),
    #[error("what is looked up is a name or `*.` before a name, without a port")]
    NotAName,
    #[error("only `http://` and `https://` with a host and a port")]
    Origin,
    #[error("name one host and one port, such as `example.org:443`")]
    NotOne,
}

impl Endpoint {
    pub(crate) fn parse(protocol: Protocol, text: &str) -> Result<Self, EndpointError> {
        match protocol {
            Protocol::Tcp | Protocol::Udp => {
                let (host, port) = split_port(text);
                let port = port.ok_or_else(|| EndpointError::NoPort(text.to_owned()))?;
                Ok(Self { scheme: None, hosts: Hosts::parse(host)?, ports: Ports::parse(port)? })
            }
            Protocol::Resolve => match Hosts::parse(text) {
                Ok(Hosts::Network(_)) | Err(_) => Err(EndpointError::NotAName),
                Ok(hosts) => Ok(Self { scheme: None, hosts, ports: Ports::Own }),
            },
            Protocol::Http => Self::parse_http(text),
        }
    }

    fn parse_http(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some(("http", rest)) => (Some(Scheme::Http), rest),
            Some(("https", rest)) => (Some(Scheme::Https), rest),
            Some(_) => return Err(EndpointError::Origin),
        };
        // A path would look as if only it were granted.
        let rest = if scheme.is_some() { rest.strip_suffix('/').unwrap_or(rest) } else { rest };
        let (host, port) = split_port(rest);
        let ports = port.map_or(Ok(Ports::Own), Ports::parse)?;
        Ok(Self { scheme, hosts: Hosts::parse(host)?, ports })
    }
}

/// Takes the port off: what follows the last colon that is not part of an IPv6 address.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

impl Hosts {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        let wrong = || EndpointError::Host(text.to_owned());
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(parent) = text.strip_prefix("*.") {
            return HostName::new(parent).map(Self::Below).ok_or_else(wrong);
        }
        if let Some((address, length)) = text.split_once('/') {
            let Some(Host::Address(address)) = in_brackets(address) else { return Err(wrong()) };
            let length = length.parse().map_err(|_| wrong())?;
            let network = IpNet::new(address, length).map_err(|_| wrong())?;
            if network.trunc() != network {
                return Err(EndpointError::HostBits(text.to_owned(), network.trunc()));
            }
            return Ok(Self::Network(network));
        }
        match in_brackets(text).ok_or_else(wrong)? {
            Host::Address(address) => Ok(Self::Network(address.into())),
            Host::Name(name) if name.is_localhost() => Ok(Self::Localhost),
            Host::Name(name) => Ok(Self::Name(name)),
        }
    }

    /// Whether it stands for hosts by name; so that one of its names may be looked up.
    pub(super) fn names(&self, name: &HostName) -> bool {
        match self {
            Self::Any => true,
            Self::Localhost => name.is_localhost(),
            Self::Name(own) => own == name,
            Self::Below(parent) => name
                .as_str()
                .strip_suffix(parent.as_str())
                .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
            Self::Network(_) => false,
        }
    }

    /// Whether it is a name, or all below one.
    pub(super) fn is_by_name(&self) -> bool {
        matches!(self, Self::Name(_) | Self::Below(_))
    }

    pub(super) fn holds(&self, address: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&canonical(address)))
    }
}

/// A host; an IPv6 address has brackets around it, for a colon also stands before a port.
fn in_brackets(text: &str) -> Option<Host> {
    if text.contains(':') && !text.starts_with('[') { None } else { Host::new(text) }
}

impl Ports {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(port @ 1..) if plain => Ok(Self::One(port)),
            _ => Err(EndpointError::Port(text.to_owned())),
        }
    }

    pub(super) fn hold(self, port: u16, scheme: Option<Scheme>) -> bool {
        match self {
            Self::Any => true,
            Self::One(own) => own == port,
            Self::Own => scheme.is_none_or(|scheme| scheme.port() == port),
        }
    }
}

impl Scheme {
    /// Its port where none is written.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Endpoint {
    /// Whether something may be meant by both. A name may lead to any address.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let ports = match (self.ports, other.ports) {
            (Ports::One(one), Ports::One(other)) => one == other,
            _ => true,
        };
        let schemes = match (self.scheme, other.scheme) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        ports && schemes && self.hosts.overlap(&other.hosts)
    }
}

impl Endpoint {
    /// Whether everything that the other stands for is meant by this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let ports = self.ports == Ports::Any || self.ports == other.ports;
        let schemes = self.scheme.is_none() || self.scheme == other.scheme;
        ports && schemes && self.hosts.cover(&other.hosts)
    }
}

impl Hosts {
    fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Name(name)) => self.names(name),
            (Self::Below(_), Self::Below(parent)) => self == other || self.names(parent),
            (Self::Network(own), Self::Network(network)) => own.contains(network),
            _ => self == other,
        }
    }

    fn overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(name), hosts) | (hosts, Self::Name(name)) if hosts.is_by_name() => {
                hosts.names(name)
            }
            (Self::Below(one), Self::Below(other)) => {
                one == other || self.names(other) || Self::Below(other.clone()).names(one)
            }
            (Self::Network(one), Self::Network(other)) => {
                one.contains(other) || other.contains(one)
            }
            _ => true,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{}://", scheme.as_str())?;
        }
        write!(f, "{}", self.hosts)?;
        match self.ports {
            Ports::Any => f.write_str(":*"),
            Ports::One(port) => write!(f, ":{port}"),
            Ports::Own => Ok(()),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Localhost => f.write_str("localhost"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Below(parent) => write!(f, "*.{parent}"),
            Self::Network(network) => {
                write!(f, "{}", Host::Address(network.addr()))?;
                if network.prefix_len() < network.max_prefix_len() {
                    write!(f, "/{}", network.prefix_len())?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
