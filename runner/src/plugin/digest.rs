//! The identity of a plugin.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a plugin's bytes, which is its identity: shown and stored as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads to the end, writes the same elsewhere, and gives its digest.
    pub(crate) fn copying(mut from: impl Read, mut to: impl Write) -> io::Result<Self> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(Self(hash.finalize().into())),
                Ok(length) => {
                    hash.update(&buffer[..length]);
                    to.write_all(&buffer[..length])?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Its first 12 digits: enough for people to tell one from another, never for a decision.
    pub(crate) fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    /// As it is displayed, and no other way: so that two texts are never the same digest.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PROBLEM: &str = "a digest has 64 hexadecimal digits in lower case";
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.as_bytes().iter().all(is_digit) {
            return Err(PROBLEM);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| PROBLEM)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| PROBLEM)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_standards_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            Digest::of(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn it_is_the_same_of_what_is_read_piece_by_piece() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        let mut copy = Vec::new();
        let digest = Digest::copying(&*bytes, &mut copy).expect("it is in memory");
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(copy, bytes);
    }

    #[test]
    fn it_is_read_only_as_it_is_written() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let text = digest.to_string();
        for bad in ["", &text[1..], &text.to_uppercase(), &format!("+{}", &text[1..])] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
