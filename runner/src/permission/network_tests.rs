use super::*;

/// Rules of a plugin that requests everything: `connect`, `udp`, `resolve` or `http`, and an endpoint; `!`
/// denies.
fn rules(lines: &[&str]) -> NetworkRules {
    rules_within(lines, &["connect *:*", "udp *:*", "resolve *", "http *:*"])
}

/// The same of one that requests these.
fn rules_within(lines: &[&str], requests: &[&str]) -> NetworkRules {
    let mut rules = NetworkRules::default();
    for request in requests {
        let (kind, endpoint) = request.split_once(' ').expect("two words");
        let (protocol, endpoint) = requested(kind, endpoint);
        rules.request(protocol, endpoint);
    }
    for line in lines {
        let (kind, endpoint) = line.split_once(' ').expect("two words");
        let (protocol, endpoint) = requested(kind.trim_start_matches('!'), endpoint);
        if kind.starts_with('!') {
            rules.deny(protocol, endpoint, *line);
        } else {
            rules.grant(protocol, endpoint, *line);
        }
    }
    rules
}

fn requested(kind: &str, endpoint: &str) -> (Protocol, Endpoint) {
    let protocol = match kind {
        "connect" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "resolve" => Protocol::Resolve,
        "http" => Protocol::Http,
        _ => panic!("{kind}"),
    };
    (protocol, Endpoint::parse(protocol, endpoint).expect("an endpoint"))
}

fn name(text: &str) -> HostName {
    HostName::new(text).expect("a name")
}

/// Whether a connection by TCP is allowed, after these names were looked up and gave its address.
fn connects(lines: &[&str], address: &str, names: &[&str]) -> bool {
    let names: Vec<HostName> = names.iter().map(|text| name(text)).collect();
    let address = address.parse().expect("an address and a port");
    rules(lines).check_address(Protocol::Tcp, address, &names).allowed
}

fn looks_up(lines: &[&str], text: &str) -> bool {
    rules(lines).check_name(&name(text)).allowed
}

fn origin(text: &str) -> Origin {
    let (scheme, rest) = text.split_once("://").expect("a scheme");
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().expect("a port")),
        _ => (rest, scheme.port()),
    };
    Origin { scheme, host: Host::new(host).expect("a host"), port }
}

/// Whether a request goes through, where the look-up of its name gives this address.
fn requests(lines: &[&str], url: &str, address: &str) -> bool {
    let (rules, origin) = (rules(lines), origin(url));
    let named = match &origin.host {
        Host::Name(name) => rules.check_origin(&origin, name).allowed,
        Host::Address(_) => true,
    };
    named && rules.check_origin_at(&origin, address.parse().expect("an address")).allowed
}

#[test]
fn nothing_is_allowed_by_itself() {
    assert!(!connects(&[], "1.1.1.1:443", &["example.org"]));
    assert!(!looks_up(&[], "example.org"));
    assert!(!requests(&[], "https://example.org", "1.1.1.1"));
}

#[test]
fn each_use_is_granted_apart() {
    let address = "1.1.1.1:443".parse().expect("an address");
    for (line, tcp, udp, resolve, http) in [
        ("connect example.org:443", true, false, true, false),
        ("udp example.org:443", false, true, true, false),
        ("resolve example.org", false, false, true, false),
        ("http example.org:443", false, false, false, true),
    ] {
        let rules = rules(&[line]);
        let names = [name("example.org")];
        assert_eq!(rules.check_address(Protocol::Tcp, address, &names).allowed, tcp, "{line}");
        assert_eq!(rules.check_address(Protocol::Udp, address, &names).allowed, udp, "{line}");
        assert_eq!(rules.check_name(&names[0]).allowed, resolve, "{line}");
        assert_eq!(requests(&[line], "https://example.org", "1.1.1.1"), http, "{line}");
    }
}

