//! How deep a file nests what parsers go into by recursion.
//!
//! The parser that wasmtime and this program share reads a type of a component within a type by calling
//! itself: a file of some kilobytes could end the process by its stack. So the depth is looked at first,
//! without recursion.

use wasmparser::{BinaryReader, ComponentType, ComponentTypeDeclaration, Result};

use super::kind::KindError;
use super::outline::FEATURES;

/// How deep components, and types of components, may be nested. Toolchains come to a handful; beside the
/// stack, checking and compiling take time that grows with the square of it.
const MAX_DEPTH: usize = 100;

/// The first bytes of the types that hold declarations, and of a declaration that holds a type.
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;
const TYPE_DECLARATION: u8 = 0x01;

/// Refuses more than [`MAX_DEPTH`] of what is nested.
pub(super) fn check_depth(depth: usize) -> std::result::Result<(), KindError> {
    if depth > MAX_DEPTH {
        let problem = format!("components are nested more than {MAX_DEPTH} deep");
        return Err(KindError::Malformed(problem));
    }
    Ok(())
}

/// Checks a section of types, which begins in the file at `offset`.
pub(super) fn check_types(section: &[u8], offset: usize) -> std::result::Result<(), KindError> {
    let mut reader = BinaryReader::new_features(section, offset, FEATURES);
    // How much is left on each level: of types on the first, of declarations on those within.
    let mut left = vec![reader.read_var_u32()?];
    while let Some(count) = left.last_mut() {
        let Some(rest) = count.checked_sub(1) else {
            left.pop();
            continue;
        };
        *count = rest;
        if let Some(declarations) = step(&mut reader, left.len() > 1)? {
            left.push(declarations);
            check_depth(left.len())?;
        }
    }
    Ok(())
}

/// Reads one type, or one declaration. Of a type that holds declarations only the beginning is read: it
/// gives how many there are.
fn step(reader: &mut BinaryReader<'_>, is_declaration: bool) -> Result<Option<u32>> {
    let mut ahead = reader.clone();
    if is_declaration && ahead.read_u8()? != TYPE_DECLARATION {
        reader.read::<ComponentTypeDeclaration<'_>>()?;
        return Ok(None);
    }
    *reader = ahead.clone();
    match ahead.read_u8()? {
        COMPONENT_TYPE | INSTANCE_TYPE => {
            *reader = ahead;
            reader.read_var_u32().map(Some)
        }
        _ => reader.read::<ComponentType<'_>>().map(|_| None),
    }
}
