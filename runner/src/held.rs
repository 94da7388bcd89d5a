//! Locks by which several runs of the program change a file one after the other.
//!
//! The kernel holds them, for an open file: they end with their process, however it ends. What only reads
//! takes none, since files are replaced in one piece.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the other one may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before looking again.
const STEP: Duration = Duration::from_millis(5);

/// After so long, the user is told what is waited for.
const SLOW: Duration = Duration::from_secs(1);

/// A lock, until this is dropped.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "to be open is all that it does")] File);

/// Takes the lock of a file in a directory that nobody else can write. It stays there, empty.
pub(crate) fn hold_file(path: &Path) -> io::Result<Held> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    hold(options.open(path)?, path)
}

/// Takes the lock of a directory itself, so that nothing is put there.
#[cfg(unix)]
pub(crate) fn hold_directory(path: &Path) -> io::Result<Held> {
    hold(File::open(path)?, path)
}

fn hold(file: File, path: &Path) -> io::Result<Held> {
    hold_within(file, path, PATIENCE)
}

fn hold_within(file: File, path: &Path, patience: Duration) -> io::Result<Held> {
    let begun = Instant::now();
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Held(file)),
            Err(TryLockError::WouldBlock) => {}
            // A file system without locks: then one change after the other is all that there is.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Held(file));
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let waited = begun.elapsed();
        if waited >= patience {
            let message = "another process has held its lock for too long";
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        if waited >= SLOW && !is_told {
            is_told = true;
            tracing::warn!("waiting for another taskrunner to release `{}`", path.display());
        }
        std::thread::sleep(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_and_nobody_waits_for_ever() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("lock");
        let held = hold_file(&path).expect("nobody has it");
        let other = File::options().write(true).open(&path).expect("it is there");
        let waited = hold_within(other, &path, Duration::from_millis(50));
        assert_eq!(waited.expect_err("it is held").kind(), io::ErrorKind::TimedOut);
        drop(held);
        hold_file(&path).expect("nobody has it");
    }
}
