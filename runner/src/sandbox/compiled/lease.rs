//! Whether nobody can write to an open file while it is read.
//!
//! A process that has mapped a file to write to it changes it without a word: the kernel notes a time at its first
//! store to a page, and none at the next ones before that page is written back. So the time of the last change says
//! nothing of who had the file open before. A lease for reading does: the kernel gives one only while nobody has the
//! file open for writing, or mapped from such a descriptor, and takes it back when somebody opens it so. Whoever does
//! that later makes a store that is his first, which the time shows. (`fcntl(2)`, *Leases*)

use std::fs::File;
use std::io;

/// What could be learnt of who writes to a file.
#[derive(Debug)]
pub(super) enum Lease<'a> {
    /// Nobody did when it was taken.
    Held(Held<'a>),
    /// Somebody has it open for writing.
    Writer,
    /// The system, or the file system, does not tell.
    Unknown,
}

/// A lease that is given back when this goes away.
#[derive(Debug)]
pub(super) struct Held<'a>(
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "never made"))] &'a File,
);

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::AsRawFd;

    use super::{File, Held, Lease, io};

    /// A signal says that the lease is wanted back. This one is ignored by default, unlike that which is sent
    /// otherwise.
    const SIGNAL: libc::c_int = libc::SIGURG;
    const F_SETSIG: libc::c_int = 10;

    /// ext4, XFS, Btrfs, F2FS and tmpfs. A file system that is stacked on others (overlayfs) gives leases of its own
    /// files, and knows nothing of a mapping of the one below whose descriptor is closed.
    const TELLING: [u32; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];

    fn tells(file: &File) -> bool {
        let kind = rustix::fs::fstatfs(file).map(|system| u32::try_from(system.f_type));
        kind.is_ok_and(|kind| kind.is_ok_and(|kind| TELLING.contains(&kind)))
    }

    fn control(
        file: &File,
        command: libc::c_int,
        argument: libc::c_int,
    ) -> io::Result<libc::c_int> {
        // SAFETY: the descriptor is open, and these commands take a number.
        match unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } {
            -1 => Err(io::Error::last_os_error()),
            answer => Ok(answer),
        }
    }

    pub(in super::super) fn lease(file: &File) -> Lease<'_> {
        if !tells(file) {
            return Lease::Unknown;
        }
        let asked = control(file, F_SETSIG, SIGNAL)
            .and_then(|_| control(file, libc::F_SETLEASE, libc::F_RDLCK));
        match asked {
            Ok(_) => Lease::Held(Held(file)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Lease::Writer,
            Err(error) => {
                tracing::debug!("nobody tells who writes to the file: {error}");
                Lease::Unknown
            }
        }
    }

    impl Held<'_> {
        /// Whether nobody has opened the file for writing since.
        pub(in super::super) fn still_holds(&self) -> bool {
            control(self.0, libc::F_GETLEASE, 0).is_ok_and(|kind| kind == libc::F_RDLCK)
        }
    }

    impl Drop for Held<'_> {
        fn drop(&mut self) {
            // It ends with the descriptor at the latest.
            let _ = control(self.0, libc::F_SETLEASE, libc::F_UNLCK);
        }
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::lease;

#[cfg(not(target_os = "linux"))]
pub(super) fn lease(_: &File) -> Lease<'_> {
    Lease::Unknown
}

#[cfg(not(target_os = "linux"))]
impl Held<'_> {
    pub(super) fn still_holds(&self) -> bool {
        false
    }
}
