//! Tells what a file is, by its bytes alone and without running it.

use wasmparser::{Encoding, Parser, Payload};

/// The interface that makes a component a command, without its version.
const GUEST: &str = "taskrunner:plugin/guest@";

/// The version of the contract that this runner speaks, up to the part that must be equal.
const VERSION: &str = "0.1.";

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

/// Checks that these bytes are a component of the world `command`.
pub(crate) fn check(bytes: &[u8]) -> Result<(), KindError> {
    match bytes {
        [] => return Err(KindError::Empty),
        [0x7f, b'E', b'L', b'F', ..] if is_compiled(bytes) => return Err(KindError::Compiled),
        [0, b'a', b's', b'm', ..] => {}
        _ => return Err(KindError::NotWasm),
    }
    match find_guest(bytes).map_err(|error| KindError::Malformed(error.message().to_owned()))? {
        Export::Guest(version) if version.starts_with(VERSION) => Ok(()),
        Export::Guest(version) => Err(KindError::Version(version.escape_debug().to_string())),
        Export::WasiRun => Err(KindError::WasiCommand),
        Export::Module => Err(KindError::Module),
        Export::None => Err(KindError::OtherWorld),
    }
}

enum Export {
    Guest(String),
    WasiRun,
    Module,
    None,
}

/// Looks through the exports of the outermost component.
fn find_guest(bytes: &[u8]) -> wasmparser::Result<Export> {
    let mut found = Export::None;
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Ok(Export::Module);
            }
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentExportSection(exports) if depth == 1 => {
                for export in exports {
                    let name = export?.name.name;
                    if let Some(version) = name.strip_prefix(GUEST) {
                        found = Export::Guest(version.to_owned());
                    } else if name.starts_with("wasi:cli/run@") && matches!(found, Export::None) {
                        found = Export::WasiRun;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
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
