//! What was granted of the file system, opened.

use std::collections::HashMap;
use std::fs;

use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::SandboxError;
use super::outcome::one_line;
use crate::permission::{Access, Mount, Scope};

/// The directories of the mounts, opened. That happens once, before anything of the guest's has run:
/// what a guest moves or links afterwards changes nothing of what it, or its next attempt, holds.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) directories: WasiFilesystemCtx,
    /// The names of the files that mounts of a single file are for, by the guest's names of the mounts.
    pub(super) single: HashMap<String, String>,
}

impl Opened {
    pub(super) fn open(mounts: &[Mount]) -> Result<Self, SandboxError> {
        let mut builder = WasiCtxBuilder::new();
        builder.allow_blocking_current_thread(true);
        let mut single = HashMap::new();
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
                .map_err(|error| SandboxError::Open {
                    path: directory.into(),
                    reason: one_line(&error),
                })?;
        }
        Ok(Self { directories: builder.build().filesystem().clone(), single })
    }
}
