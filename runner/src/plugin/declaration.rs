//! What a file is as a command: asked, read, or made from its name.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kind::{self, Kind, PREVIEW1, Runnable};
use super::manifest_file::ManifestFile;
use super::outline::{MANIFEST_SECTION, Outline};
use super::registry::{Describe, FaultKind};
use super::{Declared, Digest, Manifest, ManifestError};
use crate::config::document::{Document, DocumentError};
use crate::permission::{Kind as Reach, Request};

/// The extensions of a manifest beside a plugin.
pub(super) const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// What people call it.
const MANIFEST: &str = "manifest";

/// What a file says of itself, or others of it.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) manifest: Manifest,
    /// The manifest beside the file, where that counts.
    pub(crate) beside: Option<Beside>,
    /// What to tell somebody who looks: a line each.
    pub(crate) remarks: Vec<String>,
}

/// A manifest beside a plugin's file, as it was read: who needs its text again takes this one.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    pub(crate) path: PathBuf,
    pub(crate) digest: Digest,
    pub(crate) text: Arc<str>,
}

/// What the bytes of a file tell, whatever lies beside it. As [`Declared`], nothing of it is checked where it was
/// kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    /// A component says itself what it is; it may have a manifest inside that does not count.
    Command { declared: Box<Declared>, has_inside: bool },
    /// A program has a manifest inside, as JSON, or none.
    Program { inside: Option<String>, uses: Uses },
}

/// Of what a capability could be for, what a file imports something for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Uses {
    files: bool,
    environment: bool,
    sockets: bool,
    http: bool,
}

impl Uses {
    fn of(outline: &Outline<'_>) -> Self {
        let component = |prefix: &str| outline.imports.iter().any(|name| name.starts_with(prefix));
        let module = |prefix: &str| {
            outline.core_imports.iter().any(|i| i.module == PREVIEW1 && i.name.starts_with(prefix))
        };
        Self {
            files: component("wasi:filesystem/") || module("path_"),
            environment: component("wasi:cli/environment") || module("environ_"),
            sockets: component("wasi:sockets/"),
            http: component("wasi:http/"),
        }
    }
}

/// Tells what the bytes of a file tell, and asks the component that they are.
pub(super) fn told(
    path: Option<&Path>,
    bytes: &[u8],
    digest: &Digest,
    describe: &dyn Describe,
) -> Result<Told, FaultKind> {
    let outline = kind::outline(bytes)?;
    if Kind::of(&outline).check()? == Runnable::Command {
        let declared = Box::new(describe.describe(digest, bytes)?);
        return Ok(Told::Command { declared, has_inside: !outline.manifests.is_empty() });
    }
    let inside = inside(path, &outline)?.map(|document| document.text().to_owned());
    Ok(Told::Program { inside, uses: Uses::of(&outline) })
}

/// Tells what a file is as a command. `path` is where it is, and `beside` the manifest that lies there; an embedded
/// one has neither.
pub(super) fn declaration(
    path: Option<&Path>,
    name: &str,
    told: Told,
    beside: Option<PathBuf>,
) -> Result<Declaration, FaultKind> {
    let (inside, uses) = match told {
        Told::Command { declared, has_inside } => {
            let manifest = Manifest::known(*declared)?;
            let unused =
                beside.iter().map(|path| unused(path, "the component says itself what it is"));
            let inside = has_inside.then(|| {
                "the manifest inside is not used: the component says itself what it is".to_owned()
            });
            let remarks = unused.chain(inside).collect();
            return Ok(Declaration { manifest, beside: None, remarks });
        }
        Told::Program { inside, uses } => (inside, uses),
    };
    let inside = inside.map(|text| document_inside(path, text.as_bytes())).transpose()?;
    let mut remarks = Vec::new();
    let (document, beside) = match (inside, beside) {
        (Some(inside), beside) => {
            remarks.extend(beside.and_then(|path| differs(&path, &inside)));
            (Some(inside), None)
        }
        (None, Some(path)) => {
            let document = Document::read(&path).map_err(manifest_file)?;
            let text: Arc<str> = document.text().into();
            let digest = Digest::of(text.as_bytes());
            (Some(document), Some(Beside { path, digest, text }))
        }
        (None, None) => (None, None),
    };
    let file = match document {
        Some(document) => document.decode::<ManifestFile>().map_err(manifest_file)?,
        None => ManifestFile::none(),
    };
    let manifest = file.check(name)?;
    manifest.requests.iter().try_for_each(|request| check_use(request, uses))?;
    Ok(Declaration { manifest, beside, remarks })
}

