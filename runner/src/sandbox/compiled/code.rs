//! Compiled code, in a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::sandbox::instance::Loaded;
use crate::sandbox::outcome::one_line;

/// Compiled code, in a file that is open: for reading only, so that who runs it does not change it.
///
/// Invariant: the file holds what a compiler of this program's made, with the engine's settings. It is
/// either the one that it was written to, which has no name, or one that was kept and whose
/// seal fits (see [`Seal`](super::seal::Seal)). Nobody writes to it any more: the compiler has ended, and
/// what is kept is replaced, not changed.
#[derive(Clone)]
pub(crate) struct Code {
    file: Arc<File>,
    kind: Kind,
}

/// What was compiled.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Component,
    Module,
}

impl Kind {
    /// Of WebAssembly: the headers differ.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.get(4..8) == Some(&[0x0d, 0, 1, 0]) {
            true => Self::Component,
            false => Self::Module,
        }
    }
}

impl Code {
    /// Code that was kept, or has just been, and is what it was.
    pub(super) fn kept(file: File, kind: Kind) -> Self {
        Self { file: Arc::new(file), kind }
    }

    /// Code in the file that its compiler wrote it to.
    pub(super) fn written(file: &File, kind: Kind) -> io::Result<Self> {
        Ok(Self { file: Arc::new(File::open(way_to(file)?)?), kind })
    }

    /// What the worker that loads it may open.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Makes a component or a module of it, in a worker. The error is one line.
    pub(crate) fn load(&self, engine: &Engine) -> Result<Loaded, String> {
        self.map(engine).or_else(|_| self.copy(engine)).map_err(|error| one_line(&error))
    }

    /// Maps the file.
    fn map(&self, engine: &Engine) -> wasmtime::Result<Loaded> {
        // Not the path that it was found by: what is there now may be another file.
        let way = way_to(&self.file)?;
        match self.kind {
            // SAFETY: the file is the one of the invariant: it holds what a compiler of this program's
            // made, and nobody changes it.
            Kind::Component => unsafe {
                Component::deserialize_file(engine, way).map(Loaded::Component)
            },
            // SAFETY: likewise.
            Kind::Module => unsafe { Module::deserialize_file(engine, way).map(Loaded::Module) },
        }
    }

    /// The file system may be one from which nothing can be executed. Then a copy in memory will do.
    fn copy(&self, engine: &Engine) -> wasmtime::Result<Loaded> {
        let mut bytes = Vec::new();
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        match self.kind {
            // SAFETY: the bytes are those of the file of the invariant.
            Kind::Component => unsafe {
                Component::deserialize(engine, bytes).map(Loaded::Component)
            },
            // SAFETY: likewise.
            Kind::Module => unsafe { Module::deserialize(engine, bytes).map(Loaded::Module) },
        }
    }
}

/// A path that leads to this very file, whatever has become of its name.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn way_to(file: &File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;

    Ok(format!("/proc/self/fd/{}", file.as_raw_fd()).into())
}

#[cfg(all(unix, not(target_os = "linux")))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn way_to(file: &File) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;

    Ok(format!("/dev/fd/{}", file.as_raw_fd()).into())
}

#[cfg(not(unix))]
fn way_to(file: &File) -> io::Result<PathBuf> {
    use filepath::FilePath;

    file.path()
}
