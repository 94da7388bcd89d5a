//! A panic is a mistake in the runner. It is said in one line, and the exit code is the runner's.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};

use super::obeyed::harmless;
use crate::exit::ExitCode;
use crate::guard::is_guarded;
use crate::text::visible_line;

/// Runs the program; what panics on whichever thread is reported without a backtrace.
pub(crate) fn catch_panics(program: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        if is_guarded() {
            return;
        }
        let message = format!("this is a mistake in taskrunner itself, please report it: {panic}");
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{}", harmless(&visible_line(&message)));
    }));
    // What the program was doing is over: nothing that could be in disorder is used afterwards.
    panic::catch_unwind(AssertUnwindSafe(program)).unwrap_or(ExitCode::RUNNER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_has_the_runners_exit_code() {
        assert_eq!(catch_panics(|| panic!("on purpose")), ExitCode::RUNNER);
        assert_eq!(catch_panics(|| ExitCode::SUCCESS), ExitCode::SUCCESS);
    }
}
