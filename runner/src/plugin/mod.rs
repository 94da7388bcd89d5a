//! Which plugins there are, and what they say of themselves. Knows no wasmtime: what asks a plugin for
//! its manifest is handed in.

mod check;
mod digest;
pub(crate) mod discovery;
mod kind;
pub(crate) mod lock;
mod manifest;
pub(crate) mod name;
mod registry;
mod remembered;

pub(crate) use check::ManifestError;
pub(crate) use digest::Digest;
pub(crate) use discovery::{Origin, Place};
pub(crate) use manifest::{ArgumentSpec, Declared, Manifest, Shape, ValueSpec, ValueType};
pub(crate) use name::{Name, NameError};
pub(crate) use registry::{Describe, Fault, FaultKind, Listing, Lookup, Plugin, Registry};
pub(crate) use remembered::Remembered;
