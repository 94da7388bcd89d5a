//! Which plugin answers to a name.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::declaration::{self, Beside, Declaration, Told, declaration, told};
use super::discovery::{self, Origin, Place};
use super::kind::KindError;
use super::known::{Entry, Shelf};
use super::{Declared, Digest, Known, Manifest, ManifestError, Name, Pinned};
use crate::config::document::DocumentError;
use crate::embedded::Embedded;

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
        identity(self.digest, self.beside.as_ref())
    }

    /// Where it comes from, for people: the file, or `embedded`.
    pub(crate) fn source(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => self.origin.to_string(),
        }
    }
}

/// What stands for a file's bytes and the manifest beside them.
pub(super) fn identity(digest: Digest, beside: Option<&Beside>) -> Digest {
    match beside {
        None => digest,
        Some(beside) => Digest::of(format!("{digest} {}", beside.digest).as_bytes()),
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
    #[error("not examined: other new plugins took {} s already; the next call goes on with it", PATIENCE.as_secs())]
    NotExamined,
}

impl FaultKind {
    /// Whether it is no fault of the file's: there was no time to look at it.
    fn is_of_time(&self) -> bool {
        matches!(self, Self::NotExamined)
    }
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
    fn describe(&self, digest: &Digest, bytes: &[u8]) -> Result<Declared, FaultKind>;
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
    embedded: &'a [Embedded],
    replaceable: BTreeSet<Name>,
    pinned: Option<Pinned>,
    describe: &'a dyn Describe,
    known: &'a Known,
    /// How long it took to look at files that were not known.
    looked: Cell<Duration>,
}

/// How long files that are not known are looked at in one call: read, compiled and asked. The one at which this is
/// over is looked at to its own limit.
const PATIENCE: Duration = Duration::from_secs(10);

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
        embedded: &'a [Embedded],
        replaceable: BTreeSet<Name>,
        describe: &'a dyn Describe,
        known: &'a Known,
    ) -> Self {
        places.sort_by_key(|place| place.origin);
        let looked = Cell::default();
        Self { places, embedded, replaceable, pinned: None, describe, known, looked }
    }

    /// The registry of one plugin, whatever else there is under its name.
    pub(crate) fn of(pinned: Pinned, describe: &'a dyn Describe, known: &'a Known) -> Self {
        let registry = Self::new(Vec::new(), &[], BTreeSet::new(), describe, known);
        Self { pinned: Some(pinned), ..registry }
    }

    /// The plugin that answers to a name. Looks no further than it must.
    pub(crate) fn lookup(&self, name: &str) -> Lookup {
        if let Some(pinned) = &self.pinned {
            return pinned.lookup(self, name);
        }
        if !self.replaceable.contains(name) {
            match self.lookup_embedded(name) {
                Lookup::Unknown => {}
                found => return found,
            }
        }
        for place in &self.places {
            if let Some(plugin) = self.lookup_file(place, name) {
                return Lookup::Found(Box::new(plugin));
            }
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
            // It may be the one that is meant, whatever its file is called.
            if let Some(at) = found.faults.iter().position(|fault| fault.kind.is_of_time()) {
                return Lookup::Broken(found.faults.swap_remove(at));
            }
        }
        self.lookup_embedded(name)
    }

    /// Whether there is a command of this name in the file that is called so.
    pub(crate) fn has_file_of(&self, name: &str) -> bool {
        self.places.iter().any(|place| self.lookup_file(place, name).is_some())
    }

    /// The plugin of the file with this name, if it answers to it: no other file in that place then has a
    /// say, and none is looked at.
    fn lookup_file(&self, place: &Place, name: &str) -> Option<Plugin> {
        let name = Name::new(name).ok()?;
        let path = place.directory.join(format!("{name}.wasm"));
        path.symlink_metadata().ok()?;
        let mut shelf = self.known.of(&place.directory);
        let plugin = self.examine(place.origin, &path, declaration::beside(&path), &mut shelf);
        shelf.save();
        plugin.ok().filter(|plugin| *plugin.manifest.name() == name)
    }

    fn lookup_embedded(&self, name: &str) -> Lookup {
        match self.embedded.iter().find(|embedded| embedded.name == name) {
            None => Lookup::Unknown,
            Some(embedded) => match self.examine_embedded(embedded) {
                Ok(plugin) => Lookup::Found(Box::new(plugin)),
                Err(fault) => Lookup::Broken(fault),
            },
        }
    }

    /// Everything that is there, for listings.
    pub(crate) fn list(&self) -> Listing {
        let mut listing = Gathering::default();
        if let Some(pinned) = &self.pinned {
            listing.add(pinned.scan(self));
        }
        let (replaceable, firm): (Vec<_>, Vec<_>) =
            self.embedded.iter().partition(|embedded| self.replaceable.contains(embedded.name));
        listing.add(self.scan_embedded(&firm));
        for place in &self.places {
            listing.add(self.scan(place));
        }
        listing.add(self.scan_embedded(&replaceable));
        listing.listing
    }

    fn scan_embedded(&self, plugins: &[&Embedded]) -> Found {
        let mut found = Found::default();
        for embedded in plugins {
            match self.examine_embedded(embedded) {
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
        let mut shelf = self.known.of(&place.directory);
        for path in &files.plugins {
            let beside = match files.has_manifests {
                true => declaration::beside(path),
                false => Ok(None),
            };
            match self.examine(place.origin, path, beside, &mut shelf) {
                Ok(plugin) => found.plugins.push(plugin),
                Err(kind) => found.faults.push(Fault { path: path.clone(), kind }),
            }
        }
        shelf.keep(files.plugins.iter().filter_map(|path| path.file_name()?.to_str()));
        shelf.save();
        let orphan = |path: PathBuf| Some(Fault { kind: declaration::orphan(&path)?, path });
        found.faults.extend(files.manifests.into_iter().filter_map(orphan));
        found.refuse_duplicates();
        found
    }

    /// Looks at a file, at no more of it than is not known.
    pub(super) fn examine(
        &self,
        origin: Origin,
        path: &Path,
        beside: Result<Option<PathBuf>, FaultKind>,
        shelf: &mut Shelf,
    ) -> Result<Plugin, FaultKind> {
        let name = declaration::stem(path)?;
        let file = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let metadata = fs::metadata(path).map_err(FaultKind::Read)?;
        let beside = beside?;
        let plugin =
            |digest, declared| Plugin::new(origin, Some(path.to_owned()), digest, declared);
        // What breaks the rules is nothing that was learnt by looking.
        if let Some(Entry { digest, told, .. }) = shelf.get(file, &metadata)
            && let Ok(declared) = declaration(Some(path), name, told, beside.clone())
        {
            return Ok(plugin(digest, declared));
        }
        let (digest, told) = self.read(path, file, shelf)?;
        Ok(plugin(digest, declaration(Some(path), name, told, beside)?))
    }

    /// Reads a file, and remembers it.
    fn read(
        &self,
        path: &Path,
        file: &str,
        shelf: &mut Shelf,
    ) -> Result<(Digest, Told), FaultKind> {
        if self.looked.get() >= PATIENCE {
            return Err(FaultKind::NotExamined);
        }
        let begun = Instant::now();
        let read = self.look(path, file, shelf);
        self.looked.set(self.looked.get() + begun.elapsed());
        read
    }

    fn look(
        &self,
        path: &Path,
        file: &str,
        shelf: &mut Shelf,
    ) -> Result<(Digest, Told), FaultKind> {
        let (bytes, metadata) = discovery::read_with_metadata(path).map_err(FaultKind::Read)?;
        let digest = Digest::of(&bytes);
        let told = told(Some(path), &bytes, &digest, self.describe)?;
        if let Some(entry) = metadata.and_then(|it| Entry::new(&it, digest, told.clone())) {
            shelf.put(file, &entry);
        }
        Ok((digest, told))
    }

    fn examine_embedded(&self, embedded: &Embedded) -> Result<Plugin, Fault> {
        let Embedded { name, bytes } = *embedded;
        let fault = |kind| Fault { path: format!("embedded {name}").into(), kind };
        let digest = embedded.digest();
        // What kind of file it is has been looked at when it was made part of the program.
        let declared = Box::new(self.describe.describe(&digest, bytes).map_err(fault)?);
        let told = Told::Command { declared, has_inside: false };
        let declared = declaration(None, name, told, None).map_err(fault)?;
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
pub(super) struct Found {
    pub(super) plugins: Vec<Plugin>,
    pub(super) faults: Vec<Fault>,
}

impl Found {
    /// The same name twice in one place: the file that is called so is meant, and else none. Both are named.
    fn refuse_duplicates(&mut self) {
        let mut same: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
        for (index, plugin) in self.plugins.iter().enumerate() {
            same.entry(plugin.manifest.name()).or_default().push(index);
        }
        let mut refused = BTreeSet::new();
        for (name, all) in same.into_iter().filter(|(_, all)| all.len() > 1) {
            let path = |index: usize| self.plugins[index].path.clone().unwrap_or_default();
            let is_meant =
                |index: &usize| path(*index).file_stem().is_some_and(|stem| stem == name.as_str());
            let meant = all.iter().copied().find(is_meant);
            let (first, rest) = (meant.unwrap_or(all[0]), all);
            for index in rest.into_iter().filter(|index| *index != first) {
                let kind = FaultKind::Duplicate { name: name.clone(), other: path(first) };
                self.faults.push(Fault { path: path(index), kind });
                refused.insert(index);
            }
            refused.extend(meant.is_none().then_some(first));
        }
        let mut index = 0;
        self.plugins.retain(|_| {
            index += 1;
            !refused.contains(&(index - 1))
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
