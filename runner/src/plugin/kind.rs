//! Tells what a file is, by its bytes alone and without running it.

use std::fmt;

use super::outline::{Form, ItemKind, Outline};
use crate::text::visible_line;

/// The interface that makes a component a command, without its version.
const GUEST: &str = "taskrunner:plugin/guest@";

/// The version of the contract that this runner speaks, up to the part that must be equal.
const VERSION: &str = "0.1.";

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
        "a core module, not a component: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`"
    )]
    Module,
    #[error(
        "a component that exports `wasi:cli/run`, not `taskrunner:plugin/guest`: it does not implement the world `command`"
    )]
    WasiCommand,
    #[error("a component of another world: it does not export `taskrunner:plugin/guest`")]
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
    /// A core module that exports `_start`: a program, of WASI preview 1 where it imports any WASI.
    ModuleCommand,
    /// A core module that exports `_initialize`: a library.
    ModuleReactor,
    /// Another core module.
    OtherModule,
}

impl Kind {
    pub(super) fn of(outline: &Outline<'_>) -> Self {
        let exports = |name: &str| outline.exports.contains(&(name, ItemKind::Function));
        match outline.form {
            Form::Module if exports("_start") => Self::ModuleCommand,
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
                } else if let Some(version) = version_of("wasi:cli/run@").next() {
                    Self::WasiCommand { version: version.to_owned() }
                } else {
                    Self::OtherComponent
                }
            }
        }
    }

    /// Whether this runner runs such files as commands.
    pub(super) fn check(&self) -> Result<(), KindError> {
        match self {
            Self::Command { contract } if contract.starts_with(VERSION) => Ok(()),
            Self::Command { contract } => Err(KindError::Version(visible_line(contract))),
            Self::WasiCommand { .. } => Err(KindError::WasiCommand),
            Self::OtherComponent => Err(KindError::OtherWorld),
            Self::ModuleCommand | Self::ModuleReactor | Self::OtherModule => Err(KindError::Module),
        }
    }

    /// One word for programs.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::WasiCommand { .. } => "wasi-command",
            Self::OtherComponent => "component",
            Self::ModuleCommand => "module-command",
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
            Self::ModuleCommand => f.write_str("a core module that is a program (`_start`)"),
            Self::ModuleReactor => f.write_str("a core module that is a library (`_initialize`)"),
            Self::OtherModule => f.write_str("a core module"),
        }
    }
}

/// Checks that these bytes look like a component of the world `command`. It looks no deeper than it
/// must: that they are valid is found out where they are compiled.
pub(super) fn check(bytes: &[u8]) -> Result<(), KindError> {
    Kind::of(&outline(bytes)?).check()
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

/// Wasmtime writes compiled code as ELF files with sections of its own.
fn is_compiled(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|window| window == b".wasmtime")
}

#[cfg(test)]
mod tests {
    use super::*;

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
