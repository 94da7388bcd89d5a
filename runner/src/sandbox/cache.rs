//! The cache of compiled code.

use std::fs;
use std::io;
use std::path::Path;

use wasmtime::{Cache, CacheConfig};

/// Opens the cache below a directory of the user's. Compiled code is native code: a directory that
/// somebody else can write is not used. Without a cache everything works, only slower.
pub(super) fn open(directory: &Path) -> Option<Cache> {
    let directory = directory.join("compiled");
    if let Err(error) = prepare(&directory) {
        tracing::warn!("not keeping compiled plugins in {}: {error}", directory.display());
        return None;
    }
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config)
        .inspect_err(|error| tracing::warn!("not keeping compiled plugins: {error:#}"))
        .ok()
}

#[cfg(unix)]
fn prepare(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let metadata = fs::metadata(directory)?;
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others can write to it"));
    }
    // A file that this process has just made belongs to whoever it runs as.
    let mine = tempfile::tempfile_in(directory)?.metadata()?.uid();
    if metadata.uid() != mine {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn prepare(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_that_others_can_write_is_not_used() {
        let root = tempfile::tempdir().expect("a directory");
        assert!(open(root.path()).is_some());
        let compiled = root.path().join("compiled");
        fs::set_permissions(&compiled, fs::Permissions::from_mode(0o777)).expect("it is mine");
        assert!(open(root.path()).is_none());
    }
}
