//! What a guest is run with: everything that was granted, opened before anything of it runs.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::files::Opened;
use super::limits::{HOSTCALL_BYTES, MANIFEST_BYTES};
use super::wall::{Opening, Reach};
use super::{GuestIo, Limits, SandboxError};
use crate::destination::make_directory;
use crate::invocation::Invocation;
use crate::permission::{Access, Grants, Mount, NetworkRules, Scope};

/// The variable that gives a program its section of the configuration, as JSON. There is none where
/// nothing is configured: what a program finds then is what was granted, and no more.
const CONFIGURATION: &str = "TASKRUNNER_CONFIG";

/// The variable that tells a guest which repositories say what git tracks in the workspace, as JSON: one
/// that requests to read their indexes.
const REPOSITORIES: &str = "TASKRUNNER_REPOSITORIES";

/// What a guest is run with. It takes [`Grants`] to make one, and attempts share it.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(super) opened: Arc<Opened>,
    /// What the second wall lets through of the file system.
    pub(super) openings: Arc<[Opening]>,
    pub(super) environment: Arc<[(String, String)]>,
    pub(super) network: Arc<NetworkRules>,
    /// The words that a program finds as its command line, its name first.
    pub(super) command_line: Arc<[String]>,
    /// What `wasi:config/store` gives: the keys of the command's section, with their values as text.
    pub(super) configuration: Arc<[(String, String)]>,
    /// How many files are open for the guest before it begins.
    pub(super) held: u64,
    pub(super) limits: Limits,
    /// The most bytes that one call of the host's may take out of the guest.
    pub(super) hostcall_bytes: usize,
    pub(super) io: GuestIo,
}

impl Setup {
    /// Opens what was granted.
    pub(crate) fn new(grants: &Grants, limits: Limits, io: GuestIo) -> Result<Self, SandboxError> {
        let held = held(grants);
        #[cfg(unix)]
        make_room(held);
        make_directories(grants.areas())?;
        Ok(Self {
            opened: Arc::new(Opened::open(&Arc::new(grants.clone()))?),
            openings: openings(grants.areas())?,
            environment: environment(grants).into(),
            network: Arc::new(grants.network().clone()),
            command_line: Arc::default(),
            configuration: Arc::default(),
            held,
            limits,
            hostcall_bytes: HOSTCALL_BYTES,
            io,
        })
    }

    /// Adds what a plugin is told beside the contract, which is all that a program is told.
    pub(crate) fn telling(self, invocation: &Invocation) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let section = &invocation.section;
        let configuration = section.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        let Some(command_line) = &invocation.command_line else {
            return Self { configuration, ..self };
        };
        let own = |(name, _): &&(String, String)| name != CONFIGURATION;
        let mut environment: Vec<_> = self.environment.iter().filter(own).cloned().collect();
        if !section.is_empty() {
            environment.push((CONFIGURATION.to_owned(), invocation.configuration()));
        }
        let command_line = command_line.as_slice().into();
        Self { configuration, command_line, environment: environment.into(), ..self }
    }

    /// For `describe`: no capability at all, and tight limits.
    pub(super) fn for_describe() -> Result<Self, SandboxError> {
        let setup = Self::new(&Grants::none(), Limits::for_describe(), GuestIo::closed())?;
        Ok(Self { hostcall_bytes: MANIFEST_BYTES, ..setup })
    }
}

/// The variables that were granted, and what the runner tells by one.
fn environment(grants: &Grants) -> Vec<(String, String)> {
    let granted = grants.environment().iter().filter(|(name, _)| name != REPOSITORIES);
    let told = grants.repositories().map(|told| (REPOSITORIES.to_owned(), told.to_owned()));
    granted.cloned().chain(told).collect()
}

/// How many files it takes to open what was granted: each part once for the guest, and once for the wall.
fn held(grants: &Grants) -> u64 {
    (grants.mounts().len() + grants.areas().len()) as u64
}

/// Lets this process open so many files more than usual, as far as the system lets it: by default it may
/// open a thousand, and somebody may name more on the command line.
#[cfg(unix)]
fn make_room(files: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(current) = current else { return };
    let wanted = current.saturating_add(files);
    let raised = maximum.map_or(wanted, |maximum| wanted.min(maximum));
    // Where it cannot be raised, what cannot be opened is told by its name.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
}

/// A directory that the command line names to be written need not be there yet. One in another that may be
/// written, the guest makes if it needs it; any other is made here.
fn make_directories(areas: &[Mount]) -> Result<(), SandboxError> {
    let written = |area: &&Mount| area.scope == Scope::Tree && area.access == Access::Write;
    for area in areas.iter().filter(written).filter(|area| !area.host.exists()) {
        let is_around =
            |other: &Mount| other.host != area.host && area.host.starts_with(&other.host);
        if areas.iter().filter(written).any(|other| is_around(other) && other.host.is_dir()) {
            continue;
        }
        // Whatever has come into its place since it was decided on is not followed.
        make_directory(&area.host).map_err(|error| SandboxError::Open {
            path: area.host.clone(),
            reason: error.to_string(),
        })?;
    }
    Ok(())
}

/// What the second wall lets through. The places are opened apart from what the guest is given: should
/// another directory take the place of one in between, the guest has less.
fn openings(areas: &[Mount]) -> Result<Arc<[Opening]>, SandboxError> {
    // Several rules may say the same.
    let needed = areas.iter().map(|area| {
        let parent = area.host.parent().unwrap_or(&area.host);
        match (area.scope, area.access) {
            (Scope::Tree, Access::Read) => (&*area.host, Reach::Read),
            (Scope::Tree, Access::Write) => (&*area.host, Reach::Write),
            (Scope::File, Access::Read) => (&*area.host, Reach::Read),
            (Scope::File, Access::Write) if area.host.exists() => (&*area.host, Reach::File),
            (Scope::File, Access::Write) => (parent, Reach::Files),
        }
    });
    let needed: BTreeSet<(&Path, Reach)> = needed.collect();
    let open = |(path, reach): (&Path, Reach)| {
        match Opening::new(path, reach) {
            // There is nothing to read, then; or it is made below another one.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && matches!(reach, Reach::Read | Reach::Write) =>
            {
                None
            }
            opened => Some(opened.map_err(|error| SandboxError::Open {
                path: path.to_owned(),
                reason: error.to_string(),
            })),
        }
    };
    needed.into_iter().filter_map(open).collect()
}
