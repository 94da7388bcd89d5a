//! What WASI 0.3 takes that WASI 0.2 does not: streams and futures between host and guest, and the call
//! of a program's asynchronous `run`.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use wasmtime::AsContextMut;
use wasmtime::component::{FutureReader, InstancePre, Lift, Lower, StreamResult, TypedFunc};

use super::guest::{Guest, Store};
use super::outcome::{NotLinked, Outcome, one_line};

/// The interface that makes a component a program. Its own version may be any that is compatible.
const RUN: &str = "wasi:cli/run@0.3.0";

/// The function that is called of a program.
pub(super) type Run = TypedFunc<(), (Result<(), ()>,)>;

/// Makes an instance of a program.
pub(super) async fn instance(
    store: &mut Store,
    ready: &InstancePre<Guest>,
) -> wasmtime::Result<Run> {
    let component = ready.component();
    let function = component
        .get_export_index(None, RUN)
        .and_then(|interface| component.get_export_index(Some(&interface), "run"))
        .ok_or_else(|| NotLinked(format!("it does not export `{RUN}`")))?;
    let instance = ready.instantiate_async(&mut *store).await?;
    instance.get_typed_func(store, function).map_err(|error| NotLinked(one_line(&error)).into())
}

/// Runs a program. It ends when it has given its result, or when nothing is left that could make it go on.
pub(super) async fn run(store: &mut Store, run: &Run) -> wasmtime::Result<Outcome> {
    let (ended,) = run.call_async(store, ()).await?;
    Ok(Outcome::exited(ended.is_err().into()))
}

/// What the table of streams, futures and tasks holds of its own for a run, and what one handle of a
/// guest's takes in it at most: a stream has two ends and what lies between.
const ENTRIES_OF_RUN: usize = 64;
const ENTRIES: usize = 4;

/// Limits what the host keeps of a guest's streams, futures and tasks.
pub(super) fn limit(store: &mut Store, handles: usize) {
    let entries = handles.saturating_mul(ENTRIES).saturating_add(ENTRIES_OF_RUN);
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(entries);
    }
    // This table, and that of resources, end a guest with an error that has a type. So the store, which
    // counts also what is lent for a call and resources of the guest's own, must not be full before.
    store.set_max_component_handles(entries.saturating_add(handles.saturating_mul(2)));
}

/// Says how a stream ended: with an error; or well, when this goes away without one.
pub(super) struct Ending<E>(Option<oneshot::Sender<E>>);

impl<E> Ending<E>
where
    Result<(), E>: Lower + Lift,
    E: Send + Sync + 'static,
{
    /// With the future that the guest learns it from.
    pub(super) fn new(
        store: impl AsContextMut,
    ) -> wasmtime::Result<(Self, FutureReader<Result<(), E>>)> {
        let (sender, receiver) = oneshot::channel();
        let told = async { wasmtime::error::Ok(receiver.await.map_or(Ok(()), Err)) };
        Ok((Self(Some(sender)), FutureReader::new(store, told)?))
    }

    /// Ends the stream with an error.
    pub(super) fn fail(&mut self, error: E) -> Poll<wasmtime::Result<StreamResult>> {
        if let Some(sender) = self.0.take() {
            // Whether the guest listens is its own affair.
            let _ = sender.send(error);
        }
        Poll::Ready(Ok(StreamResult::Dropped))
    }
}

/// What a future gives that never waits.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> wasmtime::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => wasmtime::bail!("a call that never waits would wait"),
    }
}
