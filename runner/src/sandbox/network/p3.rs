//! Sockets and look-ups of WASI 0.3. A socket is the same as that of 0.2, and asks the same questions.

use wasmtime::component::{Accessor, HasData, Linker, Resource};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup;
use wasmtime_wasi::p3::bindings::sockets::types::{
    self, ErrorCode, HostTcpSocket, HostTcpSocketWithStore, HostUdpSocket, HostUdpSocketWithStore,
    IpAddress, IpAddressFamily, IpSocketAddress, TcpSocket, UdpSocket,
};
use wasmtime_wasi::p3::sockets::SocketResult;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};

use super::Network;
use super::lookup::LookupError;
use crate::permission::{AccessResult, Answer, Host, Operation};
use crate::sandbox::answer;
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
    interface.func_wrap_concurrent(
        "[method]tcp-socket.connect",
        |store: &Accessor<Guest>, (socket, address): (Resource<TcpSocket>, IpSocketAddress)| {
            Box::pin(connect(store, socket, address))
        },
    )?;
    interface.func_wrap_concurrent(
        "[method]udp-socket.send",
        |store: &Accessor<Guest>,
         (socket, data, address): (Resource<UdpSocket>, Vec<u8>, Option<IpSocketAddress>)| {
            Box::pin(send(store, socket, data, address))
        },
    )?;
    interface.func_wrap_async(
        "[method]udp-socket.connect",
        |mut context, (socket, address): (Resource<UdpSocket>, IpSocketAddress)| {
            Box::new(async move {
                let guest: &mut Guest = context.data_mut();
                let network = guest.network.clone();
                let mut sockets = guest.sockets();
                let connected = HostUdpSocket::connect(&mut sockets, socket, address);
                given(network.answered(connected, of_call).await)
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

type Given = wasmtime::Result<(Result<(), ErrorCode>,)>;

/// The calls that connect or send are wasmtime-wasi's, too; what came of them is told.
async fn connect(
    store: &Accessor<Guest>,
    socket: Resource<TcpSocket>,
    address: IpSocketAddress,
) -> Given {
    let sockets = store.with_getter::<WasiSockets>(Guest::sockets);
    let connected = WasiSockets::connect(&sockets, socket, address).await;
    let network = store.with(|mut access| access.get().network.clone());
    network.end_connection(address.into(), of_call(&connected).result);
    given(connected)
}

async fn send(
    store: &Accessor<Guest>,
    socket: Resource<UdpSocket>,
    data: Vec<u8>,
    address: Option<IpSocketAddress>,
) -> Given {
    let sockets = store.with_getter::<WasiSockets>(Guest::sockets);
    let network = store.with(|mut access| access.get().network.clone());
    let sent =
        <WasiSockets as HostUdpSocketWithStore<Guest>>::send(&sockets, socket, data, address);
    given(network.answered(sent, of_call).await)
}

fn of_call(done: &SocketResult<()>) -> Answer {
    let result = match done {
        Ok(()) => AccessResult::Ok,
        Err(error) => match error.downcast_ref() {
            None => AccessResult::Limit,
            Some(ErrorCode::AccessDenied) => AccessResult::AccessDenied,
            Some(ErrorCode::NotSupported) => AccessResult::Unsupported,
            Some(ErrorCode::InvalidArgument | ErrorCode::InvalidState) => {
                AccessResult::InvalidArgument
            }
            Some(ErrorCode::Timeout) => AccessResult::Timeout,
            Some(ErrorCode::RemoteUnreachable) => AccessResult::Unreachable,
            Some(ErrorCode::ConnectionRefused) => AccessResult::ConnectionRefused,
            Some(
                ErrorCode::ConnectionReset
                | ErrorCode::ConnectionAborted
                | ErrorCode::ConnectionBroken,
            ) => AccessResult::ConnectionReset,
            Some(ErrorCode::DatagramTooLarge) => AccessResult::TooLarge,
            Some(_) => AccessResult::IoError,
        },
    };
    result.into()
}

fn given(done: SocketResult<()>) -> Given {
    Ok((done.map_or_else(|error| error.downcast().map(Err), |()| Ok(Ok(())))?,))
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
            Host::Name(name) if self.check_name(&name) => {
                self.answered(self.look_up_pinned(name), answer::of_lookup).await
            }
            Host::Name(_) => return Err(ErrorCode::AccessDenied),
        };
        match found {
            Ok(addresses) => Ok(addresses.into_iter().map(IpAddress::from).collect()),
            Err(LookupError::Timeout) => Err(ErrorCode::TemporaryResolverFailure),
            Err(LookupError::NotFound) => Err(ErrorCode::NameUnresolvable),
        }
    }
}
