//! The file descriptors of a worker: those that it was given, and no others.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// The first descriptor after the standard streams.
const FIRST: RawFd = 3;

/// Replaces the standard streams by `/dev/null`.
pub(super) fn close_streams() -> io::Result<()> {
    let nowhere = OpenOptions::new().read(true).write(true).open("/dev/null").map(OwnedFd::from);
    // A system without devices: the end of a pipe that is closed will do.
    let nowhere = nowhere.or_else(|_| io::pipe().map(|(reader, _)| OwnedFd::from(reader)))?;
    dup2_stdin(&nowhere)?;
    dup2_stdout(&nowhere)?;
    dup2_stderr(&nowhere)?;
    Ok(())
}

/// Closes all file descriptors but the standard streams and those that are kept: those of the runner, and those
/// that it inherited.
pub(super) fn close_all_but(mut kept: Vec<RawFd>) -> io::Result<()> {
    kept.sort_unstable();
    let mut next = FIRST;
    for descriptor in kept.into_iter().filter(|descriptor| *descriptor >= FIRST) {
        if descriptor > next {
            close_range(next, descriptor - 1)?;
        }
        next = next.max(descriptor + 1);
    }
    close_range(next, RawFd::MAX)
}

/// Closes the descriptors from `first` to `last`. Their owners belong to the supervisor, and no code of it runs in
/// a worker, not even a destructor.
#[cfg(target_os = "linux")]
fn close_range(first: RawFd, last: RawFd) -> io::Result<()> {
    let [from, to] = [first, last].map(RawFd::unsigned_abs);
    // SAFETY: no code of this process uses these descriptors any more.
    match unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) } {
        0 => Ok(()),
        // A kernel before 5.9, or a container that does not let it through.
        _ => close_each(first, last),
    }
}

#[cfg(not(target_os = "linux"))]
fn close_range(first: RawFd, last: RawFd) -> io::Result<()> {
    close_each(first, last)
}

fn close_each(first: RawFd, last: RawFd) -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/dev/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok());
        open.extend(number.filter(|number| (first..=last).contains(number)));
    }
    for descriptor in open {
        // SAFETY: as above. The descriptor of the directory itself is closed already.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}
