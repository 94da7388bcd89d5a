//! Compiled code: made by a worker that reaches nothing, kept in the user's cache, and mapped by the
//! workers that run it.

use std::cell::RefCell;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Precompiled};

use super::SandboxError;
use super::instance::Loaded;
use super::outcome::one_line;
use super::wall::{Network, Opening, Reach, Wall, WallReport};
use super::worker::{self, Channel, Job, Left};
use crate::guard::guard;
use crate::plugin::Digest;

/// How long a component may take to compile: ten times what the largest known (a Python interpreter)
/// takes on two slow cores.
const TIME: Duration = Duration::from_secs(120);

/// The memory that the compiler may use, and the length of what it makes: likewise.
const MEMORY: u64 = 4 * 1024 * 1024 * 1024;
const FILE_SIZE: u64 = 1024 * 1024 * 1024;

/// The open files of a compiling process: its pipe, its file, and what it inherits.
const HANDLES: u64 = 256;

/// A component that has been compiled.
pub(crate) struct Program {
    digest: Digest,
    /// The component itself, for when the compiled code turns out to be unusable.
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    pub(super) code: RefCell<Code>,
}

/// Compiled code, in a file that is open.
#[derive(Clone)]
pub(super) struct Code {
    file: Arc<File>,
    /// Where the file is, if it is kept.
    path: Option<Arc<Path>>,
}

/// Compiles, and keeps what it made in a directory: one file per component and engine, which is written
/// whole or not at all, and of which losing one costs only compiling again.
pub(super) struct Compiler {
    engine: Engine,
    directory: Option<PathBuf>,
    required: bool,
    /// Who is told that compiling takes a while.
    compiling: Box<dyn Fn()>,
}

impl Compiler {
    /// `cache` is the directory that [`prepare`](crate::private::prepare) has passed. Without one nothing
    /// is kept. `required`: nothing is compiled without a wall.
    pub(super) fn new(
        engine: &Engine,
        cache: Option<&Path>,
        required: bool,
        compiling: Box<dyn Fn()>,
    ) -> Self {
        let directory = cache.map(|cache| cache.join("compiled")).filter(|directory| {
            fs::create_dir_all(directory)
                .inspect_err(|error| tracing::info!("not keeping compiled plugins: {error}"))
                .is_ok()
        });
        Self { engine: engine.clone(), directory, required, compiling }
    }

    /// Takes what was compiled before, or compiles.
    pub(super) fn program(
        &self,
        digest: &Digest,
        bytes: impl AsRef<[u8]> + Send + Sync + 'static,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<Program, SandboxError> {
        let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(bytes);
        let code = match self.kept(digest) {
            Some(code) => code,
            None => self.compile(digest, &bytes, walled)?,
        };
        Ok(Program { digest: *digest, bytes, code: code.into() })
    }

