//! What the benches in `benches/` call, compiled for them alone (the feature `bench`).

use std::error::Error;
use std::path::Path;

use crate::permission::{
    Access, Capability, Effect, Grants, Kind, Paths, Policy, Protected, Request, Source, Statement,
};

pub use crate::sandbox::benching::{Boundary, Start};

/// Whatever goes wrong ends a bench.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The rules of a workspace: `out` may be written, of `src` what its name says may be read, but no secrets.
pub struct Rules(Grants);

impl Rules {
    /// Decides on the rules.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub fn new(workspace: &Path) -> Result<Self> {
        Ok(Self(grants(workspace)?))
    }

    /// Whether a path, absolute and free of links, may be read.
    pub fn may_read(&self, path: &Path) -> bool {
        self.0.check_path(path, Access::Read).allowed
    }

    /// Whether it may be written.
    pub fn may_write(&self, path: &Path) -> bool {
        self.0.check_path(path, Access::Write).allowed
    }
}

pub(crate) fn grants(workspace: &Path) -> Result<Grants> {
    let statement = |(effect, kind, target): (Effect, Kind, &str)| Statement {
        effect,
        capability: Capability::new(kind, target),
        directory: workspace.to_owned(),
        source: Source::Flag,
    };
    let statements = [
        (Effect::Allow, Kind::Write, "out"),
        (Effect::Allow, Kind::Read, "src/**/*.rs"),
        (Effect::Allow, Kind::Read, "src/{data,docs}/**"),
        (Effect::Deny, Kind::Read, "src/**/.env"),
        (Effect::Deny, Kind::Read, "out/secret"),
    ]
    .map(statement);
    let request =
        Request { capability: Capability::new(Kind::Write, "."), reason: "a bench".into() };
    let policy = Policy {
        embedded: false,
        requests: Some(&[request]),
        statements: &statements,
        trusted: false,
        named: &[],
        paths: &Paths::new(workspace, workspace, None)?,
        protected: Protected::in_workspace(workspace),
        environment: &[],
    };
    Grants::decide(&policy).map_err(|_| "the rules are of no use".into())
}
