//! Waiting for a time, or for input.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use wasmtime::component::Resource;
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p1::types::{
    Clockid, Errno, Error, Event, EventFdReadwrite, Eventrwflags, Eventtype, Size, Subclockflags,
    Subscription, SubscriptionClock, SubscriptionFdReadwrite, SubscriptionU, Timestamp,
};
use wasmtime_wasi::p2::DynInputStream;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor;
use wiggle::GuestPtr;

use super::Result;
use super::descriptors::{Descriptor, again};
use super::memory::Memory;
use crate::sandbox::guest::Guest;

/// What the clocks said when the waiting began.
struct Begun {
    instant: Instant,
    monotonic: Timestamp,
    real: Timestamp,
}

impl Begun {
    fn now(guest: &mut Guest) -> Result<Self> {
        let mut clocks = guest.clocks();
        Ok(Self {
            monotonic: monotonic_clock::Host::now(&mut clocks).map_err(Error::trap)?,
            real: wall_clock::Host::now(&mut clocks).map_err(Error::trap)?.try_into()?,
            instant: Instant::now(),
        })
    }

    /// How many nanoseconds there were to wait.
    fn until(&self, clock: &SubscriptionClock) -> Result<Timestamp> {
        let now = match clock.id {
            Clockid::Monotonic => self.monotonic,
            Clockid::Realtime => self.real,
            Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => {
                return Err(Errno::Inval.into());
            }
        };
        Ok(match clock.flags.contains(Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME) {
            true => clock.timeout.saturating_sub(now),
            false => clock.timeout,
        })
    }
}

/// What there is to wait for.
#[derive(Default)]
struct Awaited {
    /// The time that comes first, in nanoseconds; none is left where something is there already.
    soonest: Option<Timestamp>,
    input: Option<Resource<DynInputStream>>,
}

impl Awaited {
    fn at_most(&mut self, time: Timestamp) {
        self.soonest = Some(self.soonest.map_or(time, |soonest| soonest.min(time)));
    }

    /// Waits, and says whether there is input.
    async fn wait(self, guest: &mut Guest) -> Result<bool> {
        let limit = self.soonest.map(Duration::from_nanos);
        let Some(input) = self.input else {
            match limit {
                None | Some(Duration::ZERO) => {}
                Some(limit) => tokio::time::sleep(limit).await,
            }
            return Ok(false);
        };
        let ready = guest.table.get_mut(&input)?.ready();
        Ok(match limit {
            None => {
                ready.await;
                true
            }
            Some(Duration::ZERO) => {
                let mut ready = pin!(ready);
                poll_fn(|context| Poll::Ready(ready.as_mut().poll(context).is_ready())).await
            }
            Some(limit) => tokio::time::timeout(limit, ready).await.is_ok(),
        })
    }
}

/// Waits for one of many things, and says which of them are there.
pub(super) async fn wait(
    guest: &mut Guest,
    memory: &mut Memory<'_>,
    wanted: GuestPtr<Subscription>,
    events: GuestPtr<Event>,
    count: Size,
) -> Result<Size> {
    if count == 0 {
        return Err(Errno::Inval.into());
    }
    let begun = Begun::now(guest)?;
    let mut awaited = Awaited::default();
    for wish in wanted.as_array(count).iter() {
        match memory.read(wish?)?.u {
            SubscriptionU::Clock(clock) => awaited.at_most(begun.until(&clock)?),
            SubscriptionU::FdRead(wish) => match guest.descriptors()?.get(wish.file_descriptor)? {
                Descriptor::Input { stream, .. } => awaited.input = Some(again(stream)),
                Descriptor::File(_) => awaited.at_most(0),
                _ => return Err(Errno::Badf.into()),
            },
            SubscriptionU::FdWrite(wish) => match guest.descriptors()?.get(wish.file_descriptor)? {
                // The runner's outputs take bytes at any time.
                Descriptor::Output { .. } | Descriptor::File(_) => awaited.at_most(0),
                _ => return Err(Errno::Badf.into()),
            },
        }
    }
    let has_input = awaited.wait(guest).await?;
    let waited = u64::try_from(begun.instant.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut told = 0;
    for wish in wanted.as_array(count).iter() {
        let Subscription { userdata, u } = memory.read(wish?)?;
        let (type_, flags) = match u {
            SubscriptionU::Clock(clock) if begun.until(&clock)? <= waited => {
                (Eventtype::Clock, Eventrwflags::empty())
            }
            SubscriptionU::Clock(_) => continue,
            SubscriptionU::FdRead(wish) => match readable(guest, &wish, has_input).await? {
                Some(flags) => (Eventtype::FdRead, flags),
                None => continue,
            },
            SubscriptionU::FdWrite(_) => (Eventtype::FdWrite, Eventrwflags::empty()),
        };
        let nbytes = match type_ {
            Eventtype::Clock => 0,
            Eventtype::FdRead | Eventtype::FdWrite => 1,
        };
        let event = Event {
            userdata,
            error: Errno::Success,
            type_,
            fd_readwrite: EventFdReadwrite { nbytes, flags },
        };
        memory.write(events.add(told)?, event)?;
        told += 1;
    }
    Ok(told)
}

/// Whether something can be read, and if so, whether that is the end.
async fn readable(
    guest: &mut Guest,
    wish: &SubscriptionFdReadwrite,
    has_input: bool,
) -> Result<Option<Eventrwflags>> {
    let (handle, position) = match guest.descriptors()?.get(wish.file_descriptor)? {
        Descriptor::File(file) => (again(&file.handle), file.position),
        _ => return Ok(has_input.then(Eventrwflags::empty)),
    };
    let size = guest.layered().stat(handle).await?.size;
    Ok(Some(match size > position {
        true => Eventrwflags::empty(),
        false => Eventrwflags::FD_READWRITE_HANGUP,
    }))
}
