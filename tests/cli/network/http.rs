//! Requests through `wasi:http`.

use super::servers::{Forbidden, greeter, web};
use crate::harness::{Project, guests};

/// Fetches under some flags; everything that is printed.
fn fetch(arguments: &[&str]) -> (String, String) {
    let project = Project::new().guest(guests::FETCH);
    let ended = project.call(["fetch"]).with(arguments.iter().copied()).succeeds();
    (ended.stdout(), ended.stderr())
}

#[test]
fn requests_go_where_they_are_granted() {
    let port = web();
    for (host, flag) in [
        ("127.0.0.1", format!("--allow-http=127.0.0.1:{port}")),
        ("127.0.0.1", format!("--allow-http=http://127.0.0.1:{port}/")),
        ("localhost", format!("--allow-http=localhost:{port}")),
        ("127.0.0.1", "--allow-http=http://localhost:*".to_owned()),
        ("LOCALHOST", "--allow-http=http://localhost:*".to_owned()),
    ] {
        let url = format!("http://{host}:{port}/");
        let told = (format!("{url}: 200 hello\n"), String::new());
        assert_eq!(fetch(&[&url, &flag]), told, "{flag}");
    }
}

#[test]
fn requests_go_nowhere_else() {
    let server = Forbidden::new();
    let port = server.port();
    let other = port ^ 1;
    let literal = format!("http://127.0.0.1:{port}");
    let named = format!("http://localhost:{port}");
    for (origin, flags, error) in [
        (&literal, vec![], "HttpRequestDenied"),
        (&named, vec![], "HttpRequestDenied"),
        (&literal, vec![format!("--allow-http=127.0.0.1:{other}")], "HttpRequestDenied"),
        (&literal, vec!["--allow-http=127.0.0.1".to_owned()], "HttpRequestDenied"),
        (&literal, vec![format!("--allow-http=https://127.0.0.1:{port}")], "HttpRequestDenied"),
        (&literal, vec!["--allow-http=*:*".to_owned()], "HttpRequestDenied"),
        (&named, vec!["--allow-http=127.0.0.1:*".to_owned()], "HttpRequestDenied"),
        (&named, vec![format!("--allow-connect=localhost:{port}")], "HttpRequestDenied"),
        // The name is granted, and the address that it leads to is not.
        (&named, vec!["--allow-http=*:*".to_owned()], "DestinationIpProhibited"),
        (
            &named,
            vec![
                "--allow-http=localhost:*".to_owned(),
                "--deny-http=127.0.0.0/8:*".to_owned(),
                "--deny-http=[::1]:*".to_owned(),
            ],
            "DestinationIpProhibited",
        ),
        (
            &named,
            vec!["--allow-http=localhost:*".to_owned(), format!("--deny-http=http://*:{port}")],
            "HttpRequestDenied",
        ),
    ] {
        let url = format!("{origin}/");
        let arguments: Vec<&str> =
            [url.as_str()].into_iter().chain(flags.iter().map(String::as_str)).collect();
        let (printed, log) = fetch(&arguments);
        assert_eq!(printed, format!("{url}: error: {error}\n"), "{flags:?}");
        assert!(log.contains(&format!("  http {origin}: ")), "{flags:?}: {log}");
    }
    server.nobody_came();
}

#[test]
fn an_authority_in_another_dress_leads_nowhere() {
    let server = Forbidden::new();
    let port = server.port();
    for (host, error) in [
        ("127.1", "HttpRequestUriInvalid"),
        ("0x7f000001", "HttpRequestUriInvalid"),
        ("2130706433", "HttpRequestUriInvalid"),
        ("example.org@127.0.0.1", "HttpRequestUriInvalid"),
        ("0.0.0.0", "HttpRequestDenied"),
        ("[::ffff:127.0.0.1]", "HttpRequestDenied"),
        ("[::1]", "HttpRequestDenied"),
    ] {
        let url = format!("http://{host}:{port}/");
        let (printed, _) = fetch(&[&url, "--allow-http=*:*", "--allow-http=example.org:*"]);
        assert_eq!(printed, format!("{url}: error: {error}\n"));
    }
    server.nobody_came();
}

