//! Writes so many bytes to standard output, 64 KiB at a time.
//!
//! Usage: `emit BYTES`

use std::env;
use std::error::Error;
use std::io::{self, Write};

const CHUNK: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut left: usize = env::args().nth(1).ok_or("usage: emit BYTES")?.parse()?;
    let line = b"all work and no play makes a dull plugin, and much of it indeed\n";
    let chunk: Vec<u8> = line.iter().copied().cycle().take(CHUNK).collect();
    let mut stdout = io::stdout().lock();
    while left > 0 {
        let length = left.min(CHUNK);
        stdout.write_all(&chunk[..length])?;
        left -= length;
    }
    stdout.flush()?;
    Ok(())
}
