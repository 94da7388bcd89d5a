//! The command `clean`: finds what builds leave behind in the workspace, and removes it.
//!
//! An artifact is what a build leaves behind and the next one makes again. It is known by the project
//! beside it (a marker file, see `table`), and never by its own name alone. In reading order:
//!
//! - `options`: what the user wants;
//! - `table`, `kinds`: what the builds of 24 kinds of project leave behind;
//! - `scan`: one walk through the workspace that finds it;
//! - `repository`, `index`: what git tracks, and `told`: where that is out of sight; `guard`: what
//!   stays, and why;
//! - `sweep`: going through one artifact, to measure or to remove it;
//! - `clean`: all of it together; `show`: what the user sees of it.
//!
//! No symbolic link is followed, the recursion is in lists rather than on the stack, and what cannot
//! be told (an index that cannot be read, a directory that cannot be listed) is left alone.

mod clean;
mod directory;
mod globs;
mod guard;
mod index;
mod kinds;
mod manifest;
mod options;
mod repository;
mod scan;
mod show;
mod sweep;
mod table;
mod told;

use std::io::BufWriter;
use std::path::Path;
use std::time::SystemTime;

use taskrunner_plugin::{Command, Failure, Invocation, Manifest};

/// The command.
pub struct Clean;

impl Command for Clean {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn run(call: &Invocation) -> Result<u8, Failure> {
        let options = options::Options::of(call, SystemTime::now())?;
        let out = BufWriter::new(std::io::stdout().lock());
        let mut progress = |what: &str, done: u64, total: u64| {
            taskrunner_plugin::progress(what, done, Some(total));
        };
        clean::clean(Path::new("/"), &options, out, &mut progress)?;
        Ok(0)
    }
}

taskrunner_plugin::export!(Clean);

#[cfg(test)]
mod tests;