#[test]
fn a_redirect_is_a_request_like_others() {
    let (port, other) = (web(), web());
    let server = Forbidden::new();
    let forbidden = server.port();
    let start = |target: u16| format!("http://127.0.0.1:{port}/to?http://127.0.0.1:{target}/");
    let grant = format!("--allow-http=127.0.0.1:{port}");

    let also = format!("--allow-http=127.0.0.1:{other}");
    let url = start(other);
    let (printed, _) = fetch(&[&url, "--follow", &grant, &also]);
    assert_eq!(printed, format!("{url}: 302 \nhttp://127.0.0.1:{other}/: 200 hello\n"));

    let url = start(forbidden);
    let (printed, log) = fetch(&[&url, "--follow", &grant]);
    let target = format!("http://127.0.0.1:{forbidden}");
    assert_eq!(printed, format!("{url}: 302 \n{target}/: error: HttpRequestDenied\n"));
    assert!(log.contains(&format!("  http {target}: not granted")), "{log}");
    server.nobody_came();
}

#[test]
fn a_server_is_told_the_host_that_was_decided_on() {
    let port = web();
    for (host, told, grant) in [
        ("LOCALHOST.", "localhost", "localhost"),
        ("localhost", "localhost", "LocalHost."),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1", "127.0.0.1"),
    ] {
        let url = format!("http://{host}:0{port}/echo");
        let (printed, _) = fetch(&[&url, &format!("--allow-http={grant}:{port}")]);
        assert!(printed.contains(&format!("host: {told}:{port}\r\n")), "{printed}");
    }
}

#[test]
fn the_host_field_is_the_runners() {
    let port = web();
    let url = format!("http://127.0.0.1:{port}/echo");
    let grant = format!("--allow-http=127.0.0.1:{port}");
    let (printed, _) = fetch(&[&url, &grant, "--host=other.example"]);
    assert_eq!(printed, format!("{url}: error: HeaderError::Forbidden\n"));
    let project = Project::new().guest(guests::FETCH);
    let call = project.call(["fetch", &url, &grant, "--method=POST", "--body=12345678"]);
    let ended = call.succeeds().printing("POST /echo HTTP/1.1\r\n");
    ended
        .printing(&format!("\r\nhost: 127.0.0.1:{port}\r\n"))
        .printing("\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n");
}

#[test]
fn nobody_is_asked_to_connect_on() {
    let server = Forbidden::new();
    let url = format!("http://127.0.0.1:{}/", server.port());
    let (printed, _) = fetch(&[&url, "--method=CONNECT", "--allow-http=localhost:*"]);
    assert_eq!(printed, format!("{url}: error: HttpRequestMethodInvalid\n"));
    server.nobody_came();
}

#[test]
fn no_proxy_of_the_environment_is_asked() {
    let server = Forbidden::new();
    let proxy = format!("http://127.0.0.1:{}", server.port());
    let url = format!("http://127.0.0.1:{}/", web());
    let project = Project::new().guest(guests::FETCH);
    let call = project.call(["fetch", &url, "--allow-http=localhost:*"]);
    let call = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]
        .into_iter()
        .fold(call, |call, name| call.env(name, &proxy));
    call.succeeds().prints(&format!("{url}: 200 hello\n"));
    server.nobody_came();
}

#[test]
fn what_is_no_tls_gets_no_plain_request() {
    let url = format!("https://127.0.0.1:{}/", greeter());
    let (printed, _) = fetch(&[&url, "--allow-http=localhost:*"]);
    assert_eq!(printed, format!("{url}: error: TlsProtocolError\n"));
}

#[test]
fn a_server_cannot_fill_the_memory_or_keep_a_guest_waiting() {
    let port = web();
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let grant = "--allow-http=localhost:*";
    let (printed, _) = fetch(&[&url("long-head"), grant]);
    assert_eq!(
        printed,
        format!("{}: error: HttpResponseHeaderSectionSize(None)\n", url("long-head"))
    );
    let (printed, _) = fetch(&[&url("silence"), "--first-byte=200", grant]);
    assert_eq!(printed, format!("{}: error: ConnectionReadTimeout\n", url("silence")));
    let (printed, _) = fetch(&[&url("big"), grant]);
    assert_eq!(printed, format!("{}: 200 16777216 bytes\n", url("big")));

    // Seventy servers want to send 16 MiB each, and nobody reads.
    let project = Project::new().guest(guests::FETCH);
    let urls = vec![url("big"); 70];
    let call = project.call(["fetch", "--hold", grant]).with(urls.iter().map(String::as_str));
    let ended = call.succeeds().in_memory(256 * 1024 * 1024);
    let (held, refused) = (format!("{}: 200\n", url("big")), "error: ConnectionLimitReached\n");
    let printed = ended.stdout();
    assert_eq!(printed.matches(&held).count(), 64, "{ended}");
    assert_eq!(printed.matches(refused).count(), 6, "{ended}");
}
