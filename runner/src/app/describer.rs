//! Asks plugins what they are, and remembers it.

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;

use crate::environment::Environment;
use crate::error::Error;
use crate::plugin::{
    Declared, Describe, Digest, FaultKind, Known, Listing, Manifest, Registry, Remembered,
};
use crate::private;
use crate::report::Report;
use crate::sandbox::{Cache, DescribeError, Sandbox, SandboxError, Stop};

/// The sandbox, made when the first plugin needs it, and what is remembered of plugins.
pub(super) struct Describer {
    sandbox: OnceCell<Sandbox>,
    /// The user's directories for the cache and for the state, where things can be kept.
    cache: Option<(PathBuf, PathBuf)>,
    /// Whether nothing may run without the second wall.
    require_sandbox: bool,
    report: Report,
    /// Why no plugin is asked any more.
    stopped: RefCell<Option<Stop>>,
    remembered: Remembered,
    known: Known,
}

impl Describer {
    pub(super) fn new(environment: &Environment, require_sandbox: bool, report: &Report) -> Self {
        let cache = environment.cache().filter(|cache| {
            private::prepare(cache)
                .inspect_err(|error| {
                    tracing::info!("keeping nothing in {}: {error}", cache.display())
                })
                .is_ok()
        });
        let with_seals = cache.zip(environment.state());
        Self {
            sandbox: OnceCell::new(),
            remembered: Remembered::new(cache),
            known: Known::new(cache),
            cache: with_seals.map(|(cache, state)| (cache.to_owned(), state.to_owned())),
            require_sandbox,
            report: report.clone(),
            stopped: RefCell::default(),
        }
    }

    pub(super) fn sandbox(&self) -> Result<&Sandbox, SandboxError> {
        if let Some(sandbox) = self.sandbox.get() {
            return Ok(sandbox);
        }
        let report = self.report.clone();
        let compiling = Box::new(move || report.compiling());
        let cache = self.cache.as_ref().map(|(cache, state)| Cache::new(cache, state));
        let made = Sandbox::new(cache, self.require_sandbox, compiling)?;
        Ok(self.sandbox.get_or_init(|| made))
    }
}

impl Describer {
    /// Everything that is there, if all of it could be asked.
    pub(super) fn listing(&self, registry: &Registry<'_>) -> Result<Listing, Error> {
        let listing = registry.list();
        self.stopped()?;
        Ok(listing)
    }

    /// What is known of files.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Why what was found of plugins is not to be used: asking them was stopped.
    pub(super) fn stopped(&self) -> Result<(), Error> {
        self.stopped.borrow().clone().map_or(Ok(()), |stop| Err(Error::Stopped(stop)))
    }
}

impl Describe for Describer {
    fn describe(&self, digest: &Digest, bytes: &[u8]) -> Result<Declared, FaultKind> {
        match self.remembered.get(digest) {
            Some(Err(reason)) => return Err(FaultKind::Describe(reason)),
            // What breaks the rules is nothing that was remembered after asking.
            Some(Ok(declared)) if Manifest::known(declared.clone()).is_ok() => return Ok(declared),
            Some(Ok(_)) | None => {}
        }
        let sandbox = self.sandbox().map_err(|error| FaultKind::Describe(error.to_string()))?;
        let answer = match sandbox.describe(digest, bytes) {
            Ok(declared) => Ok(declared),
            Err(DescribeError::Plugin(reason)) => Err(reason),
            Err(DescribeError::Stopped(stop)) => {
                let fault = FaultKind::Describe(stop.to_string());
                self.stopped.replace(Some(stop));
                return Err(fault);
            }
        };
        if let Ok(declared) = &answer {
            Manifest::check(declared.clone()).map_err(FaultKind::Manifest)?;
        }
        self.remembered.put(digest, &answer);
        answer.map_err(FaultKind::Describe)
    }
}
