//! Compiled code: made by a worker that reaches nothing, kept in the user's cache, and mapped by the
//! workers that run it.

mod cache;
mod code;
mod key;
mod lease;
mod prune;
mod seal;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::Engine;

use super::outcome::one_line;
use super::wall::{Network, Wall, WallReport};
use super::worker::{self, Channel, Job, Left};
use super::{SandboxError, engine};
use crate::guard::guard;
use crate::plugin::Digest;
use code::Kind;

pub(crate) use cache::Cache;
pub(super) use code::Code;

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
    source: Source,
    pub(super) code: RefCell<Code>,
}

/// The bytes of a plugin.
pub(crate) type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Reads a plugin: the bytes are those of its digest, or the error says on one line why there are none. It is
/// asked only where there is something to compile.
pub(crate) type Source = Box<dyn Fn() -> Result<Bytes, String>>;

/// Compiles, and keeps what it made.
pub(super) struct Compiler {
    engine: Engine,
    cache: Option<Cache>,
    required: bool,
    /// Who is told that compiling takes a while.
    compiling: Box<dyn Fn()>,
    /// What was made last, for who wants the same again where it is not kept.
    last: RefCell<Option<(Digest, Code)>>,
}

impl Compiler {
    /// Without a cache nothing is kept. `required`: nothing is compiled without a wall.
    pub(super) fn new(
        engine: &Engine,
        cache: Option<Cache>,
        required: bool,
        compiling: Box<dyn Fn()>,
    ) -> Self {
        Self { engine: engine.clone(), cache, required, compiling, last: RefCell::default() }
    }

    /// Takes what was compiled before, or compiles.
    pub(super) fn program(
        &self,
        digest: &Digest,
        source: Source,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<Program, SandboxError> {
        let code = match self.found(digest) {
            Some(code) => code,
            None => self.compile(digest, &source, walled)?,
        };
        Ok(Program { digest: *digest, source, code: code.into() })
    }

    /// Compiles a program again whose code the engine does not take.
    pub(super) fn renew(
        &self,
        program: &Program,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<(), SandboxError> {
        let code = self.compile(&program.digest, &program.source, walled)?;
        program.code.replace(code);
        Ok(())
    }

    /// What is there of a program's code.
    fn found(&self, digest: &Digest) -> Option<Code> {
        if let Some((_, code)) = self.last.borrow().as_ref().filter(|(last, _)| last == digest) {
            return Some(code.clone());
        }
        let (file, kind) = self.cache.as_ref()?.find(&key::name(&self.engine, digest))?;
        Some(Code::kept(file, kind))
    }

    fn compile(
        &self,
        digest: &Digest,
        source: &Source,
        walled: &mut dyn FnMut(&WallReport),
    ) -> Result<Code, SandboxError> {
        let bytes = source().map_err(SandboxError::Source)?;
        let failed = |reason: String| SandboxError::Compile(reason);
        let no_room = |error: io::Error| failed(format!("there is no room for its code: {error}"));
        let file = Arc::new(self.file().map_err(no_room)?);
        let kind = Kind::of((*bytes).as_ref());
        let job = Job {
            name: "compiler",
            wall: self.wall(),
            #[cfg(unix)]
            files: vec![file.as_fd()],
            streams: false,
            limit: TIME,
            slow: &mut || (self.compiling)(),
            walled,
            may_run_ahead: true,
            notes: &mut |_: Vec<()>| Ok(()),
        };
        let target = Arc::clone(&file);
        let compiled = worker::run(job, move |_: &Channel<()>, _| {
            let bytes = (*bytes).as_ref();
            let engine = engine::compiling().map_err(|error| error.to_string())?;
            let code = guard(|| match kind {
                Kind::Component => engine.precompile_component(bytes),
                Kind::Module => engine.precompile_module(bytes),
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
            Err(Left::Exhausted) => {
                let allowed = ByteSize(MEMORY);
                return Err(failed(format!(
                    "it needs more memory than allowed (at most {allowed})"
                )));
            }
            Err(Left::Died(signal)) => {
                return Err(failed(format!(
                    "the compiler was ended by signal {signal}, most likely for want of memory"
                )));
            }
            Err(Left::Failed(reason)) => return Err(failed(reason)),
        }
        let code = match self.keep(digest, &file, kind) {
            Some(kept) => Code::kept(kept, kind),
            None => Code::written(&file, kind).map_err(no_room)?,
        };
        self.last.replace(Some((*digest, code.clone())));
        Ok(code)
    }

    /// A file for the compiler to write to, that has no name: nothing stays of it where this process is
    /// ended.
    fn file(&self) -> io::Result<File> {
        // Where the cache cannot be written, nothing is kept, and any other place will do.
        match self.cache.as_ref().map(Cache::nameless) {
            Some(Ok(file)) => Ok(file),
            Some(Err(_)) | None => tempfile::tempfile(),
        }
    }

    fn keep(&self, digest: &Digest, file: &File, kind: Kind) -> Option<File> {
        let kept = self.cache.as_ref()?.keep(&key::name(&self.engine, digest), file, kind);
        kept.inspect_err(|error| tracing::info!("not keeping a compiled plugin: {error}")).ok()
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
            // It opens nothing at all.
            hides_pipes: false,
        }
    }
}
