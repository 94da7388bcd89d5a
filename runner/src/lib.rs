//! `taskrunner` runs commands that are plugins: WebAssembly components, each in a sandbox of its own,
//! with what the user granted and nothing else.
//!
//! One call flows in one direction:
//!
//! ```text
//! cli → config → plugin → invocation → permission → sandbox → execution → report
//! ```
//!
//! `app` is the only wiring. `cli` parses what was typed, `config` finds and reads the configuration,
//! `plugin` knows which plugins there are, `invocation` checks arguments against a manifest,
//! `permission` decides what may be reached (`state` keeps what the user decided), `sandbox` runs the guest (and alone names wasmtime),
//! `execution` tries again, and `report` alone prints. ARCHITECTURE.md says more.

mod app;
mod audit;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod benching;
mod cli;
mod config;
mod destination;
mod embedded;
mod environment;
mod error;
mod execution;
mod exit;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod held;
mod invocation;
mod kept;
mod permission;
mod plugin;
mod private;
mod project;
mod regular;
mod report;
mod sandbox;
mod stamp;
mod state;
mod suggest;
mod text;

use std::ffi::OsString;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: sandbox::Allocator = sandbox::Allocator;

/// Runs the program with its arguments, the program's name not included, and gives the exit code.
///
/// Writes to the process's standard streams, and reads its environment.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    report::catch_panics(|| app::run(arguments)).code()
}
