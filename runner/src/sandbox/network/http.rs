//! `wasi:http/outgoing-handler`: each request is decided by its own origin, also those of a redirect,
//! which are requests like others.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::HOST;
use http::uri::Scheme as UriScheme;
use http::{HeaderValue, Method, Request, Response, Uri};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{
    Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

use super::Network;
use super::connect::tls_connector;
use super::transfer::transfer;
use crate::permission::{Host, Origin, Scheme};
use crate::sandbox::answer;

/// Requests of one instance.
pub(in crate::sandbox) struct Http {
    context: WasiHttpCtx,
    client: Client,
}

/// What sends requests. It is in a place of its own since wasmtime-wasi-http borrows it beside the
/// context.
#[derive(Clone)]
struct Client {
    network: Network,
    connections: Arc<Semaphore>,
    /// Made for the first request that needs it.
    tls: Arc<OnceLock<TlsConnector>>,
}

/// How long the steps of a request may take. The guest can only shorten it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Looking up the name, connecting, and agreeing on keys.
    pub(super) connect: Duration,
    /// Until the response begins, counted from when the request last made progress.
    pub(super) first_byte: Duration,
    /// Between two parts of the response.
    pub(super) between_bytes: Duration,
}

/// The most connections at once: each holds a socket and buffers of the host's.
const MAX_CONNECTIONS: usize = 64;

/// The most bytes that one write to a request's body takes.
const BODY_CHUNK: usize = 64 * 1024;

/// The most bytes of the fields of one request or response, in memory.
const FIELDS: usize = 64 * 1024;

impl Http {
    pub(in crate::sandbox) fn new(network: Network) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(FIELDS);
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { context, client: Client { network, connections, tls: Arc::default() } }
    }

    pub(in crate::sandbox) fn view<'a>(
        &'a mut self,
        table: &'a mut ResourceTable,
    ) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView { hooks: &mut self.client, table, ctx: &mut self.context }
    }
}

type Worker = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Client {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Worker,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Worker)>> + Send> {
        let client = self.clone();
        let patience = Patience::of(options.unwrap_or_default());
        let network = self.network.clone();
        let sent = async move { client.send(request, patience).await };
        Box::new(network.answered(sent, answer::of_request))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK
    }

    // What these replace writes a warning for each fault, as often as a guest likes.
    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        tracing::debug!("a request failed: {error}");
        if error.is_incomplete_message() {
            ErrorCode::HttpResponseIncomplete
        } else if error.is_parse_too_large() {
            ErrorCode::HttpResponseHeaderSectionSize(None)
        } else {
            ErrorCode::HttpProtocolError
        }
    }

    fn p2_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode {
        tracing::debug!("a request cannot connect: {error}");
        match error.kind() {
            ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
            ErrorKind::TimedOut => ErrorCode::ConnectionTimeout,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                ErrorCode::DestinationIpUnroutable
            }
            _ => ErrorCode::DestinationUnavailable,
        }
    }

    fn p2_error_from_tls(&mut self, error: &std::io::Error) -> ErrorCode {
        tracing::debug!("a request cannot be encrypted: {error}");
        ErrorCode::TlsProtocolError
    }
}

impl Client {
    async fn send(
        &self,
        mut request: Request<WasiBody>,
        patience: Patience,
    ) -> Result<(Response<WasiBody>, Worker)> {
        let origin = origin(request.uri())?;
        request.headers_mut().insert(HOST, host_field(&origin)?);
        // It would ask the server to connect elsewhere.
        if request.method() == Method::CONNECT {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let Ok(connection) = Arc::clone(&self.connections).try_acquire_owned() else {
            return Err(Error::ConnectionLimitReached);
        };
        let connector = match origin.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(self.tls.get_or_init(tls_connector)),
        };
        let connected = self.network.connect(&origin, connector, patience.connect);
        let stream = tokio::time::timeout(patience.connect, connected)
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        let (response, worker) = transfer(stream, request, patience).await?;
        let worker = async move {
            worker.await;
            drop(connection);
            Ok(())
        };
        Ok((response, Box::new(worker)))
    }
}

