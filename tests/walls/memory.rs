//! Memory that the limits of the system do not count by themselves.

use std::io;
use std::time::{Duration, Instant};

use crate::sandbox::wall::Network;
use crate::sandbox::worker::Left;
use crate::world::World;

pub(crate) fn memory_that_rlimits_miss_counts() {
    let ended = |hoard: fn()| {
        let begun = Instant::now();
        let ended = World::new().behind(Network::None, move || {
            hoard();
            std::thread::sleep(Duration::from_secs(20));
        });
        assert!(matches!(ended, Err(Left::Exhausted)), "{ended:?}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    };
    // What was written, and is only read from then on.
    ended(|| {
        for _ in 0..10 {
            let memory = new_memory(64 << 20, libc::PROT_READ | libc::PROT_WRITE);
            // SAFETY: it is as long as that.
            unsafe { std::ptr::write_bytes(memory, 1, 64 << 20) };
            // SAFETY: likewise.
            assert_eq!(unsafe { libc::mprotect(memory.cast(), 64 << 20, libc::PROT_READ) }, 0);
        }
    });
    // The tables that say where memory is.
    ended(|| {
        let memory = new_memory(512 << 30, libc::PROT_READ);
        for at in (0..512 << 30).step_by(2 << 20) {
            // SAFETY: it is as long as that.
            unsafe { std::ptr::read_volatile(memory.wrapping_add(at)) };
        }
    });
    // What the allocator cannot give.
    ended(|| {
        let layout = std::alloc::Layout::from_size_align(300 << 20, 8).expect("it is one");
        // SAFETY: the layout has a size.
        let memory =
            unsafe { std::alloc::GlobalAlloc::alloc(&crate::sandbox::worker::Allocator, layout) };
        assert!(memory.is_null());
    });
}

fn new_memory(bytes: usize, protection: i32) -> *mut u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: new memory is nobody's.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    assert_ne!(memory, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    memory.cast()
}
