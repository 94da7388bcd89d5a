//! Preview 1 of WASI, natively: what core modules import that are no components.
//!
//! Calls on files and paths go to the same layer as those of components ([`files`](super::files)), so
//! that nothing is decided twice, or otherwise. What is here is only what preview 1 has and its
//! successors have not: numbered descriptors with positions ([`descriptors`]), and a guest that says
//! where in its memory something is.
//!
//! Nothing that a guest names makes the host allocate more than a few pages: bytes go directly between
//! its memory and a file ([`bytes`]), listings are read as they are asked for ([`directories`]), and a
//! path is no longer than the system's longest ([`memory`]).

mod bytes;
mod descriptors;
mod directories;
mod host;
mod memory;
mod paths;
mod poll;
mod status;
#[cfg(test)]
mod tests;

use wasmtime::Linker;
use wasmtime_wasi::p1::{types, wasi_snapshot_preview1};

use super::guest::Guest;
use descriptors::Descriptors;

/// What preview 1 keeps of a guest.
#[derive(Default)]
pub(super) struct Preview1 {
    /// None before the first call.
    descriptors: Option<Descriptors>,
}

/// Links all of `wasi_snapshot_preview1`.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasi_snapshot_preview1::add_to_linker(linker, |guest| guest)
}

type Result<T, E = types::Error> = std::result::Result<T, E>;
