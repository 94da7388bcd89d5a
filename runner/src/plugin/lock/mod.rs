//! `taskrunner.lock`: which plugins a workspace accepted, and with which grants. Pure: it is read, written
//! and compared here, and what follows from that is decided elsewhere.

mod change;
mod entry;
mod file;
mod refusal;

pub(crate) use change::{Change, Direction, Line};
pub(crate) use entry::{Entry, name_in};
pub(crate) use file::LockFile;
pub(crate) use refusal::{Refusal, describe};

/// The name of the file, at the top of a workspace.
pub(crate) const FILE_NAME: &str = "taskrunner.lock";
