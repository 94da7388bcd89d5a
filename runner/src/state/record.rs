//! One record: a JSON file of bounded size, with a version.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::StateError;

/// The largest record: one of trust lists every plugin of a workspace.
const MAX_RECORD: u64 = 4 * 1024 * 1024;

/// The version of a record's shape: another one decides nothing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Version;

impl TryFrom<u32> for Version {
    type Error = &'static str;

    fn try_from(version: u32) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self) } else { Err("it is of another version") }
    }
}

impl From<Version> for u32 {
    fn from(_: Version) -> Self {
        1
    }
}

/// The name of a record's file: made of what it is about, none of which can lead elsewhere.
pub(super) fn file_name(about: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in about {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + ".json"
}

/// Reads a record; none where there is none.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    match try_read(path) {
        Ok(record) => Ok(Some(record)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::File { path: path.to_owned(), error }),
    }
}

fn try_read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let (bytes, _) = crate::private::read(path, MAX_RECORD)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Writes a record, whole or not at all.
pub(super) fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), StateError> {
    let fail = |error| StateError::File { path: path.to_owned(), error };
    let bytes = serde_json::to_vec_pretty(record).map_err(|error| fail(error.into()))?;
    if bytes.len() as u64 > MAX_RECORD {
        return Err(fail(io::Error::other("there is too much to keep")));
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fail)?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Removes a record: whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, StateError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StateError::File { path: path.to_owned(), error }),
    }
}
