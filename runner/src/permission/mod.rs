//! What a plugin may reach: requests, grants and their decision. Pure but for the resolution of paths.

mod address;
mod capability;
mod decision;
mod endpoint;
mod grants;
mod host;
mod network;
mod paths;

pub(crate) use capability::{Access, Capability, PathKind, PathSpec, Request, is_variable};
pub(crate) use decision::{Decision, Operation, Recorder, Ruling};
pub(crate) use endpoint::{Endpoint, EndpointError, Protocol, Scheme};
pub(crate) use grants::{Allowed, Grants, Mount, NamedPath, Policy, Scope};
pub(crate) use host::{Host, HostName};
pub(crate) use network::{NetworkRules, Origin};
pub(crate) use paths::{Paths, PermissionError};
