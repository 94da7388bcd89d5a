//! The user's progress bar.

/// Says that `done` of `total` units are done, and what is being done now. Without a total the end is
/// not known. Call it as often as it is true: the runner shows what people can read.
pub fn progress(message: &str, done: u64, total: Option<u64>) {
    crate::bindings::taskrunner::plugin::progress::report(message, done, total);
}
