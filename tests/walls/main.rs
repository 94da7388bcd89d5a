//! The second wall with the first taken away: native code, as if a guest had got out of wasmtime, tries
//! what guests are not to do. Without libtest's harness, whose threads would forbid to fork.

#[allow(dead_code, unused_imports, reason = "some of it is for the program only")]
#[path = "."]
mod sandbox {
    #[path = "../../runner/src/sandbox/wall/mod.rs"]
    pub(crate) mod wall;
    #[path = "../../runner/src/sandbox/worker/mod.rs"]
    pub(crate) mod worker;
}

#[cfg(target_os = "linux")]
mod attempts;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
#[path = "../canaries.rs"]
mod canaries;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(target_os = "linux")]
mod world;

#[cfg(target_os = "linux")]
fn main() {
    attempts::run();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
