//! The making of sockets. What is not granted at all is refused here already: behind a wall without a
//! network there is nothing to make a socket of.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::{tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{SocketError, SocketResult, TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::{WasiSocketsCtxView, WasiSocketsView};

use super::Network;
use crate::permission::{Operation, Ruling};
use crate::sandbox::guest::Guest;

/// What stands in the record for a peer that the guest had no chance to name.
const ANY_PEER: &str = "HOST:PORT";

impl Network {
    /// Whether there is any use in a socket; where nothing is granted, that is recorded.
    pub(super) fn offers(&self, operation: Operation) -> bool {
        !self.rules().is_empty()
            || self.record(&Ruling::not_granted(), operation, ANY_PEER.to_owned())
    }
}

pub(in crate::sandbox) fn add_tcp_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    tcp_create_socket::add_to_linker::<_, Layered>(linker, Guest::socket_makers)
}

pub(in crate::sandbox) fn add_udp_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    udp_create_socket::add_to_linker::<_, Layered>(linker, Guest::socket_makers)
}

struct Layered;

impl HasData for Layered {
    type Data<'a> = Maker<'a>;
}

struct Maker<'a> {
    below: WasiSocketsCtxView<'a>,
    network: Network,
}

impl Guest {
    fn socket_makers(&mut self) -> Maker<'_> {
        let network = self.network.clone();
        Maker { below: self.sockets(), network }
    }
}

impl Maker<'_> {
    fn admit(&self, operation: Operation) -> SocketResult<()> {
        match self.network.offers(operation) {
            true => Ok(()),
            false => Err(ErrorCode::AccessDenied.into()),
        }
    }
}

impl network::Host for Maker<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.below.convert_error_code(error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.below.network_error_code(error)
    }
}

impl network::HostNetwork for Maker<'_> {
    fn drop(&mut self, handle: Resource<network::Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.below, handle)
    }
}

impl tcp_create_socket::Host for Maker<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.admit(Operation::Connect)?;
        self.below.create_tcp_socket(family)
    }
}

impl udp_create_socket::Host for Maker<'_> {
    async fn create_udp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> SocketResult<Resource<UdpSocket>> {
        self.admit(Operation::Udp)?;
        self.below.create_udp_socket(family).await
    }
}
