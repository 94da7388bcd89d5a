//! Work on a thread: where there are no processes to fork, and in unit tests.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Channel, GRACE, Job, Left, SLOW, Stop};
use crate::sandbox::wall::WallReport;

enum Sent<T, N> {
    Note(N),
    Done(T),
}

/// Does some work on a thread of its own, without a wall, and waits for it until its time is over.
pub(crate) fn run<T: Send + 'static, N: Send + 'static>(
    job: Job<'_, N>,
    work: impl FnOnce(&Channel<N>) -> T + Send + 'static,
) -> Result<T, Left> {
    let report = WallReport::absent("the guest is no process of its own");
    (job.walled)(&report);
    if let Some(gaps) = report.gaps().filter(|_| job.wall.required) {
        return Err(Left::Stopped(Stop::Unwalled(gaps)));
    }
    let begun = Instant::now();
    let deadline = begun + job.limit + GRACE;
    let mut slow = Some(job.slow);
    let (send, receive) = mpsc::channel();
    let spawned = thread::Builder::new().name(job.name.into()).spawn(move || {
        let notes = send.clone();
        // Nobody is waiting any more where the time is over.
        let channel = Channel(Arc::new(move |note| drop(notes.send(Sent::Note(note)))));
        let _ = send.send(Sent::Done(work(&channel)));
    });
    if let Err(error) = spawned {
        return Err(Left::Failed(format!("cannot start a thread: {error}")));
    }
    loop {
        let until = if slow.is_some() { deadline.min(begun + SLOW) } else { deadline };
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Sent::Note(note)) => (job.notes)(vec![note]),
            Ok(Sent::Done(result)) => return Ok(result),
            Err(RecvTimeoutError::Timeout) if until < deadline => {
                if let Some(tell) = slow.take() {
                    tell();
                }
            }
            Err(RecvTimeoutError::Timeout) => return Err(Left::TimeOver { behind: true }),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Left::Failed(format!("the {}'s thread panicked", job.name)));
            }
        }
    }
}

/// Waits.
#[expect(clippy::unnecessary_wraps, reason = "with processes there are reasons to stop")]
pub(crate) fn pause(time: Duration) -> Result<(), Stop> {
    thread::sleep(time);
    Ok(())
}

/// There is no other process that could inherit a handle.
pub(crate) fn withhold<T>(_: &'static T) {}
