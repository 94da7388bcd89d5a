//! WASI preview 1.

use crate::sandbox::guest::Guest;

#[derive(Default)]
pub(in crate::sandbox) struct Preview1;

pub(in crate::sandbox) fn add_to_linker(_: &mut wasmtime::Linker<Guest>) -> wasmtime::Result<()> {
    Ok(())
}
