//! Code of others on input of others: a panic there is a fault of the input, told like any other.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does some work. If it panics, nothing is printed, and the error is what the panic said, on one line.
pub(crate) fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    GUARDED.set(true);
    // What the work was doing is over: nothing of it is used afterwards.
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    ended.map_err(|panic| message(&*panic))
}

/// Whether a panic on this thread is somebody's to tell.
pub(crate) fn is_guarded() -> bool {
    GUARDED.get()
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_in_its_own_words() {
        assert_eq!(guard(|| 7), Ok(7));
        assert_eq!(guard(|| panic!("on purpose")).map(|()| 0), Err("on purpose".into()));
        let number = 3;
        assert_eq!(guard(|| panic!("{number}\ntimes")).map(|()| 0), Err("3 times".into()));
        assert!(!is_guarded());
    }
}
