//! A stream that perhaps nobody reads.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a reader may take in all.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a pipe takes at once when it says that it takes something (POSIX: `PIPE_BUF` is no more here).
const PIECE: usize = 512;

/// Writes to a stream what it takes in time, and drops the rest.
pub(super) fn write(stream: &impl AsFd, mut bytes: &[u8]) {
    let until = Instant::now() + PATIENCE;
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        let mut polled = [PollFd::new(stream, PollFlags::OUT)];
        let timeout = Timespec::try_from(left).unwrap_or_default();
        if !matches!(poll(&mut polled, Some(&timeout)), Ok(1..)) {
            return;
        }
        let piece = &bytes[..bytes.len().min(PIECE)];
        match rustix::io::write(stream, piece) {
            Ok(written) => bytes = &bytes[written..],
            Err(_) => return,
        }
    }
}
