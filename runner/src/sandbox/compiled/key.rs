//! What compiled code is called.

use std::env::consts::{ARCH, OS};
use std::hash::{Hash, Hasher};

use wasmtime::Engine;

use crate::plugin::Digest;
use crate::sandbox::engine;

/// The name holds all that decides what the code is: the component, wasmtime's version and settings, the
/// compiler's, and the processor that it compiles for.
///
/// `engine` is the one that runs the code, and has no compiler that it could ask. If something were
/// missing here, no code would run that this processor cannot: the code says itself what it takes, and
/// the engine looks.
pub(super) fn name(engine: &Engine, component: &Digest) -> Digest {
    let mut key = Key::default();
    component.hash(&mut key);
    engine.precompile_compatibility_hash().hash(&mut key);
    format!("{:?}", engine::COMPILER).hash(&mut key);
    (ARCH, OS, processor()).hash(&mut key);
    Digest::of(&key.0)
}

/// What the processor can do, of what the compiler looks for: a bit for each.
#[cfg(target_arch = "x86_64")]
fn processor() -> u32 {
    macro_rules! bits {
        ($($feature:tt)*) => { [$(std::arch::is_x86_feature_detected!($feature)),*] };
    }
    let features = bits!(
        "cmpxchg16b" "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "fma" "avxvnni"
        "avx512vnni" "bmi1" "bmi2" "avx512bitalg" "avx512dq" "avx512f" "avx512vl" "avx512vbmi" "lzcnt"
    );
    features.iter().fold(0, |bits, has| bits << 1 | u32::from(*has))
}

#[cfg(target_arch = "aarch64")]
fn processor() -> u32 {
    macro_rules! bits {
        ($($feature:tt)*) => { [$(std::arch::is_aarch64_feature_detected!($feature)),*] };
    }
    let features = bits!("lse" "paca" "fp16" "dotprod" "i8mm");
    features.iter().fold(0, |bits, has| bits << 1 | u32::from(*has))
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn processor() -> u32 {
    0
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

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;

    #[test]
    fn another_component_or_engine_is_another_name() {
        let engine = engine::new().expect("an engine");
        let [one, two] = [b"one", b"two"].map(|bytes| Digest::of(bytes));
        assert_eq!(name(&engine, &one), name(&engine, &one));
        assert_ne!(name(&engine, &one), name(&engine, &two));
        let other = Engine::new(Config::new().enable_compiler(false)).expect("an engine");
        assert_ne!(name(&engine, &one), name(&other, &one));
    }

    /// The list is the compiler's own: one that is missing here would be in its flags.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_feature_that_the_compiler_looks_for_is_in_the_name() {
        let flags = engine::compiling().expect("an engine");
        let mut key = Key::default();
        flags.precompile_compatibility_hash().hash(&mut key);
        let text = String::from_utf8_lossy(&key.0);
        let found = text.matches("has_").count();
        assert_eq!(found, 19, "{text}");
    }
}
