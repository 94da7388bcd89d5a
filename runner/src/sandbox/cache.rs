//! The cache of compiled code.

use std::path::Path;

use wasmtime::{Cache, CacheConfig};

/// Opens the cache of compiled code below the directory that [`prepare`](crate::private::prepare) has passed. Without a cache
/// everything works, only slower.
pub(super) fn open(directory: &Path) -> Option<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(directory.join("compiled"));
    Cache::new(config)
        .inspect_err(|error| tracing::info!("not keeping compiled plugins: {error:#}"))
        .ok()
}
