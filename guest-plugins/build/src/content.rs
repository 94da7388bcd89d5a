//! What a file holds: its size and its SHA-256 digest.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How much of a file is in memory at once.
const CHUNK: usize = 64 * 1024;

/// The size and the digest of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// How many bytes.
    pub(crate) size: u64,
    /// Their digest.
    pub(crate) sha256: Digest,
}

/// A SHA-256 digest, written as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest(String);

impl Content {
    /// Of bytes in memory.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Of a file, read in chunks.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        copy(&mut File::open(path)?, &mut io::sink())
    }

    /// Whether a regular file (a link is none) holds just this. The digest is not computed where the
    /// size tells already.
    pub(crate) fn is_in(&self, path: &Path) -> io::Result<bool> {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() && metadata.len() == self.size => {
                Ok(Self::of_file(path)? == *self)
            }
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Copies bytes in chunks, and says what they were.
pub(crate) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<Content> {
    let mut hasher = Hasher::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => {
                hasher.update(&chunk[..count]);
                to.write_all(&chunk[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads what a file is known to hold: anything else is an error at its end, before it was used up.
pub(crate) struct Verified<'a, R> {
    from: R,
    hasher: Hasher,
    expected: &'a Content,
}

impl<'a, R: Read> Verified<'a, R> {
    /// Reads from `from`.
    pub(crate) fn new(from: R, expected: &'a Content) -> Self {
        Self { from, hasher: Hasher::default(), expected }
    }
}

impl<R: Read> Read for Verified<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.hasher.clone().finish() != *self.expected {
            return Err(io::Error::other("it was changed while it was read"));
        }
        Ok(count)
    }
}

#[derive(Clone, Default)]
struct Hasher {
    size: u64,
    state: Sha256,
}

impl Hasher {
    fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.state.update(bytes);
    }

    fn finish(self) -> Content {
        let digits = self.state.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Content { size: self.size, sha256: Digest(digits) }
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(digits) {
            Ok(Self(text))
        } else {
            Err("a SHA-256 digest is 64 lower-case hexadecimal digits")
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256() {
        // The example of FIPS 180-2, B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let content = Content::of(b"abc");
        assert_eq!((content.size, content.sha256.to_string().as_str()), (3, abc));
    }

    #[test]
    fn a_file_larger_than_a_chunk_has_the_digest_of_all_its_bytes() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let bytes = vec![7; CHUNK * 2 + 1];
        std::fs::write(&path, &bytes).expect("a file");
        let content = Content::of_file(&path).expect("it can be read");
        assert_eq!(content, Content::of(&bytes));
        assert!(content.is_in(&path).expect("it can be read"));
        std::fs::write(&path, vec![8; bytes.len()]).expect("a file");
        assert!(!content.is_in(&path).expect("the same size is not enough"));
        assert!(!content.is_in(&directory.path().join("none")).expect("nothing is no error"));
    }

    #[test]
    fn a_file_that_changed_is_an_error() {
        let expected = Content::of(b"abc");
        let read = |bytes: &[u8]| copy(&mut Verified::new(bytes, &expected), &mut io::sink());
        assert_eq!(read(b"abc").expect("it is the same"), expected);
        for changed in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(read(changed).is_err());
        }
    }

    #[test]
    fn only_hexadecimal_digits_are_a_digest() {
        for text in ["", "xyz", &"A".repeat(64), &"0".repeat(63)] {
            assert!(Digest::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
