//! Names, in a network with a search domain: a name server of the test's own, in a namespace of its own.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::harness::{Project, guests};

/// What the name server knows. Nobody is at the second address.
const NAMES: [(&str, [u8; 4]); 4] = [
    ("wiki.corp.test", [93, 184, 215, 14]),
    ("api.example", [10, 9, 9, 9]),
    ("api.example.corp.test", [93, 184, 215, 14]),
    ("db", [93, 184, 215, 14]),
];

/// Where the server of all of them is.
const SERVER: &str = "93.184.215.14:8381";

#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
fn skipped(why: &str) {
    println!("SKIPPED: {why}");
}

/// Runs the ignored test of this module with that name as the only process of a network that nothing leaves.
fn apart(test: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let resolv = write(
        "resolv.conf",
        "search corp.test\noptions ndots:3 timeout:1 attempts:1\nnameserver 127.0.0.1\n",
    );
    let hosts = write("hosts", "127.0.0.1 localhost\n93.184.215.14 box # one word\n");
    let script = format!(
        "ip link set lo up && ip addr add 93.184.215.14/32 dev lo && mount --bind {} /etc/resolv.conf \
         && mount --bind {} /etc/hosts && exec \"$0\" --ignored --exact --nocapture network::names::{test}",
        resolv.display(),
        hosts.display(),
    );
    let tests = std::env::current_exe().expect("the tests");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--net", "sh", "-c", &script]).arg(tests);
    match command.env("APART", "1").output() {
        Ok(ended) if ended.status.success() => {
            assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"), "{ended:?}");
        }
        // Where there are no namespaces for everybody, or no tools for them, nothing can be said.
        Ok(ended) if !String::from_utf8_lossy(&ended.stdout).contains("running 1 test") => {
            skipped(&format!("no network of its own: {}", String::from_utf8_lossy(&ended.stderr)));
        }
        Err(error) => skipped(&format!("no `unshare`: {error}")),
        Ok(ended) => panic!(
            "{}\n{}",
            String::from_utf8_lossy(&ended.stdout),
            String::from_utf8_lossy(&ended.stderr)
        ),
    }
}

/// The name server; which names it was asked for.
fn name_server() -> Arc<Mutex<BTreeSet<String>>> {
    let socket = UdpSocket::bind(("127.0.0.1", 53)).expect("a network of its own");
    let asked: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let query = &buffer[..length];
            let (mut at, mut labels) = (12, Vec::new());
            while query[at] != 0 {
                let end = at + 1 + usize::from(query[at]);
                labels.push(String::from_utf8_lossy(&query[at + 1..end]).into_owned());
                at = end;
            }
            let name = labels.join(".");
            let known = NAMES.iter().find(|(known, _)| *known == name);
            let answer = known.filter(|_| query[at + 1..at + 3] == [0, 1]).map(|(_, address)| {
                [&[0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4], address.as_slice()].concat()
            });
            let flags = if known.is_some() { [0x81, 0x80] } else { [0x81, 0x83] };
            let counts = [0, 1, 0, u8::from(answer.is_some()), 0, 0, 0, 0];
            let question = &query[12..at + 5];
            let reply =
                [&query[..2], &flags, &counts, question, &answer.unwrap_or_default()].concat();
            log.lock().expect("nobody panicked").insert(name);
            let _ = socket.send_to(&reply, from);
        }
    });
    asked
}

fn web_server() {
    let listener = TcpListener::bind(SERVER).expect("a network of its own");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let host =
                request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("none");
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{host}", host.len());
        }
    });
}

#[test]
fn no_search_domain_is_applied() {
    apart("inside_a_search_domain");
}

#[test]
#[ignore = "the test above runs it in a network of its own"]
fn inside_a_search_domain() {
    if std::env::var_os("APART").is_none() {
        return apart("inside_a_search_domain");
    }
    let asked = name_server();
    web_server();
    let told = |arguments: &[&str]| {
        let project = Project::new().guest(guests::FETCH).guest(guests::SOCKETS);
        project.call(arguments.iter().copied()).succeeds().stdout()
    };
    let reached = |host: &str, flags: &[&str]| {
        let url = format!("http://{host}:8381/");
        told(&[["fetch", &url].as_slice(), flags].concat())
    };
    let all = "--allow-http=*:8381";
    let deny = "--deny-http=wiki.corp.test:*";
    // A name that is denied is not reached by a short form of it, in whatever way it is asked for.
    assert!(reached("wiki.corp.test", &[all]).contains("200 wiki.corp.test:8381"));
    assert!(reached("WIKI.corp.test.", &[all]).contains("200 wiki.corp.test:8381"));
    for host in ["wiki.corp.test", "wiki.corp.test.", "Wiki.CORP.test"] {
        assert!(reached(host, &[all, deny]).contains("HttpRequestDenied"), "{host}");
    }
    for host in ["wiki", "wiki.", "WIKI"] {
        assert!(reached(host, &[all, deny]).contains("DnsError"), "{host}");
    }
    for step in ["tcp=wiki:8381", "resolve=wiki", "resolve=wiki."] {
        let flags =
            ["--allow-connect=*:8381", "--allow-resolve=*", "--deny-connect=wiki.corp.test:*"];
        let printed = told(&[["sockets", step].as_slice(), flags.as_slice()].concat());
        assert!(printed.contains("error: name-unresolvable"), "{step}: {printed}");
    }
    // A name that is granted does not lead to the owner of the search domain: nobody is at its address.
    for host in ["api.example", "api.example."] {
        let printed = reached(host, &["--allow-http=http://api.example:8381"]);
        assert!(printed.contains("error: ") && !printed.contains("200"), "{printed}");
    }
    // Nor is that one told of it.
    let asked = asked.lock().expect("nobody panicked").clone();
    let told_elsewhere: Vec<_> = asked.iter().filter(|name| name.ends_with(".corp.test")).collect();
    assert_eq!(told_elsewhere, ["wiki.corp.test"], "{asked:?}");
    // Names of one word are found all the same: by the name server, and in the file of hosts.
    for host in ["db", "DB.", "box", "box."] {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let printed = reached(host, &[&format!("--allow-http={name}:8381")]);
        assert!(printed.contains(&format!("200 {name}:8381")), "{host}: {printed}");
    }
    assert!(
        told(&["sockets", "resolve=localhost.", "--allow-resolve=localhost"]).contains("found")
    );
}