/// The manifest beside a plugin's file: more than one is a fault.
pub(super) fn beside(path: &Path) -> Result<Option<PathBuf>, FaultKind> {
    let mut found = manifests_beside(path);
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(FaultKind::TwoManifests { first, second }),
        (first, _) => Ok(first),
    }
}

/// All files that could be the manifest beside a plugin's file.
pub(crate) fn manifests_beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    let candidates = EXTENSIONS.map(|extension| path.with_extension(extension));
    candidates.into_iter().filter(|candidate| candidate.symlink_metadata().is_ok())
}

/// A manifest whose plugin is not there, if the file is one.
pub(super) fn orphan(path: &Path) -> Option<FaultKind> {
    let plugin = path.with_extension("wasm");
    if plugin.symlink_metadata().is_ok() {
        return None;
    }
    // Other files of the same form lie about everywhere.
    Document::read(path).ok()?.decode::<ManifestFile>().ok()?;
    Some(FaultKind::Orphan { plugin })
}

/// The manifest inside a plugin's file.
fn inside(path: Option<&Path>, outline: &Outline<'_>) -> Result<Option<Document>, FaultKind> {
    let bytes = match outline.manifests.as_slice() {
        [] => return Ok(None),
        [bytes] => bytes,
        _ => {
            return Err(FaultKind::Describe(format!(
                "it has the section `{MANIFEST_SECTION}` twice"
            )));
        }
    };
    document_inside(path, bytes).map(Some)
}

fn document_inside(path: Option<&Path>, bytes: &[u8]) -> Result<Document, FaultKind> {
    let path = path.unwrap_or(Path::new("embedded"));
    Document::of_json_bytes(path, bytes).map_err(manifest_file)
}

/// What to say of a manifest beside the file, where there is one inside: nothing if they say the same.
fn differs(path: &Path, inside: &Document) -> Option<String> {
    let same = Document::read(path).is_ok_and(|beside| beside.value() == inside.value());
    (!same).then(|| unused(path, "it differs from the manifest inside the file, which counts"))
}

fn unused(path: &Path, why: &str) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("`{name}` is not used: {why}")
}

fn manifest_file(error: DocumentError) -> FaultKind {
    FaultKind::ManifestFile(Box::new(error.called(MANIFEST)))
}

/// Refuses a request of what the file cannot use: who wrote it means something else, or to deceive.
fn check_use(request: &Request, uses: Uses) -> Result<(), ManifestError> {
    let capability = &request.capability;
    let can = match capability.kind {
        Reach::Read | Reach::Write => uses.files,
        Reach::Env => uses.environment,
        Reach::Connect | Reach::Udp | Reach::Resolve => uses.sockets,
        Reach::Http => uses.http,
    };
    match can {
        true => Ok(()),
        false => Err(ManifestError::Request {
            what: format!("`{}: {}`", capability.kind.key(), capability.target.escape_debug()),
            problem: "is for what the file cannot do: it imports nothing for it".to_owned(),
        }),
    }
}

/// The name of a file without its extension.
pub(super) fn stem(path: &Path) -> Result<&str, FaultKind> {
    path.file_stem().and_then(OsStr::to_str).ok_or_else(|| {
        FaultKind::Read(io::Error::new(io::ErrorKind::InvalidInput, "its name is not Unicode"))
    })
}
