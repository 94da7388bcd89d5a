//! The connection of a request: to an address that was checked, and to that very one.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use wasmtime_wasi_http::{Error, Result};

use super::Network;
use super::lookup::LookupError;
use crate::permission::{Host, Origin};

/// What a request is sent over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Network {
    /// Connects to an origin, if the rules allow it. `connector` encrypts.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
        connector: Option<&TlsConnector>,
        patience: Duration,
    ) -> Result<Box<dyn Stream>> {
        let addresses = self.admitted(origin).await?;
        let stream = dial(&addresses, origin.port, patience).await.map_err(Error::Connect)?;
        match connector {
            None => Ok(Box::new(stream)),
            Some(connector) => {
                let name = server_name(&origin.host)?;
                Ok(Box::new(connector.connect(name, stream).await.map_err(tls_error)?))
            }
        }
    }

    /// The addresses of an origin that a request may go to.
    async fn admitted(&self, origin: &Origin) -> Result<Vec<IpAddr>> {
        let (found, refusal) = match &origin.host {
            Host::Address(address) => (vec![*address], Error::HttpRequestDenied),
            Host::Name(name) => {
                let ruling = self.rules().check_origin(origin, name);
                if !ruling.allowed {
                    self.record_origin(&ruling, origin);
                    return Err(Error::HttpRequestDenied);
                }
                let found = self.look_up(name).await.map_err(|error| match error {
                    LookupError::Timeout => Error::DnsTimeout,
                    LookupError::NotFound => Error::DnsError { rcode: None, info_code: None },
                })?;
                (found, Error::DestinationIpProhibited)
            }
        };
        self.sift(origin, found).ok_or(refusal)
    }

    /// Keeps the addresses that the rules admit; nothing where they admit none.
    pub(super) fn sift(&self, origin: &Origin, found: Vec<IpAddr>) -> Option<Vec<IpAddr>> {
        let ruled = found.into_iter().map(|at| (at, self.rules().check_origin_at(origin, at)));
        let (admitted, refused): (Vec<_>, Vec<_>) = ruled.partition(|(_, ruling)| ruling.allowed);
        let (_, ruling) = admitted.first().or(refused.first())?;
        let is_admitted = self.record_origin(ruling, origin);
        is_admitted.then(|| admitted.into_iter().map(|(address, _)| address).collect())
    }
}

/// Connects to the first address that answers; each has its share of the time.
async fn dial(addresses: &[IpAddr], port: u16, patience: Duration) -> io::Result<TcpStream> {
    let share = patience / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match tokio::time::timeout(share, TcpStream::connect((*address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Trusts the authorities that Mozilla trusts, whatever the machine has.
pub(super) fn tls_connector() -> TlsConnector {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    connector_with(roots)
}

fn connector_with(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers every suite of both versions of the protocol")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// The name that the server's certificate must be for.
fn server_name(host: &Host) -> Result<ServerName<'static>> {
    match host {
        Host::Name(name) => {
            ServerName::try_from(name.as_str().to_owned()).map_err(|_| Error::HttpRequestUriInvalid)
        }
        Host::Address(address) => Ok(ServerName::from(*address)),
    }
}

/// A certificate that does not convince is told apart: a user can do something about that.
fn tls_error(error: io::Error) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            tracing::debug!("a server's certificate is refused: {reason:?}");
            Error::TlsCertificateError
        }
        _ => Error::Tls(error),
    }
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
