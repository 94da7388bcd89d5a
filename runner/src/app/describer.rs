//! Asks plugins what they are, and remembers it.

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::plugin::{Describe, Digest, FaultKind, Manifest, Remembered};
use crate::private;
use crate::sandbox::{Sandbox, SandboxError};

/// The sandbox, made when the first plugin needs it, and what is remembered of plugins.
pub(super) struct Describer {
    sandbox: OnceCell<Sandbox>,
    cache: Option<PathBuf>,
    remembered: Remembered,
}

impl Describer {
    pub(super) fn new(environment: &Environment) -> Self {
        let directory = environment.directories.as_ref().map(|directories| &directories.cache);
        let cache = directory.filter(|directory| {
            private::prepare(directory)
                .inspect_err(|error| {
                    tracing::info!("keeping nothing in {}: {error}", directory.display());
                })
                .is_ok()
        });
        Self {
            sandbox: OnceCell::new(),
            remembered: Remembered::new(cache.map(PathBuf::as_path)),
            cache: cache.cloned(),
        }
    }

    pub(super) fn sandbox(&self) -> Result<&Sandbox, SandboxError> {
        if let Some(sandbox) = self.sandbox.get() {
            return Ok(sandbox);
        }
        let made = Sandbox::new(self.cache.as_deref())?;
        Ok(self.sandbox.get_or_init(|| made))
    }
}

impl Describe for Describer {
    fn describe(&self, digest: &Digest, bytes: &[u8]) -> Result<Manifest, FaultKind> {
        match self.remembered.get(digest) {
            Some(Err(reason)) => return Err(FaultKind::Describe(reason)),
            // What breaks the rules is nothing that was remembered after asking.
            Some(Ok(declared)) => {
                if let Ok(manifest) = Manifest::check(declared) {
                    return Ok(manifest);
                }
            }
            None => {}
        }
        let sandbox = self.sandbox().map_err(|error| FaultKind::Describe(error.to_string()))?;
        let answer = sandbox.describe(bytes);
        let checked = match answer.clone() {
            Ok(declared) => Manifest::check(declared).map_err(FaultKind::Manifest),
            Err(reason) => Err(FaultKind::Describe(reason)),
        };
        if !matches!(checked, Err(FaultKind::Manifest(_))) {
            self.remembered.put(digest, &answer);
        }
        checked
    }
}
