//! Runs the real program on real files, in a world of its own.
//!
//! ```ignore
//! let project = Project::new().file("taskrunner.yaml", "hello: {shout: true}").guest(guests::HELLO);
//! project.call(["hello"]).succeeds().prints("HELLO, WORLD!\n");
//! ```
//!
//! A call runs when it is said how it ends, and a call of which nobody says that fails the test.

mod call;
mod ended;
pub(crate) mod guests;
#[cfg(target_os = "linux")]
pub(crate) mod kernel;
mod project;
#[cfg(unix)]
mod terminal;

pub(crate) use call::{Call, Input};
pub(crate) use ended::Ended;
pub(crate) use guests::Guest;
pub(crate) use project::Project;
