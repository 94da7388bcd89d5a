//! The engine's configuration: the one that compiles is the one that runs.

use wasmtime::{Config, Engine, OptLevel};

use super::SandboxError;

/// The stack of a guest's own calls, in bytes; deeper recursion is a crash. wasmtime's default is half
/// of it, which interpreters compiled to WebAssembly find narrow.
pub(super) const STACK: usize = 1024 * 1024;

/// The stack of the fiber that a guest runs on: its own and what the host's calls need on top.
const FIBER_STACK: usize = STACK + 1024 * 1024;

pub(super) fn new() -> Result<Engine, SandboxError> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .async_stack_size(FIBER_STACK)
        .cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config).map_err(|error| SandboxError::Engine(super::outcome::one_line(&error)))
}
