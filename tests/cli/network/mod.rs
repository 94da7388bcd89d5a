//! The network: what is granted is reached, and nothing else is, by any way around.

mod http;
#[cfg(target_os = "linux")]
mod names;
mod requests;
pub(crate) mod servers;
mod sockets;