    /// Compiles a program again whose code the engine does not take.
    pub(super) fn renew(
        &self,
        program: &Program,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<(), SandboxError> {
        let code = self.compile(&program.digest, &program.bytes, walled)?;
        program.code.replace(code);
        Ok(())
    }

    fn kept(&self, digest: &Digest) -> Option<Code> {
        let path = self.path(digest)?;
        let file = File::open(&path).ok()?;
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        is_file.then(|| Code { file: Arc::new(file), path: Some(path.into()) })
    }

    fn compile(
        &self,
        digest: &Digest,
        bytes: &Arc<dyn AsRef<[u8]> + Send + Sync>,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<Code, SandboxError> {
        let failed = |reason: String| SandboxError::Compile(reason);
        // It has no name, so that nothing stays of it where this process is ended.
        let file = match &self.directory {
            Some(directory) => tempfile::tempfile_in(directory),
            None => tempfile::tempfile(),
        };
        let file = Arc::new(
            file.map_err(|error| failed(format!("there is no room for its code: {error}")))?,
        );
        let job = Job {
            name: "compiler",
            wall: self.wall(),
            limit: TIME,
            slow: &mut || (self.compiling)(),
            walled,
            notes: &mut |_: Vec<()>| {},
        };
        let (engine, bytes, target) = (self.engine.clone(), Arc::clone(bytes), Arc::clone(&file));
        let compiled = worker::run(job, move |_: &Channel<()>| {
            let bytes = (*bytes).as_ref();
            let code = guard(|| match is_component(bytes) {
                true => engine.precompile_component(bytes),
                false => engine.precompile_module(bytes),
            })?;
            let code = code.map_err(|error| one_line(&error))?;
            (&*target).write_all(&code).map_err(|error| format!("cannot write its code: {error}"))
        });
        match compiled {
            Ok(result) => result.map_err(failed)?,
            Err(Left::Stopped(stop)) => return Err(SandboxError::Stopped(stop)),
            Err(Left::TimeOver { .. }) => {
                let limit = humantime::format_duration(TIME);
                return Err(failed(format!("it takes longer than {limit}")));
            }
            Err(Left::Breach) => {
                return Err(failed("the compiler did what it may not, and was ended".to_owned()));
            }
            Err(Left::Died(signal)) => {
                return Err(failed(format!(
                    "the compiler was ended by signal {signal}, most likely for want of memory"
                )));
            }
            Err(Left::Failed(reason)) => return Err(failed(reason)),
        }
        let path = self.path(digest).and_then(|path| {
            keep(&file, &path)
                .inspect_err(|error| tracing::info!("not keeping a compiled plugin: {error}"))
                .ok()?;
            Some(path.into())
        });
        Ok(Code { file, path })
    }

    /// The compiler reaches nothing but the files that it holds already.
    fn wall(&self) -> Wall {
        Wall {
            openings: Arc::new([]),
            code: None,
            network: Network::None,
            memory: MEMORY,
            file_size: FILE_SIZE,
            handles: HANDLES,
            required: self.required,
        }
    }

    /// The name holds all that decides what the code is: the component, and the compiler with its
    /// version, settings and processor.
    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        let mut key = Key::default();
        digest.hash(&mut key);
        self.engine.precompile_compatibility_hash().hash(&mut key);
        let name = Digest::of(&key.0);
        Some(self.directory.as_ref()?.join(format!("{name}.cwasm")))
    }
}

/// Copies the code to where it is kept.
fn keep(mut code: &File, path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut kept = tempfile::NamedTempFile::new_in(directory)?;
    code.seek(SeekFrom::Start(0))?;
    io::copy(&mut code, kept.as_file_mut())?;
    kept.persist(path)?;
    Ok(())
}

impl Code {
    /// What the worker that loads it may read.
    pub(super) fn opening(&self) -> io::Result<Option<Opening>> {
        self.path.as_ref().map(|path| Opening::new(path, Reach::Read)).transpose()
    }

    /// Makes a component or a module of it, in a worker. The error is one line.
    pub(super) fn load(&self, engine: &Engine) -> Result<Loaded, String> {
        if let Some(loaded) = self.path.as_ref().and_then(|path| map(engine, path).ok()) {
            return Ok(loaded);
        }
        // The file system may be one from which nothing can be executed. Then a copy in memory will do.
        let mut bytes = Vec::new();
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(|error| error.to_string())?;
        let loaded = match Engine::detect_precompiled(&bytes) {
            // SAFETY: as for [`map`], or the file has no name, and only the compiler has written to it.
            Some(Precompiled::Component) => unsafe {
                Component::deserialize(engine, bytes).map(Loaded::Component)
            },
            // SAFETY: likewise.
            Some(Precompiled::Module) => unsafe {
                Module::deserialize(engine, bytes).map(Loaded::Module)
            },
            None => return Err(NOT_COMPILED.to_owned()),
        };
        loaded.map_err(|error| one_line(&error))
    }
}

const NOT_COMPILED: &str = "it is no compiled code";

/// Maps what was kept.
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Loaded> {
    match Engine::detect_precompiled_file(path)? {
        // SAFETY: the file holds what a compiler of this program's wrote there, with the same settings, as
        // its name says: it is in a directory that nobody but the user can write to (`cache::prepare`
        // checks), and no plugin is ever given.
        Some(Precompiled::Component) => unsafe {
            Component::deserialize_file(engine, path).map(Loaded::Component)
        },
        // SAFETY: likewise.
        Some(Precompiled::Module) => unsafe {
            Module::deserialize_file(engine, path).map(Loaded::Module)
        },
        None => wasmtime::bail!("{NOT_COMPILED}"),
    }
}

/// Whether WebAssembly is a component, rather than a core module: their headers differ.
fn is_component(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(&[0x0d, 0, 1, 0])
}

/// Collects what a [`Hash`] hashes, for a digest that is safe from collisions.
#[derive(Default)]
struct Key(Vec<u8>);

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks.
        0
    }
}
