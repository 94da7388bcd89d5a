//! Puts a manifest into a program's file.

use std::ops::Range;

use wasm_encoder::{CustomSection, Section};
use wasmparser::BinaryReader;

use crate::guard::guard;
use crate::plugin::{FaultKind, KindError, MANIFEST_SECTION, Runnable, facts};

/// The bytes before the first section of a file: the magic number and the version.
const PREAMBLE: usize = 8;

/// Why no manifest can be put into a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbedError {
    #[error("{0}")]
    Kind(#[from] KindError),
    #[error("it is a component of the world `command`, which says itself what it is")]
    Command,
    #[error("malformed WebAssembly: {0}")]
    Malformed(String),
    /// With the manifest inside, it would be no plugin.
    #[error("{0}")]
    Plugin(FaultKind),
}

impl EmbedError {
    /// What the user can do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Command => Some("change what its `describe` says, and build it again"),
            _ => None,
        }
    }
}

/// The file with this manifest, and without any that it had; every other byte stays as it is.
pub(crate) fn embed(bytes: &[u8], manifest: &str) -> Result<Vec<u8>, EmbedError> {
    if facts(bytes)?.kind.check()? == Runnable::Command {
        return Err(EmbedError::Command);
    }
    let malformed = |error: wasmparser::Error| EmbedError::Malformed(error.message().to_owned());
    // The parser of others, on files of others.
    let sections = guard(|| manifest_sections(bytes)).map_err(EmbedError::Malformed)?;
    let mut embedded = Vec::with_capacity(bytes.len() + manifest.len() + 64);
    let mut start = 0;
    for section in sections.map_err(malformed)? {
        embedded.extend_from_slice(&bytes[start..section.start]);
        start = section.end;
    }
    embedded.extend_from_slice(&bytes[start..]);
    let section = CustomSection { name: MANIFEST_SECTION.into(), data: manifest.as_bytes().into() };
    section.append_to(&mut embedded);
    Ok(embedded)
}

/// Where the sections of a manifest are, on the outermost level of a file. A module and a component are
/// alike in that: sections after sections, each with its number and its length.
fn manifest_sections(bytes: &[u8]) -> wasmparser::Result<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut reader = BinaryReader::new(bytes, 0);
    reader.read_bytes(PREAMBLE)?;
    while !reader.eof() {
        let start = reader.original_position();
        let number = reader.read_u8()?;
        let length = reader.read_var_u32()?;
        let content = reader.read_bytes(length as usize)?;
        let is_custom = number == 0;
        if is_custom && BinaryReader::new(content, 0).read_unlimited_string()? == MANIFEST_SECTION {
            found.push(start..reader.original_position());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 2] = [
        r#"(module (func (export "_start")) (@custom "before" "x") (memory 1))"#,
        r#"(component (core module) (instance $i) (export "wasi:cli/run@0.2.6" (instance $i)))"#,
    ];

    fn without_manifest(bytes: &[u8]) -> Vec<u8> {
        let sections = manifest_sections(bytes).expect("sections");
        let mut bytes = bytes.to_vec();
        for section in sections.into_iter().rev() {
            bytes.drain(section);
        }
        bytes
    }

    #[test]
    fn every_other_byte_stays() {
        for text in FILES {
            let bytes = wat::parse_str(text).expect("a file");
            let once = embed(&bytes, r#"{"summary":"a"}"#).expect("it takes a manifest");
            assert!(facts(&once).is_ok());
            assert_eq!(without_manifest(&once), bytes);
            let twice = embed(&once, r#"{"summary":"another"}"#).expect("it takes another");
            assert_eq!(manifest_sections(&twice).expect("sections").len(), 1);
            assert_eq!(without_manifest(&twice), bytes);
        }
    }

    #[test]
    fn a_command_says_itself_what_it_is() {
        let command = r#"(component
            (instance $i) (export "taskrunner:plugin/guest@0.1.0" (instance $i)))"#;
        let bytes = wat::parse_str(command).expect("a component");
        assert!(matches!(embed(&bytes, "{}"), Err(EmbedError::Command)));
        assert!(matches!(embed(b"x", "{}"), Err(EmbedError::Kind(_))));
    }
}
