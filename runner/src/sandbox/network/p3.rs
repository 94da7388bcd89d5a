//! Sockets and look-ups of WASI 0.3. A socket is the same as that of 0.2, and asks the same questions.

use wasmtime::component::{Accessor, HasData, Linker, Resource};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup;
use wasmtime_wasi::p3::bindings::sockets::types::{
    self, ErrorCode, HostTcpSocket, HostUdpSocket, IpAddress, IpAddressFamily, TcpSocket, UdpSocket,
};
use wasmtime_wasi::p3::sockets::SocketResult;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};

use super::Network;
use super::lookup::LookupError;
use crate::permission::{Host, Operation};
use crate::sandbox::guest::Guest;

/// Sockets are wasmtime-wasi's own, but for the making of one: what is not granted at all is refused here
/// already.
pub(in crate::sandbox) fn add_sockets_to_linker(
    linker: &mut Linker<Guest>,
) -> wasmtime::Result<()> {
    types::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    linker.allow_shadowing(true);
    let mut interface = linker.instance("wasi:sockets/types@0.3.0")?;
    interface.func_wrap("[static]tcp-socket.create", |mut context, (family,)| {
        Ok((context.data_mut().create_tcp(family)?,))
    })?;
    interface.func_wrap_async("[static]udp-socket.create", |mut context, (family,)| {
        Box::new(async move { Ok((context.data_mut().create_udp(family).await?,)) })
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

type Made<T> = wasmtime::Result<Result<Resource<T>, ErrorCode>>;

impl Guest {
    fn create_tcp(&mut self, family: IpAddressFamily) -> Made<TcpSocket> {
        if !self.network.offers(Operation::Connect) {
            return Ok(Err(ErrorCode::AccessDenied));
        }
        made(HostTcpSocket::create(&mut self.sockets(), family))
    }

    async fn create_udp(&mut self, family: IpAddressFamily) -> Made<UdpSocket> {
        if !self.network.offers(Operation::Udp) {
            return Ok(Err(ErrorCode::AccessDenied));
        }
        made(HostUdpSocket::create(&mut self.sockets(), family).await)
    }

    fn lookups(&mut self) -> &mut Network {
        &mut self.network
    }
}

fn made<T>(made: SocketResult<Resource<T>>) -> Made<T> {
    made.map_or_else(|error| error.downcast().map(Err), |socket| Ok(Ok(socket)))
}

/// Look-ups are ours.
pub(in crate::sandbox) fn add_lookup_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    ip_name_lookup::add_to_linker::<_, Lookups>(linker, Guest::lookups)
}

struct Lookups;

impl HasData for Lookups {
    type Data<'a> = &'a mut Network;
}

impl ip_name_lookup::Host for Network {}

type Found = Result<Vec<IpAddress>, ip_name_lookup::ErrorCode>;

impl<U: 'static> ip_name_lookup::HostWithStore<U> for Lookups {
    async fn resolve_addresses(store: &Accessor<U, Self>, name: String) -> wasmtime::Result<Found> {
        let network = store.with(|mut access| access.get().clone());
        Ok(network.resolve(&name).await)
    }
}

impl Network {
    async fn resolve(&self, text: &str) -> Found {
        use ip_name_lookup::ErrorCode;
        let found = match Host::new(text).ok_or(ErrorCode::InvalidArgument)? {
            // An address is its own answer, and nobody is asked.
            Host::Address(address) => Ok(vec![address]),
            Host::Name(name) if self.check_name(&name) => self.look_up_pinned(name).await,
            Host::Name(_) => return Err(ErrorCode::AccessDenied),
        };
        match found {
            Ok(addresses) => Ok(addresses.into_iter().map(IpAddress::from).collect()),
            Err(LookupError::Timeout) => Err(ErrorCode::TemporaryResolverFailure),
            Err(LookupError::NotFound) => Err(ErrorCode::NameUnresolvable),
        }
    }
}