#[test]
fn a_name_leads_where_its_own_look_up_led() {
    let grant = ["connect example.org:443"];
    assert!(connects(&grant, "1.1.1.1:443", &["example.org"]));
    assert!(connects(&grant, "1.1.1.1:443", &["other.org", "example.org"]));
    assert!(!connects(&grant, "1.1.1.1:443", &[]), "nobody looked it up");
    assert!(!connects(&grant, "1.1.1.1:443", &["other.org"]));
    assert!(!connects(&grant, "1.1.1.1:80", &["example.org"]), "another port");
    assert!(!connects(&grant, "1.1.1.1:443", &["www.example.org"]));
    let below = ["connect *.example.org:*"];
    assert!(connects(&below, "1.1.1.1:1", &["a.b.example.org"]));
    assert!(!connects(&below, "1.1.1.1:1", &["example.org"]));
    assert!(!connects(&below, "1.1.1.1:1", &["badexample.org"]));
}

#[test]
fn no_name_leads_to_a_special_address() {
    for special in [
        "127.0.0.1:80",
        "[::1]:80",
        "0.0.0.0:80",
        "[::]:80",
        "169.254.169.254:80",
        "[fe80::1]:80",
        "[fd00:ec2::254]:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "[::ffff:127.0.0.1]:80",
        "[64:ff9b::7f00:1]:80",
        "[2002:7f00:1::]:80",
        "192.0.2.1:80",
    ] {
        for grant in [
            "connect example.org:80",
            "connect *.org:*",
            "connect *:80",
            "connect 0.0.0.0/0:80",
            "connect [::]/0:80",
        ] {
            assert!(!connects(&[grant], special, &["example.org"]), "{grant}: {special}");
        }
        let address: SocketAddr = special.parse().expect("an address");
        for grant in ["http *", "http example.org", "http 0.0.0.0/0", "http *:*"] {
            let address = address.ip().to_string();
            assert!(!requests(&[grant], "http://example.org", &address), "{grant}: {special}");
        }
        // Who names it means it.
        let ip = canonical(address.ip());
        let grant = format!("connect {}:80", Host::Address(ip));
        assert!(connects(&[&grant], special, &[]), "{grant}");
    }
    let rule = rules(&["connect example.org:80"])
        .check_address(Protocol::Tcp, "127.0.0.1:80".parse().expect("one"), &[name("example.org")])
        .rule;
    assert_eq!(
        &*rule,
        "connect example.org:80 does not reach 127.0.0.1, a loopback address, unless it names it"
    );
}

#[test]
fn localhost_is_the_machine_itself_and_nothing_else() {
    let grant = ["connect localhost:80", "http localhost:80"];
    assert!(looks_up(&grant, "LOCALHOST."));
    assert!(!looks_up(&grant, "a.localhost"));
    for loopback in ["127.0.0.1:80", "127.0.0.53:80", "[::1]:80"] {
        assert!(connects(&grant, loopback, &["localhost"]));
        assert!(connects(&grant, loopback, &[]));
    }
    assert!(!connects(&grant, "1.1.1.1:80", &["localhost"]), "a resolver that lies");
    assert!(requests(&grant, "http://localhost", "127.0.0.1"));
    assert!(!requests(&grant, "http://localhost", "1.1.1.1"));
    assert!(!requests(&grant, "http://example.org", "127.0.0.1"));
}

#[test]
fn private_networks_are_reached_by_name_or_address() {
    let private = "10.1.2.3:5432";
    assert!(connects(&["connect db.corp.example:5432"], private, &["db.corp.example"]));
    assert!(connects(&["connect *.corp.example:5432"], private, &["db.corp.example"]));
    assert!(connects(&["connect 10.0.0.0/8:5432"], private, &[]));
    assert!(connects(&["connect 10.1.2.3:5432"], private, &[]));
    assert!(!connects(&["connect *:5432"], private, &["db.corp.example"]));
    assert!(!connects(&["connect 0.0.0.0/0:5432"], private, &["db.corp.example"]));
    assert!(!connects(&["connect 8.0.0.0/5:5432"], private, &[]), "wider than the range");
}

#[test]
fn everything_is_what_is_on_the_internet() {
    assert!(connects(&["connect *:443"], "1.1.1.1:443", &[]));
    assert!(connects(&["connect 0.0.0.0/0:443"], "1.1.1.1:443", &[]));
    assert!(!connects(&["connect *:443"], "1.1.1.1:80", &[]));
    assert!(looks_up(&["connect *:443"], "example.org"));
    assert!(requests(&["http *"], "https://example.org", "1.1.1.1"));
    assert!(requests(&["http *"], "https://1.1.1.1", "1.1.1.1"));
}

