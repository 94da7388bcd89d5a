//! Computes the SHA-256 of so many bytes, which it makes itself, 64 KiB at a time.
//!
//! Usage: `digest BYTES`
#![expect(clippy::print_stdout, reason = "standard output belongs to the command")]

use std::env;
use std::error::Error;

use hmac_sha256::Hash;

const CHUNK: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut left: usize = env::args().nth(1).ok_or("usage: digest BYTES")?.parse()?;
    let chunk: Vec<u8> = (0..=u8::MAX).cycle().take(CHUNK).collect();
    let mut hash = Hash::new();
    while left > 0 {
        let length = left.min(CHUNK);
        hash.update(&chunk[..length]);
        left -= length;
    }
    let digest = hash.finalize().map(|byte| format!("{byte:02x}")).concat();
    println!("{digest}");
    Ok(())
}
