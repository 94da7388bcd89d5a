//! `wasi:cli/stdout` and `wasi:cli/stderr` of WASI 0.3. wasmtime-wasi's own would tell the guest of an
//! output that is full or closed; here, as with 0.2, that ends the run.

use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime::StoreContextMut;
use wasmtime::component::{
    Access, FutureReader, HasData, Linker, Source, StreamConsumer, StreamReader, StreamResult,
};
use wasmtime_wasi::p2::StreamError;
use wasmtime_wasi::p3::bindings::cli::types::ErrorCode;
use wasmtime_wasi::p3::bindings::cli::{stderr, stdout};

use super::{MeteredOutput, PERMIT};
use crate::sandbox::guest::Guest;
use crate::sandbox::p3::Ending;

pub(in crate::sandbox) fn add_stdout_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    stdout::add_to_linker::<_, Outputs>(linker, Guest::outputs)
}

pub(in crate::sandbox) fn add_stderr_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    stderr::add_to_linker::<_, Outputs>(linker, Guest::outputs)
}

/// The outputs of a guest; what is written to one that it does not have is lost.
#[derive(Clone, Default)]
pub(in crate::sandbox) struct Outputs {
    pub(in crate::sandbox) stdout: Option<MeteredOutput>,
    pub(in crate::sandbox) stderr: Option<MeteredOutput>,
}

impl HasData for Outputs {
    type Data<'a> = &'a mut Self;
}

impl stdout::Host for Outputs {}
impl stderr::Host for Outputs {}

type Ended = FutureReader<Result<(), ErrorCode>>;

impl<U: 'static> stdout::HostWithStore<U> for Outputs {
    fn write_via_stream(
        mut store: Access<'_, U, Self>,
        data: StreamReader<u8>,
    ) -> wasmtime::Result<Ended> {
        let output = store.get().stdout.clone();
        pipe(store, data, output)
    }
}

impl<U: 'static> stderr::HostWithStore<U> for Outputs {
    fn write_via_stream(
        mut store: Access<'_, U, Self>,
        data: StreamReader<u8>,
    ) -> wasmtime::Result<Ended> {
        let output = store.get().stderr.clone();
        pipe(store, data, output)
    }
}

fn pipe<U: 'static>(
    mut store: Access<'_, U, Outputs>,
    data: StreamReader<u8>,
    output: Option<MeteredOutput>,
) -> wasmtime::Result<Ended> {
    let (ending, ended) = Ending::new(&mut store)?;
    data.pipe(&mut store, Writer { output, ending })?;
    Ok(ended)
}

/// Writes what a guest gives to its output, at once.
struct Writer {
    output: Option<MeteredOutput>,
    ending: Ending<ErrorCode>,
}

impl<D> StreamConsumer<D> for Writer {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<D>,
        source: Source<'_, u8>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut source = source.as_direct(store);
        let given = source.remaining();
        let length = given.len().min(PERMIT);
        let written = match &self.output {
            Some(output) if length > 0 => output.put(&given[..length]),
            _ => Ok(()),
        };
        match written {
            Ok(()) => {
                source.mark_read(length);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(StreamError::Trap(error)) => Poll::Ready(Err(error)),
            Err(StreamError::LastOperationFailed(_)) => self.ending.fail(ErrorCode::Io),
            Err(StreamError::Closed) => self.ending.fail(ErrorCode::Pipe),
        }
    }
}
