//! A call that has ended, and what can be said of it.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::project::Project;

/// A call that has ended, as its test said it would.
pub(crate) struct Ended<'a> {
    pub(super) project: &'a Project,
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    pub(super) elapsed: Duration,
    pub(super) processor: Duration,
    pub(super) memory: u64,
}

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\n--- standard output\n{:.4000}\n--- standard error\n{:.4000}",
            self.stdout(),
            self.stderr()
        )
    }
}

impl Ended<'_> {
    /// Whether the runner itself has made a mistake, and says so; a guest's panic is none.
    pub(super) fn has_panicked(&self) -> bool {
        let told = "this is a mistake in taskrunner itself";
        [&self.stdout, &self.stderr].iter().any(|text| String::from_utf8_lossy(text).contains(told))
    }

    /// Its exit code, where it could be one of several.
    pub(crate) fn code(&self) -> i32 {
        self.code.expect("it has one, as its test said")
    }

    /// Its standard output as it is.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Its standard error as it is.
    pub(crate) fn error_bytes(&self) -> &[u8] {
        &self.stderr
    }

    /// Its standard output, with what differs from run to run replaced.
    pub(crate) fn stdout(&self) -> String {
        self.project.masked(&String::from_utf8_lossy(&self.stdout))
    }

    /// Its standard error, with what differs from run to run replaced.
    pub(crate) fn stderr(&self) -> String {
        self.project.masked(&String::from_utf8_lossy(&self.stderr))
    }

    /// Its standard output is exactly this.
    #[track_caller]
    pub(crate) fn prints(self, stdout: &str) -> Self {
        assert_eq!(self.stdout(), stdout, "{self}");
        self
    }

    /// Its standard error is exactly this.
    #[track_caller]
    pub(crate) fn reports(self, stderr: &str) -> Self {
        assert_eq!(self.stderr(), stderr, "{self}");
        self
    }

    /// It writes nothing to standard error.
    #[track_caller]
    pub(crate) fn quietly(self) -> Self {
        self.reports("")
    }

    /// Its standard output holds this.
    #[track_caller]
    pub(crate) fn printing(self, part: &str) -> Self {
        assert!(self.stdout().contains(part), "no `{part}` in {self}");
        self
    }

    /// Its standard error holds this.
    #[track_caller]
    pub(crate) fn reporting(self, part: &str) -> Self {
        assert!(self.stderr().contains(part), "no `{part}` in {self}");
        self
    }

    /// Neither of its outputs holds this.
    #[track_caller]
    pub(crate) fn without(self, part: &str) -> Self {
        assert!(
            !self.stdout().contains(part) && !self.stderr().contains(part),
            "`{part}` in {self}"
        );
        self
    }

    /// The workspace then holds just these files, beside the plugins.
    #[track_caller]
    pub(crate) fn leaving(self, files: &[&str]) -> Self {
        assert_eq!(self.project.files(), files, "{self}");
        self
    }

    /// It took no longer.
    #[track_caller]
    pub(crate) fn in_time(self, limit: Duration) -> Self {
        assert!(self.elapsed < limit, "it took {:?}: {self}", self.elapsed);
        self
    }

    /// It took at least so long.
    #[track_caller]
    pub(crate) fn after(self, least: Duration) -> Self {
        assert!(self.elapsed >= least, "it took {:?}: {self}", self.elapsed);
        self
    }

    /// It took no more of a processor's time: what it takes by the clock depends on what else runs.
    #[track_caller]
    pub(crate) fn in_processor_time(self, limit: Duration) -> Self {
        assert!(self.processor < limit, "it took {:?}: {self}", self.processor);
        self
    }

    /// It never held more memory, in bytes.
    #[track_caller]
    pub(crate) fn in_memory(self, limit: u64) -> Self {
        assert!(self.memory < limit, "it held {} bytes: {self}", self.memory);
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The lines of its standard error as JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let text = self.stderr();
        text.lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }
}
