//! What a plugin may reach: requests, grants and their decision. Pure but for the resolution of paths.

mod capability;
mod decision;
mod grants;
mod paths;

pub(crate) use capability::{Access, Capability, PathKind, PathSpec, Request, is_variable};
pub(crate) use decision::{Decision, Operation, Recorder, Ruling, Witness};
pub(crate) use grants::{Allowed, Grants, Mount, NamedPath, Policy, Scope};
pub(crate) use paths::{Paths, PermissionError};
