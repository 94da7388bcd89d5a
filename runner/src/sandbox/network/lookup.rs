//! `wasi:sockets/ip-name-lookup`: look-ups of names that the rules allow, and of no others.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};
use wasmtime_wasi::p2::{self, DynPollable, Pollable};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, poll_noop, spawn};

use super::Network;
use crate::permission::{Host, HostName};
use crate::sandbox::answer;
use crate::sandbox::guest::Guest;

/// No look-up takes longer.
const LOOKUP_LIMIT: Duration = Duration::from_secs(15);

/// Why a look-up gave no address.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) enum LookupError {
    Timeout,
    NotFound,
}

impl Network {
    /// Asks the system, and remembers what the name led to.
    pub(super) async fn look_up_pinned(&self, name: HostName) -> Result<Vec<IpAddr>, LookupError> {
        let addresses = self.look_up(&name).await?;
        Ok(self.pins().pin(&name, addresses))
    }

    /// Asks the system. Whether that is allowed is for the caller to check.
    pub(super) async fn look_up(&self, name: &HostName) -> Result<Vec<IpAddr>, LookupError> {
        let asked = async {
            let turn =
                Arc::clone(&self.0.lookups).acquire_owned().await.map_err(io::Error::other)?;
            let (name, resolve) = (name.clone(), self.0.resolve);
            // The system cannot be told to stop: a look-up keeps its turn until it ends, also if nobody waits
            // for it any more.
            let asked = tokio::task::spawn_blocking(move || {
                let found = resolve(&name);
                drop(turn);
                found
            });
            asked.await.map_err(io::Error::other)?
        };
        match tokio::time::timeout(LOOKUP_LIMIT, asked).await {
            Err(_) => Err(LookupError::Timeout),
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Ok(_)) => Err(LookupError::NotFound),
            Ok(Err(error)) => {
                tracing::debug!("cannot look up `{name}`: {error}");
                Err(LookupError::NotFound)
            }
        }
    }
}

/// What the guest knows as a `resolve-address-stream`.
pub(super) enum Lookup {
    Pending(AbortOnDropJoinHandle<Result<Vec<IpAddr>, LookupError>>),
    Done(Result<std::vec::IntoIter<IpAddr>, LookupError>),
}

impl Lookup {
    fn next(&mut self) -> Result<Option<IpAddress>, ErrorCode> {
        if let Self::Pending(task) = self {
            let found = poll_noop(std::pin::Pin::new(task)).ok_or(ErrorCode::WouldBlock)?;
            *self = Self::Done(found.map(Vec::into_iter));
        }
        match self {
            Self::Pending(_) => Err(ErrorCode::WouldBlock),
            Self::Done(Ok(addresses)) => Ok(addresses.next().map(IpAddress::from)),
            Self::Done(Err(LookupError::Timeout)) => Err(ErrorCode::TemporaryResolverFailure),
            Self::Done(Err(LookupError::NotFound)) => Err(ErrorCode::NameUnresolvable),
        }
    }
}

#[async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        if let Self::Pending(task) = self {
            let found = task.await;
            *self = Self::Done(found.map(Vec::into_iter));
        }
    }
}

impl Network {
    pub(super) fn begin(&self, text: &str) -> Result<Lookup, ErrorCode> {
        match Host::new(text).ok_or(ErrorCode::InvalidArgument)? {
            // An address is its own answer, and nobody is asked.
            Host::Address(address) => Ok(Lookup::Done(Ok(vec![address].into_iter()))),
            Host::Name(name) if self.check_name(&name) => {
                let network = self.clone();
                let found = async move { network.look_up_pinned(name).await };
                Ok(Lookup::Pending(spawn(self.answered(found, answer::of_lookup))))
            }
            Host::Name(_) => Err(ErrorCode::AccessDenied),
        }
    }
}

type Context<'a> = StoreContextMut<'a, Guest>;
type Handle = Resource<Lookup>;

/// By hand rather than with wasmtime-wasi's bindings, whose stream of addresses nobody else can make.
pub(in crate::sandbox) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    interface.resource(
        "resolve-address-stream",
        ResourceType::host::<Lookup>(),
        |mut context, rep| {
            context.data_mut().table.delete(Handle::new_own(rep))?;
            Ok(())
        },
    )?;
    interface.func_wrap(
        "resolve-addresses",
        |mut context: Context<'_>, (network, name): (Resource<p2::Network>, String)| {
            let guest = context.data_mut();
            guest.table.get(&network)?;
            let begun = match guest.network.begin(&name) {
                Ok(lookup) => Ok(guest.table.push(lookup)?),
                Err(error) => Err(error),
            };
            Ok((begun,))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut context: Context<'_>, (lookup,): (Handle,)| {
            Ok((context.data_mut().table.get_mut(&lookup)?.next(),))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut context: Context<'_>, (lookup,): (Handle,)| {
            let pollable: Resource<DynPollable> =
                p2::subscribe(&mut context.data_mut().table, lookup)?;
            Ok((pollable,))
        },
    )
}
