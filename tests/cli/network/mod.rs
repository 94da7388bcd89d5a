//! The network: what is granted is reached, and nothing else is, by any way around.

mod http;
pub(crate) mod servers;
mod sockets;
