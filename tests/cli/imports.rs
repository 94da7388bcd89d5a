//! What a component imports is what it is given, if the runner has it.

use crate::harness::{Project, guests};

#[test]
fn an_interface_that_there_is_not_is_told_by_its_name() {
    for (there_is, there_is_not) in [
        ("wasi:cli/environment@", "wasi:foo/environment@"),
        ("wasi:cli/stderr@", "wasi:cli/logger@"),
        ("wasi:filesystem/types@", "wasi:blobstore-x/type@"),
    ] {
        // In a component's bytes a name stands as it is, after its length.
        let bytes = replaced(guests::HELLO.bytes, there_is, there_is_not);
        let project = Project::new().file(".taskrunner/plugins/hello.wasm", bytes);
        project
            .call(["hello"])
            .exits(125)
            .prints("")
            .reporting("cannot be linked")
            .reporting(&format!("`{there_is_not}"));
    }
}

/// The bytes with one text in the place of another of its length.
pub(crate) fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "the length must stay");
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from.as_bytes())).collect();
    assert!(!places.is_empty(), "it does not import `{from}`");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}
