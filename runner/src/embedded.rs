//! The plugins that are part of the program. `cargo xtask guests` builds their bytes, and records their digests.

use std::collections::HashMap;

use serde::Deserialize;

use crate::plugin::Digest;

/// A plugin that is part of the program.
#[derive(Clone, Copy)]
pub(crate) struct Embedded {
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
}

/// Sorted by name.
pub(crate) const PLUGINS: &[Embedded] = &[
    Embedded { name: "build", bytes: include_bytes!("../../guest-plugins/prebuilt/build.wasm") },
    Embedded { name: "clean", bytes: include_bytes!("../../guest-plugins/prebuilt/clean.wasm") },
];

const RECORD: &str = include_str!("../../guest-plugins/prebuilt/record.json");

/// What is recorded of one of them, as far as it matters here.
#[derive(Deserialize)]
struct Recorded {
    sha256: Digest,
}

impl Embedded {
    /// Its digest: recorded when it was built, so that no run hashes what is part of the program.
    pub(crate) fn digest(&self) -> Digest {
        let record = serde_json::from_str::<HashMap<String, Recorded>>(RECORD).ok();
        let recorded = record.and_then(|record| Some(record.get(self.name)?.sha256));
        recorded.unwrap_or_else(|| Digest::of(self.bytes))
    }
}

/// Whether a plugin of this name is part of the program.
pub(crate) fn is_embedded(name: &str) -> bool {
    PLUGINS.iter().any(|embedded| embedded.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_digests_are_those_of_the_bytes() {
        for embedded in PLUGINS {
            assert_eq!(embedded.digest(), Digest::of(embedded.bytes), "{}", embedded.name);
        }
    }
}
