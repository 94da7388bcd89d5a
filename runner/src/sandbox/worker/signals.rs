//! Signals that end the runner. While it does its own work they do what they always do; while it waits
//! for a worker they wake it, so that it ends the worker first.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use libc::c_int;
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::{flag, low_level};

/// Those that a terminal, a supervisor or a shell sends to end a program.
pub(super) const ENDING: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

pub(super) struct Signals {
    /// Readable from the first signal on.
    pub(super) woken: OwnedFd,
    /// Whether nobody waits, so that a signal does what it always does.
    idle: Arc<AtomicBool>,
    /// The signal that came while somebody waited; 0 for none.
    caught: Arc<AtomicUsize>,
}

/// Somebody waits, until this is dropped. One wait can be part of another.
pub(crate) struct Watching {
    signals: &'static Signals,
    was_idle: bool,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.signals.idle.store(self.was_idle, Ordering::SeqCst);
    }
}

impl Signals {
    /// Those of the process, from now on.
    pub(super) fn of_process() -> io::Result<&'static Self> {
        static SIGNALS: OnceLock<Signals> = OnceLock::new();
        if let Some(signals) = SIGNALS.get() {
            return Ok(signals);
        }
        let signals = Self::install()?;
        Ok(SIGNALS.get_or_init(|| signals))
    }

    fn install() -> io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let idle = Arc::new(AtomicBool::new(true));
        let caught = Arc::new(AtomicUsize::new(0));
        for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
            flag::register_conditional_default(signal, Arc::clone(&idle))?;
            flag::register_usize(signal, Arc::clone(&caught), signal.unsigned_abs() as usize)?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        Ok(Self { woken, idle, caught })
    }

    /// From now on, signals wake who waits.
    pub(super) fn watch(&'static self) -> Watching {
        Watching { signals: self, was_idle: self.idle.swap(false, Ordering::SeqCst) }
    }

    /// The signal that has come, which ends everything from then on.
    pub(super) fn caught(&self) -> Option<c_int> {
        match self.caught.load(Ordering::SeqCst) {
            0 => None,
            signal => c_int::try_from(signal).ok(),
        }
    }
}

/// Lets a write beyond `RLIMIT_FSIZE` fail with an error. By default `SIGXFSZ` would end the runner, and leave a
/// partial file behind.
pub(crate) fn survive_file_limits() {
    extern "C" fn go_on(_: c_int) {}
    let handler = go_on as extern "C" fn(c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing. Unlike `SIG_IGN`, it is not inherited by programs that the runner starts.
    unsafe { libc::signal(libc::SIGXFSZ, handler) };
}

/// Whether whoever started the runner wants it to go on at this signal, as `nohup` does.
fn is_ignored(signal: c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action, the call only writes the old one to where it points.
    let asked = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: where the call has succeeded, it has written.
    asked == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
