//! Work on a thread: where there are no processes to fork, and in unit tests.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Alarm, Channel, GRACE, Job, Left, SLOW, Stop};
use crate::sandbox::wall::WallReport;

enum Sent<T, N> {
    Note(N),
    Done(T),
}

/// Does some work on a thread of its own, without a wall, and waits for it until its time is over.
pub(crate) fn run<T: Send + 'static, N: Send + 'static>(
    job: Job<'_, N>,
    work: impl FnOnce(&Channel<N>, &Alarm) -> T + Send + 'static,
) -> Result<T, Left> {
    let report = WallReport::absent("the guest is no process of its own");
    (job.walled)(&report);
    if let Some(gaps) = report.gaps().filter(|_| job.wall.required) {
        return Err(Left::Stopped(Stop::Unwalled(gaps)));
    }
    let begun = Instant::now();
    let over = begun + job.limit;
    let deadline = over + GRACE;
    let mut slow = Some(job.slow);
    let alarm = Arc::new(Alarm::new());
    let its_alarm = Arc::clone(&alarm);
    let mut alarm = Some(alarm);
    let (send, receive) = mpsc::channel();
    let spawned = thread::Builder::new().name(job.name.into()).spawn(move || {
        let notes = send.clone();
        // Nobody is waiting any more where the time is over.
        let channel = Channel(Arc::new(move |note| drop(notes.send(Sent::Note(note)))));
        let _ = send.send(Sent::Done(work(&channel, &its_alarm)));
    });
    if let Err(error) = spawned {
        return Err(Left::Failed(format!("cannot start a thread: {error}")));
    }
    loop {
        let now = Instant::now();
        if let Some(tell) = slow.take_if(|_| now >= begun + SLOW) {
            tell();
        }
        if let Some(alarm) = alarm.take_if(|_| now >= over) {
            alarm.ring();
        }
        let slow = slow.as_ref().map_or(deadline, |_| begun + SLOW);
        let until = alarm.as_ref().map_or(deadline, |_| over).min(slow);
        match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Sent::Note(note)) => (job.notes)(vec![note]).map_err(Left::Stopped)?,
            Ok(Sent::Done(result)) => return Ok(result),
            Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(RecvTimeoutError::Timeout) => return Err(Left::TimeOver { behind: true }),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Left::Failed(format!("the {}'s thread panicked", job.name)));
            }
        }
    }
}

/// Ends something, since nothing else does.
pub(crate) fn leave<T>(left: T) {
    drop(left);
}

/// Nothing is held.
pub(crate) struct NotHeld;

/// Signals end the process, as always.
pub(crate) fn hold_signals() -> NotHeld {
    NotHeld
}

/// Waits.
#[expect(clippy::unnecessary_wraps, reason = "with processes there are reasons to stop")]
pub(crate) fn pause(time: Duration) -> Result<(), Stop> {
    thread::sleep(time);
    Ok(())
}

/// There is no such signal here; and a test's process is not the runner's.
pub(crate) fn survive_file_limits() {}
