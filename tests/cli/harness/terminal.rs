//! A terminal that the program writes to, and who sits at it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// Opens a terminal of 24 lines and 120 columns: our side and the program's.
pub(super) fn open() -> (File, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    fcntl_setfd(&ours, FdFlags::CLOEXEC).expect("it is nobody else's");
    grantpt(&ours).expect("a terminal that can be used");
    unlockpt(&ours).expect("a terminal that can be used");
    let name = ptsname(&ours, Vec::new()).expect("its name");
    let theirs = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOCTTY.bits().cast_signed())
        .open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))
        .expect("its other side");
    let size = Winsize { ws_row: 24, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&theirs, size).expect("its size");
    // Line ends arrive as they were written.
    let mut modes = tcgetattr(&theirs).expect("its modes");
    modes.output_modes.remove(OutputModes::OPOST);
    tcsetattr(&theirs, OptionalActions::Now, &modes).expect("its modes");
    (File::from(ours), theirs.into())
}

/// Who sits at a terminal: reads what the program writes, and answers once when it has asked.
pub(super) struct Person {
    terminal: File,
    seen: Vec<u8>,
    answer: Option<Answer>,
}

/// What happens between question and answer, and what is answered.
pub(super) type Answer = (Option<Arc<dyn Fn() + Send + Sync>>, String);

impl Person {
    pub(super) fn new(terminal: File, answer: Option<Answer>) -> Self {
        Self { terminal, seen: Vec::new(), answer }
    }
}

impl Read for Person {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.terminal.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..read]);
        if self.seen.ends_with(b"[N]o: ")
            && let Some((meanwhile, answer)) = self.answer.take()
        {
            if let Some(meanwhile) = meanwhile {
                meanwhile();
            }
            self.terminal.write_all(answer.as_bytes())?;
        }
        Ok(read)
    }
}
