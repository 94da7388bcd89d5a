//! From a path to text, without waiting on what is no file and without reading what is too long.

use std::io;
use std::path::Path;

use super::error::{DocumentError, Fault};
use super::origin::Origin;
use crate::regular::{self, Longest};

/// The longest configuration file, in bytes.
///
/// The YAML parsers keep up to 180 bytes for each byte of a hostile text, so this bounds memory
/// (50 MB) and time as much as any other limit does.
pub(super) const MAX_BYTES: u64 = 256 * 1024;

/// Reads a configuration file's text.
pub(super) fn read(origin: &Origin) -> Result<String, DocumentError> {
    let path = &origin.path;
    let (bytes, ..) = regular::read(path, Longest(MAX_BYTES, "it")).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::FileTooLarge => return too_long(path),
            io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
            io::ErrorKind::InvalidInput => format!("it is {error}"),
            _ => error.to_string(),
        };
        DocumentError::unreadable(path, why, None)
    })?;
    text(bytes).map_err(|(text, fault)| DocumentError::undecodable(origin, &text, fault))
}

/// The text that bytes are which somebody has read.
pub(super) fn bounded(origin: &Origin, bytes: &[u8]) -> Result<String, DocumentError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_long(&origin.path));
    }
    text(bytes.to_vec()).map_err(|(text, fault)| DocumentError::undecodable(origin, &text, fault))
}

fn too_long(path: &Path) -> DocumentError {
    DocumentError::unreadable(path, format!("it is longer than {} KiB", MAX_BYTES / 1024), None)
}

/// The text that the bytes are; else as much of it as can be shown, and what is wrong.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, (String, Fault)> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let help = "save the file as UTF-8, without a byte order mark";
    let mark = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = mark {
        let message = format!("it begins with a {encoding} byte order mark");
        return Err((lossy(&bytes), Fault::at(0..0, message).with_help(help)));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let message =
                format!("it is not UTF-8: the byte 0x{byte:02x} is not part of a character");
            return Err((lossy(error.as_bytes()), Fault::at(at..at + 1, message).with_help(help)));
        }
    };
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    match text.char_indices().find(|&(_, c)| control(c)) {
        None => Ok(text),
        Some((at, c)) => {
            let message = format!("it has the control character U+{:04X}", u32::from(c));
            Err((text, Fault::at(at..at + 1, message)))
        }
    }
}
