//! What happens in a worker when its time is over.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rings once, when the time of the work is over. It may ring before anybody listens.
pub(crate) struct Alarm {
    rung: AtomicBool,
    listener: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Alarm {
    pub(super) const fn new() -> Self {
        Self { rung: AtomicBool::new(false), listener: OnceLock::new() }
    }

    /// Calls `listener` when the alarm rings, and at once where it has. It may be called twice, and from
    /// the handler of a signal: so it takes no lock and no memory. There is one listener.
    pub(crate) fn listen(&self, listener: impl Fn() + Send + Sync + 'static) {
        let _ = self.listener.set(Box::new(listener));
        if self.rung.load(Ordering::SeqCst) {
            self.call();
        }
    }

    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.call();
    }

    fn call(&self) {
        if let Some(listener) = self.listener.get() {
            listener();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn it_is_heard_whoever_comes_first() {
        for rings_first in [true, false] {
            let (alarm, heard) = (Alarm::new(), Arc::new(AtomicU32::new(0)));
            let count = Arc::clone(&heard);
            let listener = move || {
                count.fetch_add(1, Ordering::SeqCst);
            };
            if rings_first {
                alarm.ring();
                alarm.listen(listener);
            } else {
                alarm.listen(listener);
                assert_eq!(heard.load(Ordering::SeqCst), 0);
                alarm.ring();
            }
            assert_eq!(heard.load(Ordering::SeqCst), 1);
        }
    }
}
