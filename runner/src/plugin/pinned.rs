//! The one plugin that a process may run, told by what it is and not by its name.

use std::path::PathBuf;

use super::discovery::Origin;
use super::registry::{Fault, FaultKind, Found, Lookup, Plugin, Registry};
use super::{Digest, Known, declaration};

/// The only plugin that there is: this file, as long as it has this identity.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    pub(crate) file: PathBuf,
    /// As [`Plugin::identity`].
    pub(crate) identity: Digest,
}

impl Pinned {
    pub(super) fn lookup(&self, registry: &Registry<'_>, name: &str) -> Lookup {
        match self.plugin(registry) {
            Ok(plugin) if plugin.manifest.name().as_str() == name => {
                Lookup::Found(Box::new(plugin))
            }
            Ok(_) => Lookup::Unknown,
            Err(fault) => Lookup::Broken(fault),
        }
    }

    pub(super) fn scan(&self, registry: &Registry<'_>) -> Found {
        match self.plugin(registry) {
            Ok(plugin) => Found { plugins: vec![plugin], faults: Vec::new() },
            Err(fault) => Found { plugins: Vec::new(), faults: vec![fault] },
        }
    }

    /// Looks at the file. Nothing is kept of it, since it is a copy that goes away.
    fn plugin(&self, registry: &Registry<'_>) -> Result<Plugin, Fault> {
        let fault = |kind| Fault { path: self.file.clone(), kind };
        let mut shelf = Known::new(None).of(&self.file);
        let beside = declaration::beside(&self.file);
        let plugin =
            registry.examine(Origin::CommandLine, &self.file, beside, &mut shelf).map_err(fault)?;
        match plugin.identity() == self.identity {
            true => Ok(plugin),
            false => Err(fault(FaultKind::Changed)),
        }
    }
}
