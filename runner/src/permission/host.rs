//! The name or address of a host, in the one form in which it is compared.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::address::canonical;

/// A host name: lower-case ASCII, international letters as Punycode, without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HostName(Box<str>);

/// Where a guest wants to go: a name, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(HostName),
    Address(IpAddr),
}

/// The name that means the machine itself.
const LOCALHOST: &str = "localhost";

impl HostName {
    /// Nothing where the text is no name. Numbers that some resolvers take for an address (`127.1`,
    /// `0x7f000001`, `0177.0.0.1`) are neither names nor addresses.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let name = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, DnsLength::Verify)
            .ok()?;
        let last = name.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        (!numeric && !name.contains('*')).then(|| Self(name.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names that it is below.
    pub(super) fn parents(&self) -> impl Iterator<Item = Self> {
        self.0.match_indices('.').map(|(dot, _)| Self(self.0[dot + 1..].into()))
    }

    pub(crate) fn is_localhost(&self) -> bool {
        self.as_str() == LOCALHOST
    }
}

impl Host {
    /// Nothing where the text is neither. IPv6 addresses are in brackets or not.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(canonical(address.into())));
        }
        let address = text
            .parse::<Ipv4Addr>()
            .map(IpAddr::from)
            .or_else(|_| text.parse::<Ipv6Addr>().map(IpAddr::from));
        match address {
            Ok(address) => Some(Self::Address(canonical(address))),
            Err(_) => HostName::new(text).map(Self::Name),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As it stands before a port.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form() {
        for (text, expected) in [
            ("Example.ORG", Some("example.org")),
            ("example.org.", Some("example.org")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("BÜCHER.example", Some("xn--bcher-kva.example")),
            ("under_score.example", Some("under_score.example")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("::1", Some("[::1]")),
            ("[::ffff:127.0.0.1]", Some("127.0.0.1")),
            ("", None),
            (".", None),
            ("a..b", None),
            ("a b", None),
            ("a@b", None),
            ("a/b", None),
            ("a%2eb", None),
            ("*.example", None),
            ("127.1", None),
            ("2130706433", None),
            ("0x7f000001", None),
            ("0x7f.1", None),
            ("0177.0.0.1", None),
            ("127.0.0.1.", None),
            ("１２７.0.0.1", None),
            ("[::1", None),
            ("[127.0.0.1]", None),
            ("fe80::1%eth0", None),
            ("a\0b", None),
        ] {
            let host = Host::new(text).map(|host| host.to_string());
            assert_eq!(host.as_deref(), expected, "{text:?}");
        }
        assert_eq!(Host::new(&"a".repeat(64)), None, "a label has at most 63 bytes");
    }
}
