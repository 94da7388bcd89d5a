//! What WASI 0.3 takes that WASI 0.2 does not: streams and futures between host and guest, and the call
//! of a program's asynchronous `run`.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use wasmtime::AsContextMut;
use wasmtime::component::{FutureReader, InstancePre, Lift, Lower, StreamResult};

use super::guest::{Guest, Store};
use super::outcome::{NotLinked, Outcome};

/// The version that the interfaces here have; a program's own may be any that is compatible.
const RUN: &str = "wasi:cli/run@0.3.0";

/// Makes an instance of a program and calls it. It ends when `run` has given its result, or when nothing
/// is left that could make it go on.
pub(super) async fn run(
    store: &mut Store,
    ready: &InstancePre<Guest>,
) -> wasmtime::Result<Outcome> {
    let component = ready.component();
    let function = component
        .get_export_index(None, RUN)
        .and_then(|interface| component.get_export_index(Some(&interface), "run"))
        .ok_or_else(|| NotLinked(format!("it has no `run` in `{RUN}`")))?;
    let instance = ready.instantiate_async(&mut *store).await?;
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, &function)?;
    let (ended,) = run.call_async(&mut *store, ()).await?;
    Ok(Outcome::exited(i32::from(ended.is_err())))
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
