//! The file of `--audit`: one line of JSON for each decision, with what came of it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::reserve::Reserve;
use super::{Subject, Tried, VERSION, timestamp};
use crate::permission::Unrecorded;
use crate::text::escaped_json;

/// One line of `--audit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Line<'a> {
    pub(crate) version: u32,
    /// RFC 3339, in UTC, with milliseconds: when it was decided.
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
    pub(super) path: PathBuf,
    file: &'static File,
    /// Whether it is a file, in which lines may come together: they do not mix with those of other
    /// invocations. A pipe takes no more than a line in one piece.
    is_file: bool,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// How many bytes were written, and may be.
    written: u64,
    limit: u64,
    reserve: Reserve,
    /// Why nothing more is written, or why nothing more may happen.
    failed: Option<Unrecorded>,
    /// Whether a line could not be written: then no later one is, so that none is missing in between.
    is_broken: bool,
}

impl Lines {
    /// Lines that take up to `limit` bytes. Where the file system has no room for what may be decided until
    /// that is noticed, this fails.
    pub(super) fn new(
        path: PathBuf,
        file: &'static File,
        limit: u64,
        subject: &Subject,
    ) -> io::Result<Self> {
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let reserve =
            if is_file { Reserve::begin(file, &subject.workspace)? } else { Reserve::none() };
        Ok(Self {
            path,
            file,
            is_file,
            waiting: Vec::new(),
            written: 0,
            limit,
            reserve,
            failed: None,
            is_broken: false,
        })
    }

    /// Whether the worker may be far ahead of what is written.
    pub(super) fn has_ample_room(&self) -> bool {
        self.reserve.is_ample()
    }

    /// Adds a line. [`Lines::write`] must follow before anything else is waited for.
    pub(super) fn add(&mut self, subject: &Subject, time: SystemTime, tried: &Tried) {
        let line = Line {
            version: VERSION,
            time: timestamp(time),
            command: Cow::Borrowed(&subject.command),
            digest: Cow::Borrowed(&subject.digest),
            workspace: Cow::Borrowed(&subject.workspace),
            decision: Cow::Borrowed(tried),
        };
        match serde_json::to_string(&line) {
            // The record can be a stream that a terminal shows or a CI system obeys.
            Ok(text) => self.waiting.extend_from_slice((escaped_json(text) + "\n").as_bytes()),
            Err(error) => self.fail(&error.into()),
        }
        if !self.is_file {
            self.flush();
        }
    }

    /// Writes what was added, in one piece. `undecided` is how many bytes the lines will take whose
    /// decisions were made and have no result yet.
    ///
    /// # Errors
    ///
    /// Something could not be written, now or before; there is no room for more; or the limit is reached.
    /// What was decided before that is known is written nevertheless.
    pub(super) fn write(&mut self, undecided: u64) -> Result<(), Unrecorded> {
        self.flush();
        if self.failed.is_none() {
            if self.written > self.limit {
                self.failed = Some(Unrecorded::Limit(self.limit));
            } else if let Err(error) = self.reserve.keep(self.file, undecided) {
                self.failed = Some(Unrecorded::Failed(error.to_string()));
            }
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Gives back the room that was kept for lines that did not come.
    pub(super) fn end(&mut self) {
        self.reserve.end(self.file);
    }

    fn flush(&mut self) {
        let lines = std::mem::take(&mut self.waiting);
        if lines.is_empty() || self.is_broken {
            return;
        }
        match self.write_all(&lines) {
            Ok(()) => self.written = self.written.saturating_add(lines.len() as u64),
            Err(error) => {
                self.fail(&error);
                self.is_broken = true;
            }
        }
        self.waiting = lines;
        self.waiting.clear();
    }

    fn fail(&mut self, error: &io::Error) {
        self.failed = Some(Unrecorded::Failed(error.to_string()));
    }

    /// Writes all of it, or whole lines of it.
    fn write_all(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < lines.len() {
            match self.file.write(&lines[written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    super::reserve::wait_for_reader(self.file)?;
                }
                Err(error) => {
                    let whole = lines[..written].iter().rposition(|byte| *byte == b'\n');
                    let cut = written - whole.map_or(0, |at| at + 1);
                    if self.is_file && cut > 0 {
                        super::reserve::take_back(self.file, cut as u64);
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::audit::{Ledger, Secrets};
    use crate::permission::{AccessResult, Answered, Decision, Operation, RecordEvent};

    fn subject() -> Subject {
        Subject {
            command: "x".into(),
            plugin_version: "1.0.0".into(),
            digest: String::new(),
            source: String::new(),
            workspace: "/ws".into(),
        }
    }

    fn ledger(file: File, limit: u64) -> Ledger {
        let file: &'static File = Box::leak(Box::new(file));
        let lines = Lines::new("audit".into(), file, limit, &subject()).expect("there is room");
        Ledger::new(Some(lines), subject(), Secrets::default())
    }

    fn decided(name: &str) -> RecordEvent {
        RecordEvent::Decided(Decision {
            operation: Operation::Read,
            target: format!("/ws/{name}"),
            allowed: true,
            rule: "a test".into(),
            answered: Answered::Now(AccessResult::Ok.into()),
        })
    }

    /// Takes down three decisions that came together.
    fn record(file: File) {
        let mut ledger = ledger(file, u64::MAX);
        ledger.record(["a", "b", "c"].map(decided).into()).expect("all of it is written");
    }

    fn targets(text: &str) -> Vec<String> {
        let line = |line| serde_json::from_str::<Line<'_>>(line).expect("a line");
        text.lines().map(|text| line(text).decision.into_owned().target).collect()
    }

    fn open(path: &Path) -> File {
        File::options().append(true).create(true).open(path).expect("it can be opened")
    }

    #[test]
    fn lines_come_in_order_and_behind_what_is_there() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("audit");
        for _ in 0..2 {
            record(open(&path));
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

    #[test]
    fn the_limit_ends_the_run_after_the_line_that_passes_it() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("audit");
        let mut ledger = ledger(open(&path), 300);
        assert_eq!(ledger.record(vec![decided("a")]), Ok(()));
        assert_eq!(ledger.record(vec![decided("b")]), Err(Unrecorded::Limit(300)));
        // What was decided before that was known is still recorded.
        assert_eq!(ledger.record(vec![decided("c")]), Err(Unrecorded::Limit(300)));
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(targets(&text), ["/ws/a", "/ws/b", "/ws/c"]);
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_run() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut ledger = ledger(File::from(OwnedFd::from(writer)), u64::MAX);
        assert_eq!(ledger.record(vec![decided("a")]), Ok(()));
        drop(reader);
        let ended = ledger.record(vec![decided("b")]);
        assert!(matches!(ended, Err(Unrecorded::Failed(_))), "{ended:?}");
    }

    #[test]
    fn the_room_that_was_kept_is_given_back() {
        use std::os::unix::fs::MetadataExt;

        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("audit");
        let mut ledger = ledger(open(&path), u64::MAX);
        ledger.record(vec![decided("a")]).expect("written");
        ledger.end();
        let metadata = path.metadata().expect("a file");
        assert!(metadata.blocks() * 512 < 64 * 1024, "{} blocks", metadata.blocks());
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(targets(&text), ["/ws/a"]);
    }
}
