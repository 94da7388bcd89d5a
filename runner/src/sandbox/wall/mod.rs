//! The second wall: what the process that runs a guest may do, whatever becomes of the code inside the
//! first one. It is raised in the worker's process, while that has one thread and none of the guest's
//! code has run: ceilings of the kernel's, then Landlock, then seccomp, which would forbid the former.

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod program;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seccomp;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a worker needs of the world. Everything else is denied.
#[derive(Clone)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no wall"))]
pub(crate) struct Wall {
    /// The parts of the file system.
    pub(crate) openings: Arc<[Opening]>,
    /// The compiled code, which is open already, and opened once more to be mapped.
    pub(crate) code: Option<Arc<File>>,
    pub(crate) network: Network,
    /// Bytes of memory of its own, besides code.
    pub(crate) memory: u64,
    /// Bytes that one file may grow to.
    pub(crate) file_size: u64,
    /// Open files.
    pub(crate) handles: u64,
    /// Whether nothing may run where a part of the wall is missing.
    pub(crate) required: bool,
    /// Whether the worker is kept from reopening the pipes of its standard streams, which it shares with other
    /// programs.
    pub(crate) hides_pipes: bool,
}

/// Whether a worker may open sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    None,
    /// Which addresses is for the first wall to say. What names are looked up in is readable, too.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no wall"))]
    Granted,
}

/// A part of the file system, opened before the wall is raised: what its path leads to later changes
/// nothing.
pub(crate) struct Opening {
    #[cfg(target_os = "linux")]
    file: std::os::fd::OwnedFd,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Landlock is Linux's"))]
    reach: Reach,
}

/// What may be done below an [`Opening`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Files and directories are read.
    Read,
    /// Files and directories are read, made, changed and removed.
    Write,
    /// One file is read and changed.
    File,
    /// Files are read, made, changed and removed, directories are left alone: for one file that is still
    /// to be made, which only a rule for its directory can allow.
    Files,
}

impl Opening {
    /// Opens a directory or file. Its path has no symlinks; one that has come into it since that was decided is an
    /// error, and not followed.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(path: &Path, reach: Reach) -> io::Result<Self> {
        use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
        use rustix::io::Errno;

        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let file = match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // Every system with Landlock has this call, but a container can take it away.
            Err(Errno::NOSYS | Errno::PERM) => open(path, flags | OFlags::NOFOLLOW, Mode::empty())?,
            opened => opened?,
        };
        Ok(Self { file, reach })
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(crate) fn new(_: &Path, reach: Reach) -> io::Result<Self> {
        Ok(Self { reach })
    }
}

/// What stands of the wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct WallReport {
    /// The kernel's ceilings, no new privileges, and no look from outside.
    pub(crate) limits: Part,
    pub(crate) landlock: Part,
    /// The version of Landlock's interface; 0 where there is none.
    pub(crate) landlock_abi: u32,
    pub(crate) seccomp: Part,
}

/// Whether a part of the wall stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    Stands,
    /// It stands, but with a gap.
    Partly(String),
    /// It does not stand, and why.
    Absent(String),
}

impl Wall {
    /// The file descriptors that it uses.
    #[cfg(unix)]
    pub(crate) fn descriptors(&self) -> Vec<std::os::fd::RawFd> {
        use std::os::fd::AsRawFd;

        #[cfg(target_os = "linux")]
        let openings = self.openings.iter().map(|opening| opening.file.as_raw_fd());
        #[cfg(not(target_os = "linux"))]
        let openings = std::iter::empty();
        openings.chain(self.code.iter().map(|code| code.as_raw_fd())).collect()
    }

    /// Raises the wall around this process, for good. It must have one thread.
    #[cfg(target_os = "linux")]
    pub(crate) fn raise(&self) -> WallReport {
        let limits = limits::lower(self);
        let (landlock, landlock_abi) = landlock::restrict(self);
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        let seccomp = seccomp::filter(self);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let seccomp = Part::Absent("there are no rules for this kind of processor".to_owned());
        WallReport { limits, landlock, landlock_abi, seccomp }
    }

    /// Keeps a worker from reopening the pipes of its standard streams. It is called when the compiled code is
    /// loaded, since loading opens a file through a link.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(crate) fn hide_pipes(&self) -> Part {
        if self.hides_pipes {
            seccomp::filter_links(!self.openings.is_empty())
        } else {
            Part::Stands
        }
    }

    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    pub(crate) fn hide_pipes(&self) -> Part {
        Part::Stands
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn raise(&self) -> WallReport {
        WallReport::absent("this platform has none")
    }
}

/// Whether a standard stream of this process is a pipe.
pub(crate) fn has_pipes() -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FileType, fstat};
        use rustix::stdio::{stderr, stdin, stdout};

        let is_pipe = |stream| {
            fstat(stream).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
        };
        [stdout(), stderr(), stdin()].into_iter().any(is_pipe)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

impl WallReport {
    /// Nothing stands.
    #[cfg(any(test, not(target_os = "linux")))]
    pub(crate) fn absent(reason: &str) -> Self {
        let absent = || Part::Absent(reason.to_owned());
        Self { limits: absent(), landlock: absent(), landlock_abi: 0, seccomp: absent() }
    }

    /// What is missing, for people; none where the whole wall stands.
    pub(crate) fn gaps(&self) -> Option<String> {
        let parts =
            [("limits", &self.limits), ("Landlock", &self.landlock), ("seccomp", &self.seccomp)];
        let gaps: Vec<String> = parts
            .into_iter()
            .filter_map(|(name, part)| match part {
                Part::Stands => None,
                Part::Partly(reason) => Some(format!("{name} has a gap: {reason}")),
                Part::Absent(reason) => Some(format!("{name} is absent: {reason}")),
            })
            .collect();
        (!gaps.is_empty()).then(|| gaps.join("; "))
    }
}

impl Part {
    /// It stands if nothing went wrong.
    #[cfg(target_os = "linux")]
    fn of(result: Result<(), impl std::fmt::Display>) -> Self {
        match result {
            Ok(()) => Self::Stands,
            Err(error) => Self::Absent(error.to_string()),
        }
    }
}
