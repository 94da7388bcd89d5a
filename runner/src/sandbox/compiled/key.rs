//! What compiled code is called.

use std::hash::{Hash, Hasher};

use wasmtime::Engine;

use crate::plugin::Digest;

/// The name holds all that decides what the code is: the component, and the compiler with its version,
/// settings and processor.
pub(super) fn name(engine: &Engine, component: &Digest) -> Digest {
    let mut key = Key::default();
    component.hash(&mut key);
    engine.precompile_compatibility_hash().hash(&mut key);
    Digest::of(&key.0)
}

/// Collects what a [`Hash`] hashes, for a digest that is safe from collisions.
#[derive(Default)]
struct Key(Vec<u8>);

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks.
        0
    }
}
