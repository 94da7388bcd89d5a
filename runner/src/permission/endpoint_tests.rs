use super::*;

fn parse(protocol: Protocol, text: &str) -> Result<String, EndpointError> {
    Endpoint::parse(protocol, text).map(|endpoint| endpoint.to_string())
}

#[test]
fn what_is_read_is_shown_in_its_one_form() {
    for (text, shown) in [
        ("example.org:443", "example.org:443"),
        ("EXAMPLE.org.:443", "example.org:443"),
        ("*.Example.org:443", "*.example.org:443"),
        ("bücher.example:*", "xn--bcher-kva.example:*"),
        ("*:443", "*:443"),
        ("*:*", "*:*"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:80", "[::1]:80"),
        ("[::ffff:127.0.0.1]:80", "127.0.0.1:80"),
        ("10.0.0.0/8:5432", "10.0.0.0/8:5432"),
        ("[fd00::]/8:*", "[fd00::]/8:*"),
        ("10.1.2.3/32:1", "10.1.2.3:1"),
        ("localhost:3000", "localhost:3000"),
    ] {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            assert_eq!(parse(protocol, text).as_deref(), Ok(shown), "{text}");
        }
        assert_eq!(parse(Protocol::Http, text).as_deref(), Ok(shown), "{text}");
        assert_eq!(parse(Protocol::Tcp, shown).as_deref(), Ok(shown), "{text}");
    }
    for (text, shown) in [
        ("example.org", "example.org"),
        ("https://api.Example.org", "https://api.example.org"),
        ("https://api.example.org/", "https://api.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]", "http://[::1]"),
        ("https://*.example.org:*", "https://*.example.org:*"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("*", "*"),
    ] {
        assert_eq!(parse(Protocol::Http, text).as_deref(), Ok(shown), "{text}");
    }
    for name in ["example.org", "*.example.org", "*", "localhost"] {
        assert_eq!(parse(Protocol::Resolve, name).as_deref(), Ok(name));
    }
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for text in [
        "",
        ":443",
        "example.org",
        "[::1]",
        "example.org:",
        "example.org:0",
        "example.org:65536",
        "example.org:+80",
        "example.org:http",
        "a b:80",
        "*.:80",
        "*.*.org:80",
        "a.*.org:80",
        "**:80",
        "127.1:80",
        "0x7f000001:80",
        "2130706433:80",
        "0177.0.0.1:80",
        "010.0.0.1:80",
        "::1:80",
        "[::1:80",
        "[10.0.0.1]:80",
        "10.0.0.0/33:80",
        "10.0.0.0/-1:80",
        "10.0.0.1/8:80",
        "example.org/8:80",
        "*.10.0.0.1:80",
        "user@example.org:80",
        "fd00::/8:80",
        "[fe80::1%1]:80",
    ] {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            assert!(parse(protocol, text).is_err(), "{text:?}");
        }
    }
    for text in [
        "",
        "ftp://example.org",
        "https://",
        "https://example.org/path",
        "https://a@b",
        "HTTPS://a",
        "https://example.org?x",
        "https://example.org:0",
        "//example.org",
        "https://127.1",
    ] {
        assert!(parse(Protocol::Http, text).is_err(), "{text:?}");
    }
    for text in ["", "example.org:53", "127.0.0.1", "[::1]", "10.0.0.0/8", "a/b", "https://a"] {
        assert_eq!(parse(Protocol::Resolve, text), Err(EndpointError::NotAName), "{text:?}");
    }
}

#[test]
fn a_mistake_is_told_with_what_was_meant() {
    let told = |text| parse(Protocol::Tcp, text).expect_err("a mistake").to_string();
    assert!(told("example.org").contains("`example.org:443`"));
    assert!(told("10.1.2.3/8:80").contains("`10.0.0.0/8`"));
}
