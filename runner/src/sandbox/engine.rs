//! The engine's configuration: the one of what compiles is the one of what runs.

use wasmtime::{Config, Engine, OptLevel};

use super::SandboxError;

/// The stack of a guest's own calls, in bytes; deeper recursion is a crash. wasmtime's default is half
/// of it, which interpreters compiled to WebAssembly find narrow.
pub(super) const STACK: usize = 1024 * 1024;

/// The stack of the fiber that a guest runs on: its own and what the host's calls need on top.
const FIBER_STACK: usize = STACK + 1024 * 1024;

/// The settings that only the compiler has; its code is named after them, too.
pub(super) const COMPILER: OptLevel = OptLevel::Speed;

/// The engine that runs what was compiled. It has no compiler: making one takes longer than the rest.
pub(super) fn new() -> Result<Engine, SandboxError> {
    make(config().enable_compiler(false))
}

/// The engine that compiles for the other one.
pub(super) fn compiling() -> Result<Engine, SandboxError> {
    make(config().cranelift_opt_level(COMPILER))
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .async_stack_size(FIBER_STACK)
        // For debuggers of the runner's; wasmtime does without.
        .native_unwind_info(cfg!(windows));
    config
}

fn make(config: &Config) -> Result<Engine, SandboxError> {
    Engine::new(config).map_err(|error| SandboxError::Engine(super::outcome::one_line(&error)))
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
