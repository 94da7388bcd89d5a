//! What kind of place an IP address is.
//!
//! A name is whatever its owner's server says, so a name must not lead to the user's own machine or to
//! the server that hands out a cloud's credentials. Ranges are those of the IANA registries of special
//! purpose addresses, and the metadata services of the large clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A range of addresses that are not simply somewhere on the Internet.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) network: IpNet,
    /// As it is shown to people, before `address`.
    pub(super) what: &'static str,
    /// Whether a name may lead there: a company's own servers have names.
    pub(super) private: bool,
}

/// The ranges; of two that overlap, the narrower comes first.
static RANGES: [Range; 31] = [
    special(v4(169, 254, 169, 254, 32), "cloud metadata"),
    special(v4(100, 100, 100, 200, 32), "cloud metadata"),
    special(v4(168, 63, 129, 16, 32), "cloud metadata"),
    special(v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), "cloud metadata"),
    special(v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), "cloud metadata"),
    special(v4(127, 0, 0, 0, 8), LOOPBACK),
    special(v6([0, 0, 0, 0, 0, 0, 0, 1], 128), LOOPBACK),
    special(v4(0, 0, 0, 0, 8), "unspecified"),
    special(v6([0; 8], 128), "unspecified"),
    special(v4(169, 254, 0, 0, 16), "link-local"),
    special(v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    special(v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local"),
    special(v4(192, 0, 0, 0, 24), "reserved"),
    special(v4(192, 88, 99, 0, 24), "reserved"),
    special(v4(192, 0, 2, 0, 24), "documentation"),
    special(v4(198, 51, 100, 0, 24), "documentation"),
    special(v4(203, 0, 113, 0, 24), "documentation"),
    special(v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    special(v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    special(v4(198, 18, 0, 0, 15), "benchmarking"),
    special(v4(224, 0, 0, 0, 4), "multicast"),
    special(v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
    special(v4(240, 0, 0, 0, 4), "reserved"),
    // What stands for an IPv4 address, or tunnels to one, would be a way around its range.
    special(v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "translated"),
    special(v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "tunnelled"),
    special(v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "reserved"),
    private(v4(10, 0, 0, 0, 8)),
    private(v4(172, 16, 0, 0, 12)),
    private(v4(192, 168, 0, 0, 16)),
    private(v4(100, 64, 0, 0, 10)),
    private(v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7)),
];

const LOOPBACK: &str = "loopback";

/// Everything that IPv6 has set aside for hosts on the Internet. What is neither in there nor in a
/// range above is assigned to nobody.
static GLOBAL: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

static UNASSIGNED: Range = special(v6([0; 8], 0), "unassigned");

impl Range {
    /// The range that an address is in; none where it is on the Internet like any other.
    pub(super) fn of(address: IpAddr) -> Option<&'static Self> {
        let address = canonical(address);
        let range = RANGES.iter().find(|range| range.network.contains(&address));
        range.or_else(|| (address.is_ipv6() && !GLOBAL.contains(&address)).then_some(&UNASSIGNED))
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.what == LOOPBACK
    }
}

/// The one form of an address that has several: IPv4 addresses that are written as IPv6 ones, mapped
/// or for the well-known translator, are IPv4 addresses.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if matches!(v6.segments(), [0x64, 0xff9b, 0, 0, 0, 0, _, _]) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        address => address,
    }
}

const fn special(network: IpNet, what: &'static str) -> Range {
    Range { network, what, private: false }
}

const fn private(network: IpNet) -> Range {
    Range { network, what: "private", private: true }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6(segments: [u16; 8], length: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = segments;
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> &'static str {
        Range::of(address.parse().expect("an address")).map_or("public", |range| range.what)
    }

    #[test]
    fn addresses_are_of_their_kind() {
        for (address, expected) in [
            ("1.1.1.1", "public"),
            ("2606:4700::1111", "public"),
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("64:ff9b::127.0.0.1", "loopback"),
            ("64:ff9b::1.1.1.1", "public"),
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"),
            ("::", "unspecified"),
            ("169.254.169.254", "cloud metadata"),
            ("::ffff:169.254.169.254", "cloud metadata"),
            ("64:ff9b::a9fe:a9fe", "cloud metadata"),
            ("fd00:ec2::254", "cloud metadata"),
            ("169.254.0.1", "link-local"),
            ("fe80::1", "link-local"),
            ("224.0.0.1", "multicast"),
            ("ff02::1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("192.0.2.1", "documentation"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "tunnelled"),
            ("2001:0:7f00:1::", "reserved"),
            ("::7f00:1", "unassigned"),
            ("4000::1", "unassigned"),
            ("10.1.2.3", "private"),
            ("172.31.255.255", "private"),
            ("172.32.0.0", "public"),
            ("192.168.0.1", "private"),
            ("100.64.0.1", "private"),
            ("fd12::1", "private"),
        ] {
            assert_eq!(kind(address), expected, "{address}");
        }
    }

    #[test]
    fn of_two_ranges_the_narrower_decides() {
        for (index, range) in RANGES.iter().enumerate() {
            let hidden =
                RANGES[..index].iter().find(|earlier| earlier.network.contains(&range.network));
            assert!(hidden.is_none(), "{} is behind {hidden:?}", range.network);
        }
    }
}
