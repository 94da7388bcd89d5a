//! Room in the file of `--audit` for what is decided before it is written.
//!
//! A decision is sent before it is acted on, and written a moment later. What a worker can be ahead by is
//! what its pipe holds. So much room is reserved behind the end of the file, and where no more can be
//! reserved, the run ends: what was sent until then has its room. Where a file system reserves nothing, the
//! run ends at the first line that cannot be written.
//!
//! Runs that share the file hold a shared lock of it. The room that is left is given back by the last one,
//! which is the only one that gets the exclusive lock: nothing is cut that another run has just written.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::sandbox::{LARGE_PIPE, PIPE};

/// The shortest message in which a worker tells a decision, in bytes.
const SHORTEST: u64 = 90;

/// What a line has beside what was sent, without the workspace's path.
const MORE: u64 = 320;

/// How many bytes more than needed are reserved at once.
const AHEAD: u64 = 256 * 1024;

/// The room that is kept in a file.
pub(super) struct Reserve {
    /// How many bytes must be free behind what is written; none where nothing can be reserved.
    needed: Option<u64>,
    /// Whether that is enough for a worker with a large pipe.
    is_ample: bool,
    /// Up to where the file has room.
    until: u64,
}

/// How much the decisions take that a pipe and the supervisor's buffer hold.
fn room(pipe: usize, workspace: &Path) -> u64 {
    let sent = (pipe + PIPE) as u64;
    let line = MORE + 2 * workspace.as_os_str().len() as u64;
    sent + sent / SHORTEST * line
}

impl Reserve {
    pub(super) fn none() -> Self {
        Self { needed: None, is_ample: true, until: 0 }
    }

    pub(super) fn is_ample(&self) -> bool {
        self.is_ample
    }

    /// How much a line takes beside what was sent for it.
    pub(super) fn of_line(workspace: &Path) -> u64 {
        MORE + 2 * workspace.as_os_str().len() as u64
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FallocateFlags, FlockOperation, SeekFrom, fallocate, flock, ftruncate, seek};
    use rustix::io::Errno;
    use rustix::process::{Resource, getrlimit};

    use super::*;

    impl Reserve {
        pub(in super::super) fn begin(file: &File, workspace: &Path) -> io::Result<Self> {
            // Another run, which gives its room back, holds it for a moment.
            let is_shared =
                (0..100).any(|_| match flock(file, FlockOperation::NonBlockingLockShared) {
                    Err(Errno::WOULDBLOCK) => {
                        std::thread::sleep(Duration::from_millis(2));
                        false
                    }
                    locked => locked.is_ok(),
                });
            if !is_shared {
                return Ok(Self::none());
            }
            let (ample, least) = (room(LARGE_PIPE, workspace), room(PIPE, workspace));
            let mut reserve = Self { needed: Some(ample), is_ample: true, until: 0 };
            if reserve.keep(file, 0).is_err() {
                reserve = Self { needed: Some(least), is_ample: false, until: 0 };
                reserve.keep(file, 0)?;
            }
            Ok(reserve)
        }

        /// Sees to it that there is room behind what is written, and for so many bytes more.
        pub(in super::super) fn keep(&mut self, file: &File, more: u64) -> io::Result<()> {
            let Some(needed) = self.needed else { return Ok(()) };
            let needed = needed.saturating_add(more);
            let end = seek(file, SeekFrom::End(0))?;
            if end.saturating_add(needed) <= self.until {
                return Ok(());
            }
            let most = getrlimit(Resource::Fsize).current;
            if most.is_some_and(|most| end.saturating_add(needed) > most) {
                return Err(Errno::FBIG.into());
            }
            let mut last = Ok(());
            for length in [needed.saturating_add(AHEAD), needed] {
                match fallocate(file, FallocateFlags::KEEP_SIZE, end, length) {
                    Ok(()) => {
                        self.until = end + length;
                        return Ok(());
                    }
                    Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::NODEV | Errno::INVAL) => {
                        self.needed = None;
                        return Ok(());
                    }
                    // A signal that ends the run is heard elsewhere.
                    Err(Errno::INTR) => return Ok(()),
                    Err(error) => last = Err(error.into()),
                }
            }
            last
        }

        pub(in super::super) fn end(&mut self, file: &File) {
            if self.needed.take().is_some() {
                alone(file, Some);
            }
        }
    }

    /// Takes back the last bytes that were written, if nothing was written behind them.
    pub(in super::super) fn take_back(file: &File, bytes: u64) {
        let Ok(own_end) = seek(file, SeekFrom::Current(0)) else { return };
        if !alone(file, |end| (end == own_end).then(|| end.saturating_sub(bytes))) {
            // Another run holds the lock as well, and has written behind it only if the end has moved.
            if file.metadata().is_ok_and(|metadata| metadata.len() == own_end) {
                let _ = ftruncate(file, own_end.saturating_sub(bytes));
            }
        }
    }

    /// Cuts the file to a length, made of the one that it has, while no other run can write to it.
    fn alone(file: &File, length: impl FnOnce(u64) -> Option<u64>) -> bool {
        if flock(file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return false;
        }
        if let Ok(metadata) = file.metadata()
            && let Some(length) = length(metadata.len())
        {
            let _ = ftruncate(file, length);
        }
        let _ = flock(file, FlockOperation::LockShared);
        true
    }

    /// How long the reader of a pipe may take to make room for a line.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// Waits until a pipe takes more.
    pub(in super::super) fn wait_for_reader(file: &File) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = "its reader takes nothing any more";
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            let mut polled = [PollFd::new(file, PollFlags::OUT)];
            match poll(&mut polled, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::*;

    impl Reserve {
        #[expect(clippy::unnecessary_wraps, reason = "Linux needs it")]
        pub(in super::super) fn begin(_: &File, _: &Path) -> io::Result<Self> {
            Ok(Self::none())
        }

        #[expect(clippy::unnecessary_wraps, reason = "Linux needs it")]
        pub(in super::super) fn keep(&mut self, _: &File, _: u64) -> io::Result<()> {
            Ok(())
        }

        pub(in super::super) fn end(&mut self, _: &File) {}
    }

    pub(in super::super) fn take_back(file: &File, bytes: u64) {
        if let Ok(metadata) = file.metadata() {
            let _ = file.set_len(metadata.len().saturating_sub(bytes));
        }
    }

    pub(in super::super) fn wait_for_reader(_: &File) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::TimedOut, "its reader takes nothing any more"))
    }
}

pub(super) use system::{take_back, wait_for_reader};
