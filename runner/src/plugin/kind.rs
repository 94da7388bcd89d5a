//! Tells what a file is, by its bytes alone and without running it.

use std::fmt;

use super::outline::{CoreImport, Form, ItemKind, Outline};
use crate::text::visible_line;

/// The interface that makes a component a command, without its version.
const GUEST: &str = "taskrunner:plugin/guest@";

/// The version of the contract that this runner speaks, up to the part that must be equal.
const VERSION: &str = "0.1.";

/// The interface that makes a component a program, without its version.
const RUN: &str = "wasi:cli/run@";

/// The versions of `wasi:cli/run` that this runner calls, up to the part that must be equal.
const RUN_VERSIONS: [&str; 2] = ["0.2.", "0.3."];

/// The module that the functions of WASI preview 1 are imported from.
pub(super) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// The longest reason that is shown of malformed WebAssembly: it may quote names from the file.
const MAX_REASON: usize = 300;

/// Why a file is no plugin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KindError {
    #[error("the file is empty")]
    Empty,
    #[error("not a WebAssembly file")]
    NotWasm,
    #[error(
        "a compiled artefact of wasmtime, which could run anything: only WebAssembly itself is a plugin"
    )]
    Compiled,
    #[error(
        "a core module without `_start`: a program has one; a component is made of a library by `taskrunner plugin componentize`"
    )]
    Module,
    #[error(
        "a core module that is a library (`_initialize`): build it as a program, or make a component of it with `taskrunner plugin componentize`"
    )]
    Reactor,
    #[error(
        "a core module that imports `{0}`: a program imports nothing but WASI preview 1 (`wasi_snapshot_preview1`)"
    )]
    ForeignImport(String),
    #[error("made for version {0} of `wasi:cli/run`, this runner runs 0.2 and 0.3")]
    RunVersion(String),
    #[error(
        "a component of another world: a command exports `taskrunner:plugin/guest` or `wasi:cli/run`"
    )]
    OtherWorld,
    #[error("made for version {0} of the contract, this runner speaks {VERSION}x")]
    Version(String),
    #[error("malformed WebAssembly: {0}")]
    Malformed(String),
}

impl From<wasmparser::Error> for KindError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed(reason(error.message()))
    }
}

impl KindError {
    /// The file makes the parser panic.
    pub(super) fn unchecked(panic: String) -> Self {
        Self::Malformed(format!("it cannot be checked: {}", reason(&panic)))
    }
}

fn reason(text: &str) -> String {
    let reason: String = text.chars().take(MAX_REASON).collect();
    visible_line(&reason)
}

/// What a WebAssembly file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component of the world `command`, and the version of the contract that it was made for.
    Command { contract: String },
    /// A component that exports `wasi:cli/run`, and the version of that.
    WasiCommand { version: String },
    /// A component of another world.
    OtherComponent,
    /// A core module that exports `_start`: a program, of WASI preview 1 unless there is a `foreign`
    /// import, of which the first is named.
    ModuleCommand { foreign: Option<String> },
    /// A core module that exports `_initialize`: a library.
    ModuleReactor,
    /// Another core module.
    OtherModule,
}

impl Kind {
    pub(super) fn of(outline: &Outline<'_>) -> Self {
        let exports = |name: &str| outline.exports.contains(&(name, ItemKind::Function));
        match outline.form {
            Form::Module if exports("_start") => Self::ModuleCommand { foreign: foreign(outline) },
            Form::Module if exports("_initialize") => Self::ModuleReactor,
            Form::Module => Self::OtherModule,
            Form::Component => {
                let interfaces = || {
                    let exports = outline.exports.iter();
                    exports.filter(|(_, kind)| *kind == ItemKind::Instance).map(|(name, _)| *name)
                };
                let version_of =
                    |prefix| interfaces().filter_map(move |name| name.strip_prefix(prefix));
                // A component may serve several versions of the contract.
                let speaks = |version: &&str| version.starts_with(VERSION);
                let mut contracts = version_of(GUEST);
                if let Some(contract) = version_of(GUEST).find(speaks).or(contracts.next()) {
                    Self::Command { contract: contract.to_owned() }
                } else if let Some(version) =
                    version_of(RUN).filter(is_run).max().or(version_of(RUN).next())
                {
                    Self::WasiCommand { version: version.to_owned() }
                } else {
                    Self::OtherComponent
                }
            }
        }
    }

    /// How this runner runs such files, if it does.
    pub(crate) fn check(&self) -> Result<Runnable, KindError> {
        match self {
            Self::Command { contract } if contract.starts_with(VERSION) => Ok(Runnable::Command),
            Self::Command { contract } => Err(KindError::Version(visible_line(contract))),
            Self::WasiCommand { version } => match is_run(&version.as_str()) {
                true => Ok(Runnable::Program),
                false => Err(KindError::RunVersion(visible_line(version))),
            },
            Self::ModuleCommand { foreign: None } => Ok(Runnable::Program),
            Self::ModuleCommand { foreign: Some(import) } => {
                Err(KindError::ForeignImport(reason(import)))
            }
            Self::OtherComponent => Err(KindError::OtherWorld),
            Self::ModuleReactor => Err(KindError::Reactor),
            Self::OtherModule => Err(KindError::Module),
        }
    }

    /// One word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::WasiCommand { .. } => "wasi-command",
            Self::OtherComponent => "component",
            Self::ModuleCommand { .. } => "module-command",
            Self::ModuleReactor => "module-reactor",
            Self::OtherModule => "module",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { contract } => {
                write!(f, "a component of the world `command`, version {contract} of the contract")
            }
            Self::WasiCommand { version } => {
                write!(f, "a component that exports `wasi:cli/run`, version {version}")
            }
            Self::OtherComponent => f.write_str("a component of another world"),
            Self::ModuleCommand { foreign: None } => {
                f.write_str("a core module that is a program (`_start`) of WASI preview 1")
            }
            Self::ModuleCommand { foreign: Some(_) } => {
                f.write_str("a core module that is a program (`_start`)")
            }
            Self::ModuleReactor => f.write_str("a core module that is a library (`_initialize`)"),
            Self::OtherModule => f.write_str("a core module"),
        }
    }
}

