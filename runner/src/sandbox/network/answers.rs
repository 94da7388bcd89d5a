//! What came of the network's decisions, told as soon as it is known.
//!
//! A decision is made deep in a call of wasmtime-wasi's. Those of a request, a look-up or a datagram are
//! made while the call is polled, so that whatever was decided during a poll is that call's
//! ([`Network::answered`]). A TCP connection of WASI 0.2 is decided on wherever its socket is polled first:
//! its decision is found again by the address.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::PoisonError;

use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpSocketAddress};
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::{
    HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagramStream, OutgoingDatagram,
    OutgoingDatagramStream,
};
use wasmtime_wasi::p2::{
    self, DynInputStream, DynOutputStream, SocketResult, TcpSocket, UdpSocket,
};
use wasmtime_wasi::sockets::WasiSocketsView;

use super::Network;
use crate::permission::{AccessResult, Answer, Ticket};
use crate::sandbox::answer::of_socket_error;
use crate::sandbox::guest::Guest;

/// The connections that are under way, the oldest first.
#[derive(Default)]
pub(super) struct Connecting {
    decided: VecDeque<(SocketAddr, Ticket)>,
    /// Which address the socket behind a handle connects to.
    sockets: VecDeque<(u32, SocketAddr)>,
}

/// How many are remembered: more than a guest has handles by default. Of more, the oldest have no answer.
const MOST: usize = 2048;

impl Connecting {
    fn take(&mut self, address: SocketAddr) -> Option<Ticket> {
        let at = self.decided.iter().position(|(decided, _)| *decided == address)?;
        self.decided.remove(at).map(|(_, ticket)| ticket)
    }

    fn take_socket(&mut self, handle: u32) -> Option<SocketAddr> {
        let at = self.sockets.iter().position(|(socket, _)| *socket == handle)?;
        self.sockets.remove(at).map(|(_, address)| address)
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == MOST {
        queue.pop_front();
    }
    queue.push_back(item);
}

impl Network {
    /// Does some work, and tells what came of everything that is decided in it.
    pub(super) fn answered<T, W, A>(
        &self,
        work: W,
        answer: A,
    ) -> impl Future<Output = T> + use<T, W, A>
    where
        W: Future<Output = T>,
        A: FnOnce(&T) -> Answer,
    {
        let network = self.clone();
        // What was decided to begin it.
        let mut tickets = network.0.unanswered.take();
        async move {
            let mut work = pin!(work);
            let done = poll_fn(|context| {
                let polled = work.as_mut().poll(context);
                tickets.append(&mut network.0.unanswered.take());
                polled
            })
            .await;
            network.0.witness.answer(tickets, answer(&done));
            done
        }
    }

    fn connecting(&self) -> std::sync::MutexGuard<'_, Connecting> {
        self.0.connecting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that a connection was allowed.
    pub(super) fn begin_connection(&self, address: SocketAddr, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            push(&mut self.connecting().decided, (address, ticket));
        }
    }

    /// Tells what came of a connection.
    pub(super) fn end_connection(&self, address: SocketAddr, result: AccessResult) {
        let ticket = self.connecting().take(address);
        self.0.witness.answer(ticket.into_iter().collect(), result.into());
    }

    /// Tells what came of what was decided in a call that is over.
    fn end_call<T>(&self, done: &SocketResult<T>) {
        let result = match done {
            Ok(_) => AccessResult::Ok,
            Err(error) => {
                error.downcast_ref().map_or(AccessResult::Limit, |code| of_socket_error(*code))
            }
        };
        self.0.witness.answer(self.0.unanswered.take(), result.into());
    }
}

/// What a call of WASI 0.2 gives back.
type Given<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

fn given<T>(done: SocketResult<T>) -> Given<T> {
    Ok((match done {
        Ok(value) => Ok(value),
        Err(error) => Err(error.downcast()?),
    },))
}

/// Puts the calls of WASI 0.2 that connect in the place of wasmtime-wasi's own, which they make.
pub(in crate::sandbox) fn add_connections_to_linker(
    linker: &mut Linker<Guest>,
) -> wasmtime::Result<()> {
    type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);
    linker.allow_shadowing(true);
    let mut tcp = linker.instance("wasi:sockets/tcp@0.2.12")?;
    tcp.func_wrap(
        "[method]tcp-socket.start-connect",
        |mut context,
         (socket, network, address): (
            Resource<TcpSocket>,
            Resource<p2::Network>,
            IpSocketAddress,
        )| {
            let guest: &mut Guest = context.data_mut();
            let handle = socket.rep();
            let begun = guest.sockets().start_connect(socket, network, address);
            if begun.is_ok() {
                push(&mut guest.network.connecting().sockets, (handle, address.into()));
            }
            given(begun)
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.finish-connect",
        |mut context, (socket,): (Resource<TcpSocket>,)| -> Given<Streams> {
            let guest: &mut Guest = context.data_mut();
            let handle = socket.rep();
            let connected = given(guest.sockets().finish_connect(socket))?;
            if let (Err(ErrorCode::WouldBlock | ErrorCode::NotInProgress),) = &connected {
                return Ok(connected);
            }
            let address = guest.network.connecting().take_socket(handle);
            if let Some(address) = address {
                let result = connected.0.as_ref().err();
                let result = result.map_or(AccessResult::Ok, |code| of_socket_error(*code));
                guest.network.end_connection(address, result);
            }
            Ok(connected)
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The same for datagrams.
pub(in crate::sandbox) fn add_datagrams_to_linker(
    linker: &mut Linker<Guest>,
) -> wasmtime::Result<()> {
    type Streams = (Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>);
    linker.allow_shadowing(true);
    let mut udp = linker.instance("wasi:sockets/udp@0.2.12")?;
    udp.func_wrap_async(
        "[method]udp-socket.stream",
        |mut context, (socket, address): (Resource<UdpSocket>, Option<IpSocketAddress>)| {
            Box::new(async move {
                let guest: &mut Guest = context.data_mut();
                let streams: SocketResult<Streams> = guest.sockets().stream(socket, address).await;
                guest.network.end_call(&streams);
                given(streams)
            })
        },
    )?;
    udp.func_wrap(
        "[method]outgoing-datagram-stream.send",
        |mut context,
         (stream, datagrams): (Resource<OutgoingDatagramStream>, Vec<OutgoingDatagram>)| {
            let guest: &mut Guest = context.data_mut();
            let sent = guest.sockets().send(stream, datagrams);
            guest.network.end_call(&sent);
            given(sent)
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}
