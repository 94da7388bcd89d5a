//! What no machine can be made to do for a test: names that lead where they should not.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use super::*;
use crate::permission::{Decision, Endpoint, RecordEvent, Recorder, Scheme};

struct World {
    network: Network,
    recorded: Arc<Mutex<Vec<Decision>>>,
}

impl World {
    fn new(grants: &[(Protocol, &str)]) -> Self {
        let mut rules = NetworkRules::default();
        for (protocol, text) in grants {
            let endpoint = Endpoint::parse(*protocol, text).expect("an endpoint");
            rules.request(*protocol, endpoint.clone());
            rules.grant(*protocol, endpoint, *text);
        }
        let recorded: Arc<Mutex<Vec<Decision>>> = Arc::default();
        let log = Arc::clone(&recorded);
        let recorder: Recorder = Arc::new(move |events| {
            let decided = events.into_iter().filter_map(|event| match event {
                RecordEvent::Decided(decision) => Some(decision),
                _ => None,
            });
            log.lock().expect("nobody panicked").extend(decided);
            Ok(())
        });
        let witness = Witness::of_all(recorder);
        Self { network: Network::new(Arc::new(rules), witness), recorded }
    }

    fn leads(&self, text: &str, addresses: &[&str]) {
        self.network.pins().pin(&name(text), addresses_of(addresses));
    }

    fn connects(&self, address: &str) -> bool {
        self.network.admits(address.parse().expect("an address"), SocketAddrUse::TcpConnect)
    }

    /// What was recorded since the last time: operation, target, and whether it was allowed.
    fn recorded(&self) -> Vec<(Operation, String, bool)> {
        let mut recorded = self.recorded.lock().expect("nobody panicked");
        recorded.drain(..).map(|made| (made.operation, made.target, made.allowed)).collect()
    }
}

fn name(text: &str) -> HostName {
    HostName::new(text).expect("a name")
}