/// How a file is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runnable {
    /// By the contract: a component of the world `command`.
    Command,
    /// As the program that it is: by `wasi:cli/run`, or by `_start`.
    Program,
}

/// A candidate of a version has interfaces of its own.
fn is_run(version: &&str) -> bool {
    RUN_VERSIONS.iter().any(|known| version.starts_with(known)) && !version.contains('-')
}

/// The first import of a core module that WASI preview 1 does not have.
fn foreign(outline: &Outline<'_>) -> Option<String> {
    let is_wasi =
        |import: &&CoreImport<'_>| import.module == PREVIEW1 && import.kind == ItemKind::Function;
    let foreign = outline.core_imports.iter().find(|import| !is_wasi(import))?;
    Some(format!("{}.{}", foreign.module, foreign.name))
}

/// The outline of a WebAssembly file, or what the file is instead.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline<'_>, KindError> {
    match bytes {
        [] => Err(KindError::Empty),
        [0x7f, b'E', b'L', b'F', ..] if is_compiled(bytes) => Err(KindError::Compiled),
        [0, b'a', b's', b'm', ..] => Outline::read(bytes),
        _ => Err(KindError::NotWasm),
    }
}

/// Refuses WebAssembly that is nested deeper than parsers go by recursion. What is no WebAssembly is theirs
/// to refuse.
pub(crate) fn check_nesting(bytes: &[u8]) -> Result<(), KindError> {
    match bytes {
        [0, b'a', b's', b'm', ..] => Outline::read(bytes).map(drop),
        _ => Ok(()),
    }
}

/// Wasmtime writes compiled code as ELF files with sections of its own.
fn is_compiled(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|window| window == b".wasmtime")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Result<Runnable, KindError> {
        Kind::of(&outline(bytes)?).check()
    }

    fn module(text: &str) -> Result<Runnable, KindError> {
        check(&wat::parse_str(text).expect("a module"))
    }

    #[test]
    fn a_program_imports_nothing_but_wasi() {
        let start = r#"(func (export "_start"))"#;
        let wasi = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
        assert_eq!(module(&format!("(module {start})")).ok(), Some(Runnable::Program));
        assert_eq!(module(&format!("(module {wasi} {start})")).ok(), Some(Runnable::Program));
        for (import, name) in [
            (r#"(import "env" "foo" (func))"#, "env.foo"),
            (r#"(import "wasi_unstable" "proc_exit" (func))"#, "wasi_unstable.proc_exit"),
            (r#"(import "wasi_snapshot_preview1" "m" (memory 1))"#, "wasi_snapshot_preview1.m"),
        ] {
            let error = module(&format!("(module {wasi} {import} {start})")).expect_err("refused");
            assert!(matches!(&error, KindError::ForeignImport(found) if found == name), "{error}");
        }
        let reactor = module(r#"(module (func (export "_initialize")))"#);
        assert!(matches!(reactor, Err(KindError::Reactor)));
    }

    #[test]
    fn what_is_part_of_the_program_is_a_command_that_says_itself_what_it_is() {
        for embedded in crate::embedded::PLUGINS {
            let outline = outline(embedded.bytes).expect("a component");
            assert_eq!(
                Kind::of(&outline).check().ok(),
                Some(Runnable::Command),
                "{}",
                embedded.name
            );
            assert!(outline.manifests.is_empty(), "{}", embedded.name);
        }
    }

    #[test]
    fn a_candidate_of_a_version_is_another_version() {
        let run = |names: &[&str]| {
            let exports = names.iter().map(|name| format!(r#"(export "{name}" (instance $i))"#));
            let exports = exports.collect::<Vec<_>>().join(" ");
            let component = wat::parse_str(format!("(component (instance $i) {exports})"));
            check(&component.expect("a component"))
        };
        assert_eq!(run(&["wasi:cli/run@0.2.11"]).ok(), Some(Runnable::Program));
        assert_eq!(run(&["wasi:cli/run@0.3.1"]).ok(), Some(Runnable::Program));
        for other in ["0.3.0-rc-2025-09-16", "0.1.0", "1.0.0"] {
            let error = run(&[&format!("wasi:cli/run@{other}")]).expect_err("refused");
            assert!(matches!(&error, KindError::RunVersion(found) if found == other), "{error}");
        }
        let both = ["wasi:cli/run@0.3.0-rc-2025-09-16", "wasi:cli/run@0.2.0"];
        assert_eq!(run(&both).ok(), Some(Runnable::Program));
    }

    #[test]
    fn a_file_is_told_by_its_bytes() {
        assert!(matches!(check(b""), Err(KindError::Empty)));
        assert!(matches!(check(b"#!/bin/sh"), Err(KindError::NotWasm)));
        assert!(matches!(check(b"\x7fELF\x02\x01\x01"), Err(KindError::NotWasm)));
        assert!(matches!(check(b"\x7fELF....wasmtime.engine"), Err(KindError::Compiled)));
        assert!(matches!(check(b"\0asm\x01\0\0\0"), Err(KindError::Module)));
        assert!(matches!(check(b"\0asm\x0d\0\x01\0"), Err(KindError::OtherWorld)));
        assert!(matches!(check(b"\0asm\x0d\0\x01\0\x01\xff"), Err(KindError::Malformed(_))));
    }
}
