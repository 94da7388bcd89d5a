//! Standard output into a pipe: what comes fast goes out together.
//!
//! Most of what guests are made with hands over 4 KiB at a time, and each write into a pipe wakes its
//! reader. So where many writes follow at each other's heels, they are kept until there are as many bytes
//! as a pipe holds, or until a thread finds them, which looks every [`TICK`]. Other writes, such as a
//! question that waits for an answer, go out at once; and where few are written, there is no thread.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What a pipe holds.
const ROOM: usize = 64 * 1024;

/// A write is fast when the one before has ended no longer ago.
const FAST: Duration = Duration::from_micros(20);

/// How many fast writes go out before the first is kept: a thread costs as much as some.
const MANY: u32 = 64;

/// How long bytes are kept at most.
const TICK: Duration = Duration::from_millis(1);

/// For how many ticks nothing is kept until the thread ends.
const PATIENCE: u32 = 100;

/// A pipe. Clones write to the same one.
pub(super) struct Bundle<W>(Arc<Mutex<State<W>>>);

struct State<W> {
    pipe: W,
    kept: Vec<u8>,
    /// When the last write into the pipe has ended.
    ended: Option<Instant>,
    /// How many writes were fast, one after the other.
    fast: u32,
    /// Whether there is a thread that looks.
    is_watched: bool,
    /// What befell the thread: the next to write hears of it.
    failed: Option<io::Error>,
}

impl<W> Clone for Bundle<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Bundle<W> {
    pub(super) fn new(pipe: W) -> Self {
        let (kept, ended, failed) = (Vec::new(), None, None);
        let state = State { pipe, kept, ended, fast: 0, is_watched: false, failed };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Lets what was written go ahead of what somebody will write elsewhere.
    pub(super) fn go_ahead(&self) {
        self.lock().write_kept();
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that nothing is kept for long: whether that could be arranged.
    fn watch(&self, state: &mut State<W>) -> bool {
        if !state.is_watched {
            let bundle = self.clone();
            let thread = thread::Builder::new().name("output".into());
            state.is_watched = thread.spawn(move || bundle.look()).is_ok();
        }
        state.is_watched
    }

    fn look(&self) {
        let mut idle = 0;
        while idle < PATIENCE {
            thread::park_timeout(TICK);
            let mut state = self.lock();
            idle = if state.kept.is_empty() { idle + 1 } else { 0 };
            state.write_kept();
            if idle == PATIENCE {
                state.is_watched = false;
            }
        }
    }
}

impl<W: Write> State<W> {
    fn write_kept(&mut self) {
        if !self.kept.is_empty() {
            self.failed = self.pipe.write_all(&self.kept).err();
            self.kept.clear();
            self.ended = Some(Instant::now());
        }
    }

    fn told(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl<W: Write + Send + 'static> Write for Bundle<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.kept.len() + bytes.len() > ROOM {
            state.write_kept();
        }
        state.told()?;
        if state.kept.is_empty() {
            let is_fast = state.ended.is_some_and(|ended| ended.elapsed() < FAST);
            state.fast = if is_fast { state.fast.saturating_add(1) } else { 0 };
        }
        let is_kept = bytes.len() < ROOM && state.fast >= MANY && self.watch(&mut state);
        if is_kept {
            state.kept.extend_from_slice(bytes);
        } else {
            state.pipe.write_all(bytes)?;
            state.ended = Some(Instant::now());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.lock();
        state.write_kept();
        state.told()?;
        state.pipe.flush()
    }
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