/// The `Host` field, which says what was decided on: a server that takes `LOCALHOST.:80` for another site than
/// `localhost` is told no other. The guest cannot set one.
fn host_field(origin: &Origin) -> Result<HeaderValue> {
    let Origin { scheme, host, port } = origin;
    let text = if *port == scheme.port() { host.to_string() } else { format!("{host}:{port}") };
    HeaderValue::try_from(text).map_err(|_| Error::HttpRequestUriInvalid)
}

/// Where a request goes, from its one authority.
fn origin(uri: &Uri) -> Result<Origin> {
    let scheme = match uri.scheme() {
        Some(scheme) if *scheme == UriScheme::HTTP => Scheme::Http,
        Some(scheme) if *scheme == UriScheme::HTTPS => Scheme::Https,
        _ => return Err(Error::HttpRequestUriInvalid),
    };
    let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
    // A name and a password before the host are there to be mistaken for the host.
    let (text, port) = (authority.as_str(), authority.port());
    let has_port = text.len() > authority.host().len();
    if text.contains('@') || has_port && port.is_none() {
        return Err(Error::HttpRequestUriInvalid);
    }
    let port = port.map_or(scheme.port(), |port| port.as_u16());
    let host = Host::new(authority.host()).filter(|_| port != 0);
    Ok(Origin { scheme, host: host.ok_or(Error::HttpRequestUriInvalid)?, port })
}

impl Patience {
    const MOST: Self = Self {
        connect: Duration::from_secs(30),
        first_byte: Duration::from_secs(60),
        between_bytes: Duration::from_secs(60),
    };

    fn of(options: RequestOptions) -> Self {
        let shorter = |asked: Option<Duration>, most: Duration| asked.map_or(most, |t| t.min(most));
        Self {
            connect: shorter(options.connect_timeout, Self::MOST.connect),
            first_byte: shorter(options.first_byte_timeout, Self::MOST.first_byte),
            between_bytes: shorter(options.between_bytes_timeout, Self::MOST.between_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_alone_says_where_a_request_goes() {
        let told = |text: &str| {
            let uri = text.parse::<Uri>().ok()?;
            origin(&uri).ok().map(|origin| origin.to_string())
        };
        for (uri, expected) in [
            ("https://Example.org/path?x", Some("https://example.org")),
            ("http://example.org.:8080/", Some("http://example.org:8080")),
            ("http://[::ffff:127.0.0.1]/", Some("http://127.0.0.1")),
            ("http://granted@evil/", None),
            ("http://granted:80@evil/", None),
            ("http://127.1/", None),
            ("http://0x7f000001/", None),
            ("http://2130706433/", None),
            ("http://a:0/", None),
            ("http://a:/", None),
            ("http://LOCALHOST.:08080/", Some("http://localhost:8080")),
            ("http://localhost../", None),
            ("http://a..b/", None),
            ("http://127.0.0.1.:80/", None),
            ("http://Under_Score.example./", Some("http://under_score.example")),
            ("ftp://a/", None),
            ("/path", None),
        ] {
            assert_eq!(told(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn the_host_field_says_what_was_decided_on() {
        let field = |text: &str| {
            let uri = text.parse::<Uri>().expect("a URI");
            host_field(&origin(&uri).expect("an origin")).expect("a value")
        };
        for (uri, expected) in [
            ("http://LOCALHOST.:08181/", "localhost:8181"),
            ("http://127.0.0.1:080/", "127.0.0.1"),
            ("https://Example.org:443/", "example.org"),
            ("https://example.org.:80/", "example.org:80"),
            ("http://[::FFFF:127.0.0.1]:81/", "127.0.0.1:81"),
            ("http://[0::1]/", "[::1]"),
        ] {
            assert_eq!(field(uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_guest_can_only_shorten_the_times() {
        let day = Some(Duration::from_secs(86400));
        let long = Patience::of(RequestOptions {
            connect_timeout: day,
            first_byte_timeout: day,
            between_bytes_timeout: day,
        });
        assert_eq!(long.connect, Duration::from_secs(30));
        assert_eq!(long.first_byte, Duration::from_secs(60));
        assert_eq!(long.between_bytes, Duration::from_secs(60));
        let options =
            RequestOptions { connect_timeout: Some(Duration::ZERO), ..RequestOptions::default() };
        assert_eq!(Patience::of(options).connect, Duration::ZERO);
    }
}
