//! A worker's memory: what happens when it runs out, and how much it holds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Pid;

/// The exit code of a worker whose memory was not enough.
pub(super) const EXHAUSTED: i32 = 102;

/// Whether this process is a worker.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// From now on, this process ends silently when it runs out of memory.
pub(super) fn become_worker() {
    IS_WORKER.store(true, Ordering::Relaxed);
}

/// The system's allocator. In a worker, whose memory is limited, it ends the process when an allocation fails.
/// The supervisor then reports the reason; the standard library would print a message and a backtrace as well.
pub(crate) struct Allocator;

// SAFETY: every result is that of the system's allocator.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps what this asks for.
        checked(unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: likewise.
        checked(unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, there: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: likewise.
        checked(unsafe { System.realloc(there, layout, size) })
    }

    #[inline]
    unsafe fn dealloc(&self, there: *mut u8, layout: Layout) {
        // SAFETY: likewise.
        unsafe { System.dealloc(there, layout) };
    }
}

#[inline]
fn checked(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        exhausted();
    }
    memory
}

#[cold]
fn exhausted() {
    if IS_WORKER.load(Ordering::Relaxed) {
        // SAFETY: the call ends this process, and nothing else.
        unsafe { libc::_exit(EXHAUSTED) }
    }
}

/// How often a worker's memory is looked at.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// What an honest worker holds in addition to what `RLIMIT_DATA` counts: its first stack, and page tables.
const BESIDES: u64 = 64 * 1024 * 1024;

/// What a thread costs the kernel: a stack and its data structures.
const THREAD: u64 = 32 * 1024;

/// Whether a process holds more memory than allowed. `RLIMIT_DATA` counts only memory that is writable now. This
/// also counts memory that was made read-only after it was written, page tables, stacks and threads. Without
/// `/proc`, the answer is no.
pub(super) fn holds_more(process: Pid, allowed: u64) -> bool {
    // What is counted stands in the first kilobyte or two, and one read gives all of it.
    let mut status = [0; 4096];
    let read = File::open(format!("/proc/{}/status", process.as_raw_nonzero()))
        .and_then(|mut file| file.read(&mut status));
    read.is_ok_and(|length| held(&status[..length]) > allowed.saturating_add(BESIDES))
}

/// What counts in a `/proc/PID/status`, with its unit in bytes.
const COUNTED: [(&[u8], u64); 5] = [
    (b"RssAnon:", 1024),
    (b"RssShmem:", 1024),
    (b"VmPTE:", 1024),
    (b"VmSwap:", 1024),
    (b"Threads:", THREAD),
];

/// The memory in a `/proc/PID/status`, in bytes. It is read ten times a second, so nothing else of it is looked at.
fn held(status: &[u8]) -> u64 {
    let part = |line: &[u8]| {
        let of = |(name, unit): &(&[u8], u64)| {
            Some(number(line.strip_prefix(*name)?).saturating_mul(*unit))
        };
        COUNTED.iter().find_map(of)
    };
    status.split(|byte| *byte == b'\n').filter_map(part).sum()
}

/// The first number of a text.
fn number(text: &[u8]) -> u64 {
    let digits = text.iter().skip_while(|byte| !byte.is_ascii_digit());
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_process_holds_is_summed_up() {
        let status = "Name:\tRssAnon: 7\nVmRSS:\t  900 kB\nRssAnon:\t  100 kB\nRssFile:\t  700 kB\n\
                      RssShmem:\t   20 kB\nVmPTE:\t    3 kB\nVmSwap:\t    1 kB\nThreads:\t2\n";
        assert_eq!(held(status.as_bytes()), 124 * 1024 + 2 * THREAD);
    }
}
