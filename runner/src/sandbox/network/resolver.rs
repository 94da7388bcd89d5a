//! What a name means, in full: as if it ended with a dot.
//!
//! The system's own look-up would try the search domains of `/etc/resolv.conf`, which come with any network (DHCP):
//! `wiki` would be `wiki.corp.example`, whatever is denied of that, and a granted `api.example` could lead to
//! `api.example.corp.example`, whose owner is somebody else. A dot at its end makes a name absolute for DNS; but
//! glibc does not find it in `/etc/hosts` then, so that file is read here.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::path::Path;

use crate::permission::HostName;

const HOSTS: &str = "/etc/hosts";

/// No more of it is read. Lists of advertisers' names have some megabytes.
const MAX_HOSTS: u64 = 16 * 1024 * 1024;

/// The addresses of a name. Waits as long as the system does.
pub(super) fn addresses(name: &HostName) -> io::Result<Vec<IpAddr>> {
    let listed = in_hosts(Path::new(HOSTS), name);
    if !listed.is_empty() {
        return Ok(listed);
    }
    // It is the machine itself, whatever a name server says (RFC 6761).
    if name.is_localhost() {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let found = (absolute(name).as_str(), 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip().to_canonical()).collect())
}

/// The name for which no search domain is tried.
fn absolute(name: &HostName) -> String {
    format!("{name}.")
}

/// What the file of hosts says of a name: nothing where it cannot be read.
fn in_hosts(path: &Path, name: &HostName) -> Vec<IpAddr> {
    let mut hosts = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_HOSTS).read_to_end(&mut hosts));
    if let Err(error) = read {
        tracing::debug!("cannot read {}: {error}", path.display());
    }
    let lines = String::from_utf8_lossy(&hosts);
    let mut found = Vec::new();
    for line in lines.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        let is_meant =
            |word: &str| word.strip_suffix('.').unwrap_or(word).eq_ignore_ascii_case(name.as_str());
        if words.any(is_meant) && !found.contains(&address.to_canonical()) {
            found.push(address.to_canonical());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HostName {
        HostName::new(text).expect("a name")
    }

    #[test]
    fn a_name_is_looked_up_in_full() {
        for text in ["db", "wiki.corp.example", "api.example.", "API.example"] {
            let asked = absolute(&name(text));
            assert!(asked.ends_with('.') && !asked.ends_with(".."), "{asked}");
        }
    }

    #[test]
    fn the_file_of_hosts_is_read_by_whole_names() {
        let directory = tempfile::tempdir().expect("a directory");
        let hosts = directory.path().join("hosts");
        let text = "127.0.0.1\tlocalhost\n# 10.0.0.9 db\n10.0.0.1 db other # spare\n10.0.0.2 DB.\n\
            fe80::1%lo db\nnonsense db\n::ffff:10.0.0.1 db\n10.0.0.3 db.corp.example\n2001:4860::1 db";
        std::fs::write(&hosts, text).expect("written");
        let of = |text: &str| in_hosts(&hosts, &name(text));
        let addresses = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().expect("an address")).collect()
        };
        assert_eq!(of("db"), addresses(&["10.0.0.1", "10.0.0.2", "2001:4860::1"]));
        assert_eq!(of("db."), of("db"));
        assert!(of("spare").is_empty());
        assert!(in_hosts(&directory.path().join("none"), &name("db")).is_empty());
    }

    #[test]
    fn localhost_is_this_machine() {
        for text in ["localhost", "LOCALHOST."] {
            let found = addresses(&name(text)).expect("it is always there");
            assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
        }
    }
}
