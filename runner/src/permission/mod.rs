//! What a plugin may reach: requests, grants and their decision. Pure but for the resolution of paths.

mod address;
mod answer;
mod capability;
mod checks;
mod decision;
mod endpoint;
mod explanation;
mod file_rules;
mod files;
mod glob;
mod globs;
mod grants;
mod host;
mod host_rules;
mod mounts;
mod network;
mod paths;
mod protected;
mod repository;
mod rule;
mod summary;
mod targets;
mod variable;

pub(crate) use answer::{AccessResult, Answer, Answered, Ticket};
pub(crate) use capability::{Access, Capability, Kind, PathKind, PathSpec, Request};
pub(crate) use decision::{
    Decision, NOT_GRANTED, Operation, RecordEvent, Recorder, Ruling, Unanswered, Unrecorded,
    Witness,
};
pub(crate) use endpoint::{Endpoint, Protocol, Scheme};
pub(crate) use explanation::Explanation;
#[cfg(test)]
pub(crate) use files::FilePattern;
pub(crate) use grants::{Effective, Grants, Policy, Unusable};
pub(crate) use host::{Host, HostName};
pub(crate) use mounts::{Mount, Scope};
pub(crate) use network::{NetworkRules, Origin};
pub(crate) use paths::{NamedPath, Paths, PermissionError};
pub(crate) use protected::{OwnPaths, Protected, Resolver};
pub(crate) use repository::{GIT_INDEX, Variables};
pub(crate) use rule::{Effect, Source, Statement};
pub(crate) use targets::Targets;
pub(crate) use variable::VariablePattern;
