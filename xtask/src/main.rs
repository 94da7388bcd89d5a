//! What people and CI both run: `cargo xtask <task>`.
//!
//! | task | does |
//! | --- | --- |
//! | `bench [SCENARIO…]` | measures the program beside others: `docs/performance.md` |
//! | `dist` | builds the program as it is given away: `target/dist/taskrunner` |
//! | `guests [NAME…]` | builds the embedded plugins and the test guests (or those named), and records what they were built from |
//! | `guests --check` | fails where the recorded bytes or sources are not those in the tree; builds nothing |
//! | `guests --verify` | builds, and fails where the same compiler makes other bytes than the recorded ones |
//! | `instructions` | counts the instructions of a start and of a listing; `--check` fails where they have grown, `--record` writes them down |
//! | `languages --record` | writes down what the fixtures in all languages are and were built from, once `tools/polyglot.sh` has built them |
//! | `languages --check` | fails where their bytes or sources are others |
//! | `types` | writes the contract's types for TypeScript |
//! | `wheel` | builds the Python wheel, installs it into a fresh environment and uses it |
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task tells the terminal what it does, and has no other output"
)]

mod bench;
mod dist;
mod guests;
mod instructions;
mod languages;
mod record;
mod source;
mod toolchain;
mod types;
mod wheel;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use workspace::Workspace;

const USAGE: &str = "usage: cargo xtask bench [SCENARIO...] [--json FILE] [--taskrunner PATH] [--quick] [--record] [--check] | dist | guests [NAME...] | guests --check | guests --verify | instructions [--check | --record] [--taskrunner PATH] | languages --check | languages --record | types | wheel";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["bench", options @ ..] => bench::run(&Workspace::load()?, options),
        ["dist"] => {
            let workspace = Workspace::load()?;
            let program = dist::build(&workspace.root, &workspace.target_directory)?;
            println!("{}", program.display());
            Ok(())
        }
        ["guests", "--check"] => guests::check(&Workspace::load()?),
        ["guests", "--verify"] => guests::verify(&Workspace::load()?),
        ["guests", names @ ..] if names.iter().all(|name| !name.starts_with('-')) => {
            guests::build(&Workspace::load()?, names)
        }
        ["instructions", options @ ..] => instructions::run(&Workspace::load()?, options),
        ["languages", "--check"] => languages::check(&Workspace::load()?.root),
        ["languages", "--record"] => languages::record(&Workspace::load()?.root),
        ["types"] => types::write(&Workspace::load()?.root),
        ["wheel"] => wheel::try_out(&Workspace::load()?),
        _ => bail!("{USAGE}"),
    }
}
