use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use super::*;
use crate::permission::{Endpoint, HostName, NetworkRules, Protocol, Scheme, Witness};

/// A server of one connection, with a certificate for this name; what it was told without errors.
fn server(name: &str) -> (u16, RootCertStore, thread::JoinHandle<io::Result<Vec<u8>>>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("it is one");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("they belong together");
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let served = thread::spawn(move || {
        let mut connection = ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
        let (mut socket, _) = listener.accept()?;
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut told = vec![0; 5];
        stream.read_exact(&mut told)?;
        stream.write_all(b"world")?;
        Ok(told)
    });
    (port, roots, served)
}

/// Connects to `localhost`, which is granted, and says hello.
fn greet(port: u16, connector: &TlsConnector) -> Result<()> {
    let mut rules = NetworkRules::default();
    let endpoint = Endpoint::parse(Protocol::Http, "localhost:*").expect("an endpoint");
    rules.request(Protocol::Http, endpoint.clone());
    rules.grant(Protocol::Http, endpoint, "localhost");
    let network = Network::new(Arc::new(rules), Witness::default());
    let name = HostName::new("localhost").expect("a name");
    let origin = Origin { scheme: Scheme::Https, host: Host::Name(name), port };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let patience = Duration::from_secs(20);
        let mut stream = network.connect(&origin, Some(connector), patience).await?;
        let write = |cx: &mut std::task::Context<'_>| {
            std::pin::Pin::new(&mut stream).poll_write(cx, b"hello")
        };
        std::future::poll_fn(write).await.map_err(Error::Connect)?;
        let flush =
            |cx: &mut std::task::Context<'_>| std::pin::Pin::new(&mut stream).poll_flush(cx);
        std::future::poll_fn(flush).await.map_err(Error::Connect)
    })
}

#[test]
fn a_server_proves_its_name() {
    let (port, roots, served) = server("localhost");
    greet(port, &connector_with(roots)).expect("its certificate is trusted, and for this name");
    assert_eq!(served.join().expect("it ended").expect("it was greeted"), b"hello");
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    let (port, roots, served) = server("example.org");
    let error = greet(port, &connector_with(roots)).expect_err("it is for another name");
    assert!(matches!(error, Error::TlsCertificateError), "{error}");
    served.join().expect("it ended").expect_err("it heard nothing");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (port, _, served) = server("localhost");
    let error = greet(port, &tls_connector()).expect_err("no authority knows it");
    assert!(matches!(error, Error::TlsCertificateError), "{error}");
    served.join().expect("it ended").expect_err("it heard nothing");
}

#[test]
fn the_next_address_is_tried() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let reached = |addresses: &[[u8; 4]]| {
        let addresses: Vec<IpAddr> = addresses.iter().copied().map(IpAddr::from).collect();
        let patience = Duration::from_secs(20);
        let dialled = runtime.block_on(dial(&addresses, port, patience));
        dialled.and_then(|stream| stream.peer_addr()).map(|peer| peer.ip())
    };
    let own = IpAddr::from([127, 0, 0, 1]);
    assert_eq!(reached(&[[127, 0, 0, 2], [127, 0, 0, 1]]).expect("one answers"), own);
    let error = reached(&[[127, 0, 0, 2]]).expect_err("nobody is there");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
