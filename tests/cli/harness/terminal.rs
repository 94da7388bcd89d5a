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

/// Columns and rows of a terminal for which the test says nothing else.
pub(super) const USUAL: (u16, u16) = (120, 24);

/// Opens a terminal of so many columns and rows: our side and the program's.
pub(super) fn open((columns, rows): (u16, u16)) -> (File, OwnedFd) {
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
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&theirs, size).expect("its size");
    // Line ends arrive as they were written.
    let mut modes = tcgetattr(&theirs).expect("its modes");
    modes.output_modes.remove(OutputModes::OPOST);
    tcsetattr(&theirs, OptionalActions::Now, &modes).expect("its modes");
    (File::from(ours), theirs.into())
}

/// Who sits at a terminal: reads what the program writes, and answers each time when it has asked, until there
/// is no answer left.
pub(super) struct Person {
    terminal: File,
    seen: Vec<u8>,
    answers: std::vec::IntoIter<String>,
    meanwhile: Option<Meanwhile>,
}

/// What happens between question and answer.
pub(super) type Meanwhile = Arc<dyn Fn() + Send + Sync>;

impl Person {
    pub(super) fn new(terminal: File, answers: Vec<String>, meanwhile: Option<Meanwhile>) -> Self {
        Self { terminal, seen: Vec::new(), answers: answers.into_iter(), meanwhile }
    }
}

impl Read for Person {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.terminal.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..read]);
        if self.seen.ends_with(b"[N]o: ")
            && let Some(answer) = self.answers.next()
        {
            if let Some(meanwhile) = self.meanwhile.take() {
                meanwhile();
            }
            self.terminal.write_all(answer.as_bytes())?;
        }
        Ok(read)
    }
}
