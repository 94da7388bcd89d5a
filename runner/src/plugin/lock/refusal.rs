//! Why a plugin is not run because of the lock.

use std::fmt;
use std::path::PathBuf;

use super::change::{Change, Direction};
use crate::permission::Request;
use crate::plugin::Name;

/// Why a plugin is not run because of the lock.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no lock file, and `--locked` wants one.
    NoFile { path: PathBuf },
    /// It is not in the lock file, and `--locked` wants it there.
    NoEntry { path: PathBuf },
    /// It is not what was accepted, and `--locked` wants that.
    Differs(Box<Change>),
    /// It is not what was accepted, and requests more.
    RequestsMore(Box<Change>),
    /// It requests what it is not granted, and `--locked` wants all of that granted.
    Ungranted(Vec<Request>),
}

impl Refusal {
    /// What the user can do about it.
    pub(crate) fn help(&self, command: &Name) -> String {
        match self {
            Self::NoFile { .. } => "`taskrunner update` writes it".to_owned(),
            Self::NoEntry { .. } => format!("`taskrunner update {command}` adds it"),
            Self::Differs(_) | Self::RequestsMore(_) => {
                format!("`taskrunner update {command}` shows all that differs, and accepts it")
            }
            Self::Ungranted(requests) => {
                let lines = requests.iter().map(|request| {
                    format!("`{}` allows it ({})", request.capability, request.reason)
                });
                let trust = "what the workspace's files grant outside of it counts once they are \
                             trusted: `taskrunner trust`";
                lines.chain([trust.to_owned()]).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile { path } => {
                write!(f, "there is no `{}`, which `--locked` goes by", path.display())
            }
            Self::NoEntry { path } => write!(f, "it is not in `{}`", path.display()),
            Self::Differs(change) => describe(f, change),
            Self::RequestsMore(change) => {
                describe(f, change)?;
                f.write_str(", and it requests more:")?;
                for capability in change.new_requests() {
                    write!(f, "\n+ {} {}", capability.kind.key(), capability.target)?;
                }
                Ok(())
            }
            Self::Ungranted(requests) => {
                f.write_str("it requests what it was not granted:")?;
                for request in requests {
                    let capability = &request.capability;
                    write!(f, "\n{} {}", capability.kind.key(), capability.target)?;
                }
                Ok(())
            }
        }
    }
}

/// How a plugin differs from the one that was accepted, in one line.
pub(crate) fn describe(f: &mut impl fmt::Write, change: &Change) -> fmt::Result {
    f.write_str("it is not the plugin that was locked")?;
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return Ok(()) };
    match change.direction() {
        Direction::Upgrade => write!(f, " (version {} instead of {})", new.version, old.version)?,
        Direction::Downgrade => {
            write!(f, " (a downgrade to version {} from {})", new.version, old.version)?;
        }
        Direction::Same => {}
    }
    if old.source != new.source {
        write!(f, ", it comes from `{}` and not from `{}`", new.source, old.source)?;
    }
    if old.sha256 != new.sha256 {
        write!(f, ", its digest is {} and not {}", new.sha256.short(), old.sha256.short())?;
    }
    if old.manifest != new.manifest {
        f.write_str(", the manifest beside it is another")?;
    }
    Ok(())
}
