//! Work in a process of its own.

use std::io::{self, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{self, Frame};
use super::listener::{self, Listener};
use super::signals::{ENDING, Signals, Watching};
use super::{Alarm, Channel, GRACE, Job, Left, PIPE, SLOW, Stop, descriptors, memory};

/// Does some work in a process of its own, behind its wall, and waits for it.
pub(crate) fn run<T, N>(
    job: Job<'_, N>,
    work: impl FnOnce(&Channel<N>, &Alarm) -> T + Send + 'static,
) -> Result<T, Left>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    N: Serialize + DeserializeOwned + Send + 'static,
{
    let failed = |error: io::Error| Left::Failed(format!("cannot start a process: {error}"));
    let name = job.name;
    let begun = Instant::now();
    let signals = Signals::of_process().map_err(failed)?;
    let watching = signals.watch();
    // What the two have in common is written before there are two.
    let _ = io::stdout().flush();
    let (reader, writer) = io::pipe().map_err(failed)?;
    close_way_to(&reader);
    let parent = rustix::process::getpid();
    let over = begun + job.limit;
    let Some(child) = fork().map_err(failed)? else { work_alone(parent, writer, &job, over, work) };
    drop(writer);
    let supervisor = Supervisor {
        signals,
        reader: &reader,
        may_run_ahead: job.may_run_ahead,
        child,
        memory: job.wall.memory,
        slow: begun + SLOW,
        over,
    };
    let mut listener = Listener::new(job.walled, job.wall.required, job.notes);
    let left = supervisor.wait(job.slow, &mut listener);
    // It has ended already, or shall: nothing of it stays.
    let _ = kill_process(child, Signal::KILL);
    let status = reap(child).map_err(failed)?;
    if matches!(left, Err(Gone::Left(_))) {
        listener.hear_out::<T>(&reader);
    }
    drop(watching);
    match (signals.caught(), left) {
        (Some(signal), _) => Err(Left::Stopped(Stop::Signal(signal))),
        (None, Err(Gone::Left(left))) => Err(left),
        (None, Err(Gone::Ended)) => Err(cause(name, status)),
        (None, Ok(result)) => Ok(result),
    }
}

/// Leaves something to the end of the worker's process, which is near and takes all of it at once.
pub(crate) fn leave<T>(left: T) {
    std::mem::forget(left);
}

/// From now on a signal does no more than to end each wait, until this is dropped: for who has something that must
/// not stay. Where that cannot be, signals do what they always do.
pub(crate) fn hold_signals() -> Option<Watching> {
    Signals::of_process().ok().map(Signals::watch)
}

/// Waits, unless everything is to stop.
pub(crate) fn pause(time: Duration) -> Result<(), Stop> {
    let until = Instant::now() + time;
    let Ok(signals) = Signals::of_process() else {
        std::thread::sleep(time);
        return Ok(());
    };
    let watching = signals.watch();
    while stopped().is_none() && Instant::now() < until {
        // It wakes for the same reasons for which it looks again.
        let _ = poll_until(&mut [watched(signals), closing(&io::stdout())], until);
    }
    drop(watching);
    stopped().map_or(Ok(()), Err)
}

/// Why everything is to stop, if it is.
fn stopped() -> Option<Stop> {
    if let Some(signal) = Signals::of_process().ok().and_then(Signals::caught) {
        return Some(Stop::Signal(signal));
    }
    let stdout = io::stdout();
    let mut polled = [closing(&stdout)];
    let closed = poll(&mut polled, Some(&Timespec::default())).is_ok() && is_closed(&polled[0]);
    closed.then_some(Stop::OutputClosed)
}

/// Keeps a worker from reopening its pipe through `/proc/self/fd`, which would let it read back what it has
/// sent. Landlock does not restrict pipes, but their mode does.
fn close_way_to(pipe: &io::PipeReader) {
    // A system where pipes have no mode has no such path.
    let _ = rustix::fs::fchmod(pipe, rustix::fs::Mode::empty());
}

/// Makes a second process of this one. `None` is the answer to the new one.
fn fork() -> io::Result<Option<Pid>> {
    if let Some(threads) = threads().filter(|threads| *threads != 1) {
        return Err(io::Error::other(format!("there are {threads} threads, and one is allowed")));
    }
    // SAFETY: this process has one thread, which is here. So no other one holds a lock, or has left
    // memory in disorder, that the new process, which has just the caller's thread, would need.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// How many threads this process has, where that can be known: this directory has one for each. A system that does
/// not count the links of its directories says nothing of it, since there is always one thread.
fn threads() -> Option<u64> {
    let directory = rustix::fs::stat("/proc/self/task").ok()?;
    #[expect(clippy::useless_conversion, reason = "elsewhere it is a shorter number")]
    u64::from(directory.st_nlink).checked_sub(2).filter(|threads| *threads > 0)
}

/// The worker's own: the runner rings it by a signal.
static ALARM: Alarm = Alarm::new();

/// When it is to ring.
static DUE: OnceLock<Instant> = OnceLock::new();

/// Lets the signal ring the alarm, if it is time: another process can send it earlier. What the guest's code
/// waits for is not interrupted by it.
fn hear_alarm(over: Instant) -> io::Result<()> {
    extern "C" fn ring(_: libc::c_int) {
        if DUE.get().is_some_and(|due| Instant::now() >= *due) {
            ALARM.ring();
        }
    }
    // There is one worker to a process.
    let _ = DUE.set(over);
    // SAFETY: all zeros is a valid value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ring as extern "C" fn(libc::c_int) as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the handler asks for the time and sets atomic numbers, as `Alarm::listen` asks of its listener.
    match unsafe { libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What the new process does, from its first breath to its last.
fn work_alone<T: Serialize, N: Serialize + 'static>(
    parent: Pid,
    writer: PipeWriter,
    job: &Job<'_, N>,
    over: Instant,
    work: impl FnOnce(&Channel<N>, &Alarm) -> T,
) -> ! {
    let wall = &job.wall;
    let mut kept = wall.descriptors();
    kept.extend(job.files.iter().map(|file| file.as_raw_fd()));
    kept.push(writer.as_raw_fd());
    // It stays open until the very end, so that the runner sees no end before there is one.
    let pipe = Arc::new(Mutex::new(writer));
    // A panic has been told of by the hook; nothing that could be in disorder is used afterwards.
    let done = panic::catch_unwind(AssertUnwindSafe(|| {
        memory::become_worker();
        // The signals are ignored first: their handlers would write to a descriptor that another file has by then.
        let begun = leave_ending_to(parent)
            .and_then(|()| hear_alarm(over))
            .and_then(|()| if job.streams { Ok(()) } else { descriptors::close_streams() })
            .and_then(|()| descriptors::close_all_but(kept));
        if begun.is_err() {
            return;
        }
        // Where the C library is linked statically, this is done by a file, which could not be opened later.
        let _ = getrandom::fill(&mut [0]);
        let report = wall.raise();
        let stands = report.gaps().is_none();
        send(&pipe, &Frame::<(), ()>::Walled(report));
        if wall.required && !stands {
            return;
        }
        let notes = Arc::clone(&pipe);
        let channel = Channel(Arc::new(move |note: N| send(&notes, &Frame::<(), N>::Note(note))));
        let result = work(&channel, &ALARM);
        send(&pipe, &Frame::<T, ()>::Done(result));
    }));
    // SAFETY: the call ends this process, and nothing else. What `exit` would do besides (writing out
    // buffers, running destructors) is the other process's.
    unsafe { libc::_exit(if done.is_ok() { 0 } else { 101 }) }
}

/// The runner decides when this process ends, and no signal but its own; and this process does not
/// outlive it.
fn leave_ending_to(parent: Pid) -> io::Result<()> {
    for signal in ENDING.into_iter().chain([libc::SIGXFSZ]) {
        // SAFETY: it installs no handler, so that no code runs at a signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have gone in the meantime.
    if rustix::process::getppid() == Some(parent) {
        Ok(())
    } else {
        Err(io::Error::other("the runner has gone"))
    }
}

fn send<T: Serialize, N: Serialize>(pipe: &Mutex<PipeWriter>, frame: &Frame<T, N>) {
    // Where the runner has gone, this process soon goes as well.
    let _ = frame::write(&mut *pipe.lock().unwrap_or_else(PoisonError::into_inner), frame);
}

/// How long the runner rests from a worker that tells much.
const REST: Duration = Duration::from_millis(1);

/// Waits for one worker.
struct Supervisor<'a> {
    signals: &'static Signals,
    reader: &'a io::PipeReader,
    may_run_ahead: bool,
    child: Pid,
    /// The bytes of memory that it may hold.
    memory: u64,
    slow: Instant,
    /// When the alarm rings.
    over: Instant,
}

/// What is still to be done at its time.
struct Due<'a> {
    slow: Option<&'a mut dyn FnMut()>,
    alarm: bool,
    /// When its memory is looked at.
    look: Instant,
}

/// Why there is no result.
enum Gone {
    Left(Left),
    /// The worker has closed its end of the pipe: how it ended tells why.
    Ended,
}

impl From<Left> for Gone {
    fn from(left: Left) -> Self {
        Self::Left(left)
    }
}

impl Supervisor<'_> {
    fn wait<T: DeserializeOwned, N: DeserializeOwned>(
        &self,
        slow: &mut dyn FnMut(),
        listener: &mut Listener<'_, N>,
    ) -> Result<T, Gone> {
        let mut buffer = vec![0; PIPE];
        let look = Instant::now() + memory::EVERY;
        let mut due = Due { slow: Some(slow), alarm: true, look };
        let mut is_large = false;
        loop {
            let arrived = self.arrived(&mut due, &mut buffer)?;
            if let Some(result) = listener.hear(&buffer[..arrived])? {
                return Ok(result);
            }
            if listener.hears_much() {
                if self.may_run_ahead && !is_large {
                    listener::enlarge(self.reader);
                    is_large = true;
                }
                // What is said meanwhile waits in the pipe, and is safe there from the worker's end. A
                // signal, or a reader that goes away, is not waited with.
                let stdout = io::stdout();
                let _ = poll_until(
                    &mut [watched(self.signals), closing(&stdout)],
                    Instant::now() + REST,
                );
            }
        }
    }

    /// Does what is due by now, and says when something is due next.
    fn on_time(&self, due: &mut Due<'_>) -> Result<Instant, Gone> {
        let now = Instant::now();
        let deadline = self.over + GRACE;
        if now >= deadline {
            return Err(Left::TimeOver { behind: false }.into());
        }
        if let Some(tell) = due.slow.take_if(|_| now >= self.slow) {
            tell();
        }
        if due.alarm && now >= self.over {
            due.alarm = false;
            // If it has ended, that is seen at once.
            let _ = kill_process(self.child, Signal::ALARM);
        }
        if now >= due.look {
            if memory::holds_more(self.child, self.memory) {
                return Err(Left::Exhausted.into());
            }
            due.look = now + memory::EVERY;
        }
        let slow = if due.slow.is_some() { self.slow } else { deadline };
        Ok(slow.min(if due.alarm { self.over } else { deadline }).min(due.look))
    }

    /// Waits until there are bytes from the worker, or a reason to wait no longer.
    fn arrived(&self, due: &mut Due<'_>, buffer: &mut [u8]) -> Result<usize, Gone> {
        let stdout = io::stdout();
        loop {
            let until = self.on_time(due)?;
            let pipe = PollFd::new(self.reader, PollFlags::IN);
            let mut polled = [pipe, watched(self.signals), closing(&stdout)];
            poll_until(&mut polled, until)
                .map_err(|error| Left::Failed(format!("cannot wait for the worker: {error}")))?;
            if let Some(signal) = self.signals.caught() {
                return Err(Left::Stopped(Stop::Signal(signal)).into());
            }
            if !polled[1].revents().is_empty() {
                // A signal to the worker, which has come before that ignored it.
                let _ = rustix::io::read(&self.signals.woken, &mut [0; 16]);
            }
            if !polled[0].revents().is_empty() {
                match rustix::io::read(self.reader, &mut *buffer) {
                    Ok(0) => return Err(Gone::Ended),
                    Ok(bytes) => return Ok(bytes),
                    Err(Errno::INTR) => {}
                    Err(error) => {
                        return Err(Left::Failed(format!("cannot hear the worker: {error}")).into());
                    }
                }
            } else if is_closed(&polled[2]) {
                return Err(Left::Stopped(Stop::OutputClosed).into());
            }
        }
    }
}

fn watched(signals: &Signals) -> PollFd<'_> {
    PollFd::new(&signals.woken, PollFlags::IN)
}

/// Asks of an output only whether its reader has gone.
fn closing(output: &impl AsFd) -> PollFd<'_> {
    PollFd::new(output, PollFlags::empty())
}

fn is_closed(output: &PollFd<'_>) -> bool {
    output.revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Polls, but not beyond a moment. A signal ends it early.
fn poll_until(polled: &mut [PollFd<'_>], until: Instant) -> Result<(), Errno> {
    let left = until.saturating_duration_since(Instant::now());
    // A time that does not fit is as good as for ever.
    let timeout = Timespec::try_from(left).ok();
    match poll(polled, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}

fn reap(child: Pid) -> io::Result<WaitStatus> {
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Why a worker has ended without a result.
fn cause(name: &str, status: WaitStatus) -> Left {
    if status.exit_status() == Some(memory::EXHAUSTED) {
        return Left::Exhausted;
    }
    match status.terminating_signal() {
        Some(libc::SIGSYS) => Left::Breach,
        Some(signal) => Left::Died(signal),
        None => Left::Failed(format!("the {name}'s process gave no result")),
    }
}
