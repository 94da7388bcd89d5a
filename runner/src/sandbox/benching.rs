//! What the benches measure of the sandbox, compiled for them alone (the feature `bench`): guests on this
//! thread, made of the parts that a run has, without a process and a wall of their own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tracing::level_filters::LevelFilter;
use wasmtime::Engine;
use wasmtime::component::{self, Component, ComponentNamedList, Lift, Lower};

use super::guest::{self, GuestIo, Store};
use super::instance::{Instance, Loaded};
use super::linking::Imports;
use super::output::Output;
use super::worker::Channel;
use super::{Limits, Setup, contract, engine};
use crate::benching::{Result, grants};
use crate::invocation::Invocation;
use crate::permission::Grants;
use crate::plugin::Name;

/// A component of any functions, to call them and to be called by them.
pub struct Boundary {
    runtime: Runtime,
    store: Store,
    instance: component::Instance,
}

impl Boundary {
    /// Makes an instance, whose standard output is a file. Of its log, what is urgent is heard.
    ///
    /// # Errors
    ///
    /// It is no component, or asks for what there is not.
    pub fn new(component: &[u8], stdout: File) -> Result<Self> {
        let engine = engine::compiling()?;
        let component = Component::new(&engine, component)?;
        let stdout = Output { writer: Arc::new(Mutex::new(stdout)), is_terminal: false };
        let io =
            GuestIo { stdout: Some(stdout), log_level: LevelFilter::INFO, ..GuestIo::closed() };
        // A bench goes on for as long as it likes.
        let limits = Limits { output: u64::MAX, ..Limits::default() };
        let setup = Setup::new(&Grants::none(), limits, io)?;
        let mut store = guest::store(&engine, &setup, &Channel::to_nobody());
        let runtime = runtime()?;
        let linker = Imports::of(&engine, &component).link(&engine)?;
        let instance = runtime.block_on(linker.instantiate_async(&mut store, &component))?;
        Ok(Self { runtime, store, instance })
    }

    /// Calls a function so many times, and tells how long that took.
    ///
    /// # Errors
    ///
    /// There is no such function, or it traps.
    pub fn call<P, R>(&mut self, name: &str, times: u64, arguments: P) -> Result<Duration>
    where
        P: ComponentNamedList + Lower + Copy,
        R: ComponentNamedList + Lift + 'static,
    {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name)?;
        let begun = Instant::now();
        self.runtime.block_on(async {
            for _ in 0..times {
                function.call_async(&mut self.store, arguments).await?;
            }
            wasmtime::error::Ok(())
        })?;
        Ok(begun.elapsed())
    }
}

/// The stages of a warm start. Each can be repeated, with what it needs of those before it made already,
/// unless it says otherwise.
pub struct Start {
    engine: Engine,
    code: PathBuf,
    grants: Grants,
    setup: Setup,
    loaded: Loaded,
    invocation: Invocation,
    runtime: Runtime,
    _directory: TempDir,
}

impl Start {
    /// Compiles a command, and grants it something of a directory.
    ///
    /// # Errors
    ///
    /// It is no command, or there is no room for its code.
    pub fn new(component: &[u8]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let root = dunce::canonicalize(directory.path())?;
        for below in ["out", "src"] {
            fs::create_dir(root.join(below))?;
        }
        let code = root.join("code");
        fs::write(&code, engine::compiling()?.precompile_component(component)?)?;
        let engine = engine::new()?;
        let grants = grants(&root)?;
        let start = Self {
            setup: Setup::new(&grants, Limits::default(), GuestIo::closed())?,
            loaded: load(&engine, &code)?,
            invocation: Invocation {
                command: Name::new("bench")?,
                raw_arguments: Vec::new(),
                arguments: Vec::new(),
                section: serde_json::Map::new(),
                command_line: None,
            },
            runtime: runtime()?,
            engine,
            code,
            grants,
            _directory: directory,
        };
        Ok(start)
    }

    /// Makes an engine.
    ///
    /// # Errors
    ///
    /// The machine is none that it knows.
    pub fn engine(&self) -> Result<impl Sized + use<>> {
        Ok(engine::new()?)
    }

    /// Opens what was granted.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn open(&self) -> Result<impl Sized + use<>> {
        Ok(Setup::new(&self.grants, Limits::default(), GuestIo::closed())?)
    }

    /// Maps what was compiled.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn load(&self) -> Result<impl Sized + use<>> {
        load(&self.engine, &self.code)
    }

    /// Makes the state of an instance.
    pub fn store(&self) -> impl Sized + use<> {
        guest::store(&self.engine, &self.setup, &Channel::to_nobody())
    }

    /// Makes the asynchronous runtime that it runs on.
    ///
    /// # Errors
    ///
    /// The system lets it have none.
    pub fn runtime(&self) -> Result<impl Sized + use<>> {
        runtime()
    }

    /// Makes the state, links and makes an instance.
    ///
    /// # Errors
    ///
    /// It asks for what there is not.
    pub fn instance(&self) -> Result<impl Sized + use<>> {
        self.runtime.block_on(async {
            let mut store = guest::store(&self.engine, &self.setup, &Channel::to_nobody());
            let instance = Instance::new(&self.engine, &self.loaded, &mut store).await?;
            Ok((instance, store))
        })
    }

    /// Does the same, and runs the command.
    ///
    /// # Errors
    ///
    /// It traps.
    pub fn run(&self) -> Result<impl Sized + use<>> {
        self.runtime.block_on(async {
            let mut store = guest::store(&self.engine, &self.setup, &Channel::to_nobody());
            let instance = Instance::new(&self.engine, &self.loaded, &mut store).await?;
            let invocation = contract::invocation(&self.invocation, 1);
            Ok(instance.run(&mut store, &invocation).await?)
        })
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

fn load(engine: &Engine, code: &std::path::Path) -> Result<Loaded> {
    // SAFETY: this process has made the file, with this engine's settings, in a directory of its own.
    let component = unsafe { Component::deserialize_file(engine, code)? };
    Ok(Loaded::Component(component))
}
