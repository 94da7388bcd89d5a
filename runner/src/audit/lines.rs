//! The file of `--audit`: one line of JSON for each decision.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Subject, Tried, VERSION, timestamp};

/// One line of `--audit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Line<'a> {
    pub(crate) version: u32,
    /// RFC 3339, in UTC, with milliseconds.
    pub(crate) time: String,
    pub(crate) command: Cow<'a, str>,
    /// SHA-256 of the plugin, in hexadecimal.
    pub(crate) digest: Cow<'a, str>,
    pub(crate) workspace: Cow<'a, Path>,
    #[serde(flatten)]
    pub(crate) decision: Cow<'a, Tried>,
}

/// Writes the lines of one invocation.
pub(super) struct Lines {
    path: PathBuf,
    file: &'static File,
    /// Whether it is a file, in which lines may come together: they do not mix with those of other
    /// invocations. A pipe takes no more than a line in one piece.
    is_file: bool,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// The first fault of writing.
    failed: Option<io::Error>,
}

impl Lines {
    pub(super) fn new(path: PathBuf, file: &'static File) -> Self {
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Self { path, file, is_file, waiting: Vec::new(), failed: None }
    }

    /// Adds a line. [`Lines::write`] must follow before anything else is waited for.
    pub(super) fn add(&mut self, subject: &Subject, tried: &Tried) {
        let line = Line {
            version: VERSION,
            time: timestamp(SystemTime::now()),
            command: Cow::Borrowed(&subject.command),
            digest: Cow::Borrowed(&subject.digest),
            workspace: Cow::Borrowed(&subject.workspace),
            decision: Cow::Borrowed(tried),
        };
        let begun = self.waiting.len();
        match serde_json::to_writer(&mut self.waiting, &line) {
            Ok(()) => self.waiting.push(b'\n'),
            Err(error) => {
                self.waiting.truncate(begun);
                self.failed.get_or_insert(error.into());
            }
        }
        if !self.is_file {
            self.write();
        }
    }

    /// Writes what was added, in one piece.
    pub(super) fn write(&mut self) {
        if let Err(error) = self.file.write_all(&self.waiting) {
            self.failed.get_or_insert(error);
        }
        self.waiting.clear();
    }

    /// What went wrong first, with the file's path.
    pub(super) fn take_fault(&mut self) -> Option<(PathBuf, io::Error)> {
        self.failed.take().map(|error| (self.path.clone(), error))
    }
}

/// Opens the file of `--audit` to write at its end; one that is made is its owner's alone.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A FIFO that nobody reads is refused, and not waited for.
        options.mode(0o600).custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::audit::{Ledger, Secrets};
    use crate::permission::{Decision, Operation};

    /// Takes down three decisions that came together.
    fn record(file: File) {
        let subject = Subject {
            command: "x".into(),
            plugin_version: "1.0.0".into(),
            digest: String::new(),
            source: String::new(),
            workspace: "/ws".into(),
        };
        let file: &'static File = Box::leak(Box::new(file));
        let mut ledger = Ledger::new(Some(("audit".into(), file)), subject, Secrets::default());
        let decision = |name: &str| Decision {
            operation: Operation::Read,
            target: format!("/ws/{name}"),
            allowed: true,
            rule: "a test".into(),
        };
        ledger.record(["a", "b", "c"].map(decision).into());
        ledger.check().expect("all of it is written");
    }

    fn targets(text: &str) -> Vec<String> {
        let line = |line| serde_json::from_str::<Line<'_>>(line).expect("a line");
        text.lines().map(|text| line(text).decision.into_owned().target).collect()
    }

    #[test]
    fn lines_come_in_order_and_behind_what_is_there() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("audit");
        for _ in 0..2 {
            record(open(&path).expect("it can be opened"));
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(targets(&text), ["/ws/a", "/ws/b", "/ws/c", "/ws/a", "/ws/b", "/ws/c"]);
    }

    #[test]
    fn what_is_no_file_gets_a_line_at_a_time() {
        // A socket whose messages stay apart stands for a pipe, whose reader cannot tell.
        let (writer, reader) = UnixDatagram::pair().expect("a socket");
        record(File::from(OwnedFd::from(writer)));
        for target in ["/ws/a", "/ws/b", "/ws/c"] {
            let mut message = [0; 1024];
            let length = reader.recv(&mut message).expect("a line");
            let text = str::from_utf8(&message[..length]).expect("text");
            assert_eq!(targets(text), [target]);
        }
    }
}
