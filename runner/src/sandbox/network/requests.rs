//! What a guest writes into a request, within bounds: the host keeps it, and wasmtime-wasi-http takes a method or an
//! authority of any length. (Fields have their own bound in `http`, and paths in the parser of URIs.)

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::WasiHttp;
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, HostOutgoingRequest, LinkOptions, Method, OutgoingRequest,
};

use crate::sandbox::guest::Guest;

/// The longest method. Those that are registered have at most 16 letters.
const MAX_METHOD: usize = 256;

/// The longest authority: a name has 253 bytes, and nothing but a port beside it counts.
const MAX_AUTHORITY: usize = 1024;

/// The longest path with its query.
const MAX_PATH: usize = 32 * 1024;

type Context<'a> = StoreContextMut<'a, Guest>;
type Handle = Resource<OutgoingRequest>;

pub(in crate::sandbox) fn add_types_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, WasiHttp>(linker, &LinkOptions::default(), Guest::http)?;
    linker.allow_shadowing(true);
    let mut interface = linker.instance("wasi:http/types@0.2.12")?;
    interface.func_wrap(
        "[method]outgoing-request.set-method",
        |mut context: Context<'_>, (request, method): (Handle, Method)| {
            if matches!(&method, Method::Other(text) if text.len() > MAX_METHOD) {
                return Ok((Err(()),));
            }
            Ok((context.data_mut().http().set_method(request, method)?,))
        },
    )?;
    interface.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut context: Context<'_>, (request, authority): (Handle, Option<String>)| {
            if authority.as_ref().is_some_and(|text| text.len() > MAX_AUTHORITY) {
                return Ok((Err(()),));
            }
            Ok((context.data_mut().http().set_authority(request, authority)?,))
        },
    )?;
    interface.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        |mut context: Context<'_>, (request, path): (Handle, Option<String>)| {
            if path.as_ref().is_some_and(|text| text.len() > MAX_PATH) {
                return Ok((Err(()),));
            }
            Ok((context.data_mut().http().set_path_with_query(request, path)?,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}
