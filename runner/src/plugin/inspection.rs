//! All that can be said of one file, for somebody who decides whether to run it.

use std::path::{Path, PathBuf};

use super::declaration::{self, Beside, declaration, told};
use super::registry::{Describe, Fault, FaultKind, identity};
use super::verdict::Verdict;
use super::{Digest, Facts, Manifest, discovery};

/// All that can be said of one file.
pub(crate) struct Inspection {
    /// The file, or the words that stand for an embedded one.
    pub(crate) source: PathBuf,
    pub(crate) size: usize,
    pub(crate) digest: Digest,
    pub(crate) facts: Facts,
    pub(crate) verdict: Verdict,
    /// What the plugin says of itself, or why it is none that this runner runs.
    pub(crate) manifest: Result<Manifest, FaultKind>,
    /// The manifest beside the file, where that counts.
    pub(crate) beside: Option<Beside>,
    /// What else there is to tell: a line each.
    pub(crate) remarks: Vec<String>,
}

impl Inspection {
    /// Looks at a file. That it is no WebAssembly at all, or invalid, is a fault of which nothing more
    /// can be said.
    pub(crate) fn of_file(path: &Path, describe: &dyn Describe) -> Result<Self, Fault> {
        let fault = |kind| Fault { path: path.to_owned(), kind };
        let bytes = discovery::read(path).map_err(|error| fault(FaultKind::Read(error)))?;
        Self::of_bytes(path.to_owned(), Some(path), &bytes, describe)
    }

    /// Looks at the bytes of a file. `path` is where a manifest may lie beside it.
    pub(crate) fn of_bytes(
        source: PathBuf,
        path: Option<&Path>,
        bytes: &[u8],
        describe: &dyn Describe,
    ) -> Result<Self, Fault> {
        let facts = match super::facts(bytes) {
            Ok(facts) => facts,
            Err(kind) => return Err(Fault { path: source, kind: kind.into() }),
        };
        let digest = Digest::of(bytes);
        let name = path.map_or(Ok(""), declaration::stem);
        let declared = name.and_then(|name| {
            let told = told(path, bytes, &digest, describe)?;
            declaration(path, name, told, path.map(declaration::beside).transpose()?.flatten())
        });
        let (manifest, beside, remarks) = match declared {
            Ok(declared) => (Ok(declared.manifest), declared.beside, declared.remarks),
            Err(kind) => (Err(kind), None, Vec::new()),
        };
        let verdict = Verdict::of(&facts);
        let size = bytes.len();
        Ok(Self { source, size, digest, facts, verdict, manifest, beside, remarks })
    }

    /// What stands for all that makes it what it is, as [`Plugin::identity`](super::Plugin::identity).
    pub(crate) fn identity(&self) -> Digest {
        identity(self.digest, self.beside.as_ref())
    }
}
