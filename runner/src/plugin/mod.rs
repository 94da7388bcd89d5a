//! Which plugins there are, and what they say of themselves. Knows no wasmtime: what asks a plugin for
//! its manifest is handed in.

mod check;
mod declaration;
mod digest;
pub(crate) mod discovery;
mod facts;
mod inspection;
mod kind;
mod known;
pub(crate) mod lock;
mod manifest;
mod manifest_file;
pub(crate) mod name;
mod nesting;
mod outline;
mod pinned;
mod registry;
mod remembered;
mod verdict;

pub(crate) use check::ManifestError;
pub(crate) use declaration::manifests_beside;
pub(crate) use digest::Digest;
pub(crate) use discovery::{Origin, Place};
pub(crate) use facts::{Facts, facts};
pub(crate) use inspection::Inspection;
pub(crate) use kind::{Kind, KindError, Runnable, check_nesting};
pub(crate) use known::Known;
pub(crate) use manifest::{ArgumentSpec, Declared, Manifest, Shape, ValueSpec, ValueType};
#[cfg(fuzzing)]
pub(crate) use manifest_file::ManifestFile;
pub(crate) use name::{Name, NameError};
pub(crate) use outline::{ItemKind, MANIFEST_SECTION};
pub(crate) use pinned::Pinned;
pub(crate) use registry::{Describe, Fault, FaultKind, Listing, Lookup, Plugin, Registry};
pub(crate) use remembered::Remembered;
pub(crate) use verdict::{Ability, Verdict, brief};
