//! Which plugin answers to a name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::declaration::{self, Beside, Declaration, declaration};
use super::discovery::{self, Origin, Place};
use super::kind::KindError;
use crate::config::document::DocumentError;

use super::{Digest, Manifest, ManifestError, Name};

/// A plugin that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    pub(crate) origin: Origin,
    /// Its file; an embedded one has none.
    pub(crate) path: Option<PathBuf>,
    pub(crate) digest: Digest,
    pub(crate) manifest: Manifest,
    /// The manifest beside the file, where that counts.
    pub(crate) beside: Option<Beside>,
    /// What to tell somebody who looks at it: a line each.
    pub(crate) remarks: Vec<String>,
    embedded: Option<&'static [u8]>,
}

impl Plugin {
    fn new(origin: Origin, path: Option<PathBuf>, digest: Digest, declared: Declaration) -> Self {
        let Declaration { manifest, beside, remarks } = declared;
        Self { origin, path, digest, manifest, beside, remarks, embedded: None }
    }

    /// The bytes, which are those of the digest.
    pub(crate) fn bytes(&self) -> Result<Cow<'static, [u8]>, Fault> {
        if let Some(bytes) = self.embedded {
            return Ok(Cow::Borrowed(bytes));
        }
        let path = self.path.clone().unwrap_or_default();
        let bytes = match discovery::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(Fault { path, kind: FaultKind::Read(error) }),
        };
        if Digest::of(&bytes) != self.digest {
            return Err(Fault { path, kind: FaultKind::Changed });
        }
        Ok(Cow::Owned(bytes))
    }

    /// What stands for all that makes it what it is: its bytes, and the manifest beside them.
    pub(crate) fn identity(&self) -> Digest {
        match &self.beside {
            None => self.digest,
            Some(beside) => Digest::of(format!("{} {}", self.digest, beside.digest).as_bytes()),
        }
    }

    /// Where it comes from, for people: the file, or `embedded`.
    pub(crate) fn source(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => self.origin.to_string(),
        }
    }
}

/// A file that is no usable plugin.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {kind}", path = path.display())]
pub(crate) struct Fault {
    pub(crate) path: PathBuf,
    pub(crate) kind: FaultKind,
}

/// Why a file is no usable plugin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultKind {
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("{0}")]
    Kind(#[from] KindError),
    #[error("{0}")]
    Describe(String),
    #[error("its manifest breaks the contract: {0}")]
    Manifest(#[from] ManifestError),
    #[error("{}", located(.0))]
    ManifestFile(Box<DocumentError>),
    #[error("a manifest without a plugin: there is no `{}`", plugin.display())]
    Orphan { plugin: PathBuf },
    #[error("it has two manifests, `{}` and `{}`: remove one", first.display(), second.display())]
    TwoManifests { first: PathBuf, second: PathBuf },
    #[error("its command is called `{name}`, and so is that of {}: remove or rename one", other.display())]
    Duplicate { name: Name, other: PathBuf },
    #[error("changed since it was looked at: run it again")]
    Changed,
}

/// The error of a file, with its line.
fn located(error: &DocumentError) -> String {
    match error.location() {
        Some((_, line, column)) => format!("{error} (line {line}, column {column})"),
        None => error.to_string(),
    }
}

/// Gives what a plugin says of itself: remembered, or by asking it.
pub(crate) trait Describe {
    fn describe(&self, digest: &Digest, bytes: &[u8]) -> Result<Manifest, FaultKind>;
}

/// What was found under a name.
pub(crate) enum Lookup {
    Found(Box<Plugin>),
    /// No plugin, but a broken file that may have been meant.
    Broken(Fault),
    Unknown,
}

/// All places, the strongest first, and the plugins that are compiled in.
pub(crate) struct Registry<'a> {
    places: Vec<Place>,
    embedded: &'a [(&'static str, &'static [u8])],
    replaceable: BTreeSet<Name>,
    describe: &'a dyn Describe,
}

/// Everything that is there.
#[derive(Default)]
pub(crate) struct Listing {
    /// The plugin that answers to each name.
    pub(crate) commands: BTreeMap<Name, Plugin>,
    /// Plugins that a nearer one hides.
    pub(crate) shadowed: Vec<Plugin>,
    /// Files that are no usable plugins.
    pub(crate) faults: Vec<Fault>,
}

/// A listing in the making.
#[derive(Default)]
struct Gathering {
    listing: Listing,
    /// Names that a file with a fault answers to: what is weaker does not take its place unseen.
    blocked: BTreeSet<String>,
}

impl<'a> Registry<'a> {
    /// `replaceable` are the embedded names that the configuration lets other plugins take.
    pub(crate) fn new(
        mut places: Vec<Place>,
        embedded: &'a [(&'static str, &'static [u8])],
        replaceable: BTreeSet<Name>,
        describe: &'a dyn Describe,
    ) -> Self {
        places.sort_by_key(|place| place.origin);
        Self { places, embedded, replaceable, describe }
    }

    /// The plugin that answers to a name. Looks no further than it must.
    pub(crate) fn lookup(&self, name: &str) -> Lookup {
        if !self.replaceable.contains(name) {
            match self.lookup_embedded(name) {
                Lookup::Unknown => {}
                found => return found,
            }
        }
        for place in &self.places {
            let mut found = self.scan(place);
            if let Some(at) = found.plugins.iter().position(|p| p.manifest.name().as_str() == name)
            {
                return Lookup::Found(Box::new(found.plugins.swap_remove(at)));
            }
            if let Some(at) =
                found.faults.iter().position(|fault| fault.name().as_deref() == Some(name))
            {
                return Lookup::Broken(found.faults.swap_remove(at));
            }
        }
        self.lookup_embedded(name)
    }

