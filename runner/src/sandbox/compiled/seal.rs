//! What is known of a file of compiled code.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::code::Kind;
use super::lease::{Lease, lease};
use crate::kept;
use crate::plugin::Digest;
use crate::private;
use crate::stamp::Stamp;

/// The longest seal.
const MAX_SEAL: u64 = 4 * 1024;

/// How long a stamp is believed before the code is read again: a disk may lose a bit without a word.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// What a file of compiled code was like when this program kept it: its digest, and the stamp by which
/// it is known again without being read.
///
/// Invariants: a seal is read only from where nobody but the user can have written it, and not from
/// beside the code. So code that comes from elsewhere (an archive of somebody's cache, a synchronised
/// directory, whoever can write there) has no seal, or not this one. A seal is of one entry, by its name,
/// and written whole or not at all; one that is missing or does not fit costs compiling again.
///
/// The time of its file is that of the last check of all the code, and so, to the day, of its last use.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seal {
    /// The name of the entry.
    entry: Digest,
    pub(super) kind: Kind,
    /// The digest of the code, and its length.
    code: Digest,
    length: u64,
    stamp: Option<Stamp>,
}

/// Whether a file is what a seal says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is known by its stamp.
    Known,
    /// It was read, and is the same; nobody can write to it any more without a new stamp: the seal may be renewed.
    Read,
    /// It was read, and is the same, but who can write to it is not known.
    Unsure,
    /// It is something else.
    Broken,
}

impl Seal {
    /// The seal of a file that has just been written, if its content is of this digest.
    pub(super) fn new(entry: &Digest, kind: Kind, code: Digest, file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let stamp = Stamp::of(&metadata);
        match read(file, stamp.as_ref(), &code)? {
            Fit::Broken => Err(io::Error::other("somebody else writes to what was to be kept")),
            _ => Ok(Self { entry: *entry, kind, code, length: metadata.len(), stamp }),
        }
    }

    /// Reads the seal of an entry, and when it was written: how long ago.
    pub(super) fn read(path: &Path, entry: &Digest) -> io::Result<(Self, Duration)> {
        let (bytes, metadata) = private::read(path, MAX_SEAL)?;
        let seal: Self = serde_json::from_slice(&bytes)?;
        if seal.entry != *entry {
            return Err(io::Error::other("it is of something else"));
        }
        // One of the future is as good as an old one.
        Ok((seal, metadata.modified()?.elapsed().unwrap_or(Duration::MAX)))
    }

    /// Writes the seal.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        kept::write(path, &serde_json::to_vec(self)?)
    }

    /// Whether an open file is what was sealed so long ago. If it is, this very file, not its path, may
    /// be mapped.
    pub(super) fn fits(&self, file: &File, metadata: &Metadata, age: Duration) -> io::Result<Fit> {
        let stamp = Stamp::of(metadata);
        if age < FRESH && stamp.is_some() && stamp == self.stamp {
            return Ok(Fit::Known);
        }
        if metadata.len() != self.length {
            return Ok(Fit::Broken);
        }
        read(file, stamp.as_ref(), &self.code)
    }

    /// The digest of the code.
    pub(super) fn code(&self) -> Digest {
        self.code
    }

    /// The same for what its file is now.
    pub(super) fn renewed(self, metadata: &Metadata) -> Self {
        Self { stamp: Stamp::of(metadata), ..self }
    }
}

/// Reads all of a file, and whether it is of this digest, and was like this meanwhile.
fn read(mut file: &File, stamp: Option<&Stamp>, code: &Digest) -> io::Result<Fit> {
    let lease = lease(file);
    if matches!(lease, Lease::Writer) {
        return Ok(Fit::Broken);
    }
    file.seek(SeekFrom::Start(0))?;
    let same = Digest::copying(file, io::sink())? == *code;
    // Whoever changes it while it is read is found out.
    if !same || Stamp::of(&file.metadata()?).as_ref() != stamp {
        return Ok(Fit::Broken);
    }
    Ok(match &lease {
        Lease::Held(held) if held.still_holds() => Fit::Read,
        Lease::Held(_) | Lease::Writer => Fit::Broken,
        Lease::Unknown => Fit::Unsure,
    })
}

#[cfg(all(test, target_os = "linux"))]
#[path = "seal_tests.rs"]
mod tests;
