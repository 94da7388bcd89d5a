//! What was granted of the file system, opened.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::SandboxError;
use super::outcome::one_line;
use super::wall::{Opening, Reach};
use crate::permission::{Access, Mount, Scope};

/// The directories of the mounts, opened. That happens once, before anything of the guest's has run:
/// what a guest moves or links afterwards changes nothing of what it, or its next attempt, holds.
pub(super) struct Opened {
    pub(super) directories: WasiFilesystemCtx,
    /// The names of the files that mounts of a single file are for, by the guest's names of the mounts.
    pub(super) single: HashMap<String, String>,
    /// The same directories and files, for the second wall.
    pub(super) openings: Arc<[Opening]>,
}

impl Opened {
    pub(super) fn open(mounts: &[Mount]) -> Result<Self, SandboxError> {
        let mut builder = WasiCtxBuilder::new();
        builder.allow_blocking_current_thread(true);
        let mut single = HashMap::new();
        let mut openings = Vec::new();
        for mount in mounts {
            let perms = match mount.access {
                Access::Read => FsPerms::ReadOnly,
                Access::Write => FsPerms::ReadWrite,
            };
            let directory = match mount.scope {
                Scope::Tree => mount.host.as_path(),
                Scope::File => {
                    let name = mount.host.file_name().and_then(|name| name.to_str());
                    single.insert(mount.guest.clone(), name.unwrap_or_default().to_owned());
                    mount.host.parent().unwrap_or(&mount.host)
                }
            };
            // A directory that the command line names to be written need not be there yet.
            let made = match (mount.scope, mount.access) {
                (Scope::Tree, Access::Write) => fs::create_dir_all(directory),
                _ => Ok(()),
            };
            made.map_err(wasmtime::Error::from)
                .and_then(|()| builder.preopened_dir(directory, &mount.guest, perms).map(drop))
                .and_then(|()| Ok(opening(mount, directory)?))
                .map(|opening| openings.extend(opening))
                .map_err(|error| SandboxError::Open {
                    path: directory.into(),
                    reason: one_line(&error),
                })?;
        }
        Ok(Self {
            directories: builder.build().filesystem().clone(),
            single,
            openings: openings.into(),
        })
    }
}

/// What the second wall lets through for a mount, whose directory this is. That is opened apart from what
/// the guest is given: should another directory take its place in between, the guest has less.
fn opening(mount: &Mount, directory: &Path) -> io::Result<Option<Opening>> {
    let opened = match (mount.scope, mount.access) {
        (Scope::Tree, Access::Read) => Opening::new(directory, Reach::Read),
        (Scope::Tree, Access::Write) => Opening::new(directory, Reach::Write),
        (Scope::File, Access::Write) => Opening::new(directory, Reach::Files),
        (Scope::File, Access::Read) => match Opening::new(&mount.host, Reach::Read) {
            // There is nothing to read, then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened,
        },
    };
    opened.map(Some)
}