    fn lookup_embedded(&self, name: &str) -> Lookup {
        match self.embedded.iter().find(|(embedded, _)| *embedded == name) {
            None => Lookup::Unknown,
            Some(&(name, bytes)) => match self.embedded(name, bytes) {
                Ok(plugin) => Lookup::Found(Box::new(plugin)),
                Err(fault) => Lookup::Broken(fault),
            },
        }
    }

    /// Everything that is there, for listings.
    pub(crate) fn list(&self) -> Listing {
        let mut listing = Gathering::default();
        let (replaceable, firm): (Vec<_>, Vec<_>) =
            self.embedded.iter().partition(|(name, _)| self.replaceable.contains(*name));
        listing.add(self.scan_embedded(&firm));
        for place in &self.places {
            listing.add(self.scan(place));
        }
        listing.add(self.scan_embedded(&replaceable));
        listing.listing
    }

    fn scan_embedded(&self, plugins: &[&(&'static str, &'static [u8])]) -> Found {
        let mut found = Found::default();
        for &&(name, bytes) in plugins {
            match self.embedded(name, bytes) {
                Ok(plugin) => found.plugins.push(plugin),
                Err(fault) => found.faults.push(fault),
            }
        }
        found
    }

    fn scan(&self, place: &Place) -> Found {
        let mut found = Found::default();
        let files = match place.files() {
            Ok(files) => files,
            Err(error) => {
                found
                    .faults
                    .push(Fault { path: place.directory.clone(), kind: FaultKind::Read(error) });
                return found;
            }
        };
        for path in files.plugins {
            match self.examine(place.origin, &path) {
                Ok(plugin) => found.plugins.push(plugin),
                Err(kind) => found.faults.push(Fault { path, kind }),
            }
        }
        let orphan = |path: PathBuf| Some(Fault { kind: declaration::orphan(&path)?, path });
        found.faults.extend(files.manifests.into_iter().filter_map(orphan));
        found.refuse_duplicates();
        found
    }

    fn examine(&self, origin: Origin, path: &Path) -> Result<Plugin, FaultKind> {
        let bytes = discovery::read(path).map_err(FaultKind::Read)?;
        let digest = Digest::of(&bytes);
        let name = declaration::stem(path)?;
        let declared = declaration(Some(path), name, &bytes, &digest, self.describe)?;
        Ok(Plugin::new(origin, Some(path.to_owned()), digest, declared))
    }

    fn embedded(&self, name: &str, bytes: &'static [u8]) -> Result<Plugin, Fault> {
        let fault = |kind| Fault { path: format!("embedded {name}").into(), kind };
        let digest = Digest::of(bytes);
        let declared = declaration(None, name, bytes, &digest, self.describe).map_err(fault)?;
        if declared.manifest.name().as_str() != name {
            let message = format!("it calls itself `{}`", declared.manifest.name());
            return Err(fault(FaultKind::Describe(message)));
        }
        let plugin = Plugin::new(Origin::Embedded, None, digest, declared);
        Ok(Plugin { embedded: Some(bytes), ..plugin })
    }
}

/// What one place holds.
#[derive(Default)]
struct Found {
    plugins: Vec<Plugin>,
    faults: Vec<Fault>,
}

impl Found {
    /// The same name twice in one place: neither can be meant, and both are named.
    fn refuse_duplicates(&mut self) {
        let mut first: BTreeMap<Name, usize> = BTreeMap::new();
        let mut clashes = BTreeSet::new();
        for (index, plugin) in self.plugins.iter().enumerate() {
            let name = plugin.manifest.name();
            match first.get(name) {
                None => drop(first.insert(name.clone(), index)),
                Some(&other) => {
                    clashes.extend([other, index]);
                    self.faults.push(Fault {
                        path: plugin.path.clone().unwrap_or_default(),
                        kind: FaultKind::Duplicate {
                            name: name.clone(),
                            other: self.plugins[other].path.clone().unwrap_or_default(),
                        },
                    });
                }
            }
        }
        let mut index = 0;
        self.plugins.retain(|_| {
            index += 1;
            !clashes.contains(&(index - 1))
        });
    }
}

impl Fault {
    /// The name that somebody who means this file would type.
    pub(crate) fn name(&self) -> Option<String> {
        match &self.kind {
            FaultKind::Duplicate { name, .. } => Some(name.to_string()),
            _ => self.path.file_stem()?.to_str().map(ToOwned::to_owned),
        }
    }
}

impl Gathering {
    /// Adds what a weaker place holds.
    fn add(&mut self, found: Found) {
        let listing = &mut self.listing;
        for plugin in found.plugins {
            let name = plugin.manifest.name();
            if listing.commands.contains_key(name) || self.blocked.contains(name.as_str()) {
                listing.shadowed.push(plugin);
            } else {
                listing.commands.insert(name.clone(), plugin);
            }
        }
        self.blocked.extend(found.faults.iter().filter_map(Fault::name));
        listing.faults.extend(found.faults);
    }
}

impl Listing {
    /// The names nearest to one that is not there, the nearest first.
    pub(crate) fn nearest(&self, name: &str) -> Vec<String> {
        crate::suggest::nearest(name, self.commands.keys().map(Name::as_str))
    }
}