fn addresses_of(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

#[test]
fn a_granted_name_reaches_what_it_led_to_in_this_run() {
    let world = World::new(&[(Protocol::Tcp, "example.org:80")]);
    assert!(!world.connects("1.1.1.1:80"), "nobody asked for its address yet");
    world.leads("other.org", &["1.1.1.1"]);
    assert!(!world.connects("1.1.1.1:80"), "that is another name's address");
    world.leads("example.org", &["1.1.1.1", "2606:4700::1"]);
    assert!(world.connects("1.1.1.1:80"));
    assert!(world.connects("[2606:4700::1]:80"));
    assert!(!world.connects("1.0.0.1:80"));
    assert!(!world.connects("1.1.1.1:81"));
    let recorded = world.recorded();
    assert_eq!(recorded[0], (Operation::Connect, "1.1.1.1:80".into(), false));
    assert_eq!(recorded[2], (Operation::Connect, "example.org:80".into(), true));
}

#[test]
fn a_name_that_is_rebound_leads_nowhere_special() {
    let world = World::new(&[(Protocol::Tcp, "example.org:80"), (Protocol::Tcp, "*:80")]);
    world.leads("example.org", &["1.1.1.1"]);
    assert!(world.connects("1.1.1.1:80"));
    world.leads("example.org", &["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"]);
    for special in ["127.0.0.1:80", "169.254.169.254:80", "[::1]:80", "[fe80::1]:80"] {
        assert!(!world.connects(special), "{special}");
    }
    assert!(world.connects("10.0.0.1:80"), "a private network has names");
    assert!(world.connects("1.1.1.1:80"), "what was prepared with the earlier answer goes on");
}

#[test]
fn names_that_are_remembered_have_an_end() {
    let mut pins = Pins::default();
    for number in 0..2000 {
        pins.pin(&name(&format!("n{number}.example")), addresses_of(&["1.1.1.1"]));
    }
    assert_eq!(pins.names_of(addresses_of(&["1.1.1.1"])[0]).len(), 1024);
    for last in 0..255_u8 {
        pins.pin(&name("example.org"), vec![IpAddr::from([1, 1, 2, last])]);
    }
    let known =
        (0..255_u8).filter(|last| !pins.names_of(IpAddr::from([1, 1, 2, *last])).is_empty());
    assert_eq!(known.count(), 65);
}

#[test]
fn a_request_goes_only_to_admitted_addresses() {
    let world = World::new(&[(Protocol::Http, "example.org"), (Protocol::Http, "localhost:81")]);
    let origin = |host: &str, port| Origin {
        scheme: Scheme::Http,
        host: Host::new(host).expect("a host"),
        port,
    };
    let sift = |origin: &Origin, found: &[&str]| world.network.sift(origin, addresses_of(found));
    let named = origin("example.org", 80);
    assert_eq!(
        sift(&named, &["127.0.0.1", "1.1.1.1", "::1"]),
        Some(addresses_of(&["1.1.1.1"])),
        "the good ones stay"
    );
    assert_eq!(sift(&named, &["127.0.0.1", "169.254.169.254"]), None);
    assert_eq!(
        sift(&origin("localhost", 81), &["127.0.0.1", "::1"]),
        Some(addresses_of(&["127.0.0.1", "::1"]))
    );
    assert_eq!(sift(&origin("127.0.0.1", 80), &["127.0.0.1"]), None);
    let told = |target: &str, allowed| (Operation::Http, target.to_owned(), allowed);
    assert_eq!(
        world.recorded(),
        [
            told("http://example.org", true),
            told("http://example.org", false),
            told("http://localhost:81", true),
            told("http://127.0.0.1", false),
        ]
    );
}

#[test]
fn datagrams_are_recorded_once_and_listening_never_goes() {
    let world = World::new(&[(Protocol::Udp, "1.1.1.1:53"), (Protocol::Tcp, "*:*")]);
    let step = |address: &str, step| world.network.admits(address.parse().expect("one"), step);
    for _ in 0..3 {
        assert!(step("1.1.1.1:53", SocketAddrUse::UdpSend));
    }
    assert!(!step("1.1.1.1:54", SocketAddrUse::UdpSend));
    assert!(step("1.1.1.1:53", SocketAddrUse::UdpReceive));
    assert!(!step("1.1.1.2:53", SocketAddrUse::UdpReceive));
    assert!(step("0.0.0.0:0", SocketAddrUse::TcpBind));
    assert!(step("127.0.0.1:0", SocketAddrUse::UdpBind));
    assert!(!step("0.0.0.0:80", SocketAddrUse::TcpBind));
    assert!(!step("0.0.0.0:53", SocketAddrUse::UdpBind));
    assert!(!step("0.0.0.0:0", SocketAddrUse::TcpListen));
    assert!(!step("1.1.1.1:1", SocketAddrUse::TcpAccept));
    let told = |operation, target: &str, allowed| (operation, target.to_owned(), allowed);
    assert_eq!(
        world.recorded(),
        [
            told(Operation::Udp, "1.1.1.1:53", true),
            told(Operation::Udp, "1.1.1.1:54", false),
            told(Operation::Listen, "0.0.0.0:80", false),
            told(Operation::Listen, "0.0.0.0:53", false),
            told(Operation::Listen, "0.0.0.0:0", false),
        ]
    );
}

/// A system that answers nothing before it is let go: how many ask it at once, and how many have at most.
static ASKING: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static LET_GO: AtomicBool = AtomicBool::new(false);

fn slow(_: &HostName) -> io::Result<Vec<IpAddr>> {
    MOST.fetch_max(ASKING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    while !LET_GO.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
    ASKING.fetch_sub(1, Ordering::SeqCst);
    Ok(addresses_of(&["1.1.1.1"]))
}

#[test]
fn a_look_up_that_nobody_waits_for_any_more_keeps_its_turn() {
    let mut world = World::new(&[(Protocol::Resolve, "*")]);
    Arc::get_mut(&mut world.network.0).expect("it is new").resolve = slow;
    let network = &world.network;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        for number in 0..100 {
            // As 0.3 asks, and gives up.
            let asked = name(&format!("n{number}.example"));
            let mut found = pin!(network.look_up_pinned(asked));
            let polled = found.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            // As 0.2 does.
            drop(network.begin("other.example"));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(MOST.load(Ordering::SeqCst), MAX_LOOKUPS, "no more ask at once");
        LET_GO.store(true, Ordering::SeqCst);
        let found = network.look_up(&name("last.example")).await.expect("there are turns again");
        assert_eq!(found, addresses_of(&["1.1.1.1"]));
    });
    assert_eq!(MOST.load(Ordering::SeqCst), MAX_LOOKUPS);
}