#[test]
fn a_denial_wins() {
    let all = ["connect *:*", "connect 127.0.0.1:80", "resolve *", "http *:*"];
    let with = |denial: &'static str| [&all[..], &[denial]].concat();
    assert!(!connects(&with("!connect 127.0.0.0/8:80"), "127.0.0.1:80", &[]));
    assert!(!connects(&with("!connect localhost:*"), "[::ffff:127.0.0.1]:80", &[]));
    assert!(connects(&with("!connect 127.0.0.1:81"), "127.0.0.1:80", &[]));
    assert!(!connects(&with("!connect *:25"), "1.1.1.1:25", &["example.org"]));
    // An address that is two names' is not reached under the allowed one.
    let evil = with("!connect evil.org:*");
    assert!(!connects(&evil, "1.1.1.1:80", &["good.org", "evil.org"]));
    assert!(connects(&evil, "1.1.1.1:80", &["good.org"]));
    assert!(!connects(&evil, "1.1.1.1:80", &[]), "it may be the denied one's");
    assert!(!looks_up(&with("!resolve *.evil.org"), "a.evil.org"));
    assert!(looks_up(&with("!resolve *.evil.org"), "evil.org"));
    assert!(!looks_up(&["connect *:443", "!connect evil.org:443"], "evil.org"));
    assert!(
        looks_up(&["connect *:*", "!connect evil.org:443"], "evil.org"),
        "other ports are left"
    );
    assert!(!requests(&with("!http evil.org"), "https://evil.org", "1.1.1.1"));
    assert!(!requests(&with("!http evil.org"), "https://evil.org:8443", "1.1.1.1"));
    assert!(requests(&with("!http evil.org:443"), "https://evil.org:8443", "1.1.1.1"));
    assert!(!requests(&with("!http 1.1.1.1"), "https://good.org", "1.1.1.1"), "by its address");
    assert!(!requests(&with("!http http://*:*"), "http://good.org", "1.1.1.1"));
    assert!(requests(&with("!http http://*:*"), "https://good.org", "1.1.1.1"));
    assert!(connects(&with("!udp *:*"), "1.1.1.1:80", &[]), "of another protocol");
}

#[test]
fn an_origin_has_a_scheme_and_a_port() {
    let to = |grant, url| requests(&[grant], url, "1.1.1.1");
    assert!(to("http example.org", "https://example.org"));
    assert!(to("http example.org", "http://example.org"));
    assert!(!to("http example.org", "http://example.org:443"));
    assert!(!to("http example.org", "https://example.org:8443"));
    assert!(!to("http https://example.org", "http://example.org"));
    assert!(to("http https://example.org:8443", "https://example.org:8443"));
    assert!(!to("http https://example.org:8443", "https://example.org"));
    assert!(to("http example.org:*", "http://example.org:1"));
    assert_eq!(origin("https://example.org:443").to_string(), "https://example.org");
    assert_eq!(origin("http://[::1]:81").to_string(), "http://[::1]:81");
}

#[test]
fn grants_reach_no_further_than_requests() {
    let grants = ["connect *:*", "connect 127.0.0.1:80", "http *"];
    let narrow = rules_within(&grants, &["connect example.org:443"]);
    let check = |rules: &NetworkRules, address: &str, names: &[HostName]| {
        rules.check_address(Protocol::Tcp, address.parse().expect("one"), names).allowed
    };
    let names = [name("example.org")];
    assert!(narrow.check_name(&names[0]).allowed);
    assert!(check(&narrow, "1.1.1.1:443", &names));
    assert!(!check(&narrow, "1.1.1.1:80", &names));
    assert!(!check(&narrow, "127.0.0.1:80", &[]));
    assert!(!narrow.check_origin(&origin("https://example.org"), &names[0]).allowed);
    // Who requests everything gets what is granted, and a request widens no grant.
    let all = rules_within(&grants, &["connect *:*"]);
    assert!(check(&all, "127.0.0.1:80", &[]));
    let loopback = rules_within(&["connect *:*"], &["connect 127.0.0.1:80"]);
    assert!(!check(&loopback, "127.0.0.1:80", &[]));
}
