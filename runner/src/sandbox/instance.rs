//! One instance of a plugin's code, by the kind of file that it is, and the call into it.

use wasmtime::component::Component;
use wasmtime::{Engine, Module, TypedFunc, bail};
use wasmtime_wasi::p2::bindings as wasi2;

use super::guest::{Guest, Store};
use super::linking::Imports;
use super::outcome::{NotLinked, Outcome, one_line};
use super::{contract, p3, preview1};

/// What was compiled, loaded.
pub(super) enum Loaded {
    Component(Component),
    Module(Module),
}

impl Loaded {
    /// Whether it imports anything for the network.
    pub(super) fn reaches_out(&self, engine: &Engine) -> bool {
        match self {
            Self::Component(component) => Imports::of(engine, component).reach_out(),
            // Preview 1 has no sockets but those that a program is born with, and it gets none.
            Self::Module(_) => false,
        }
    }
}

/// An instance, ready to be called.
pub(super) enum Instance {
    /// A component of the world `command`.
    Command(contract::Command),
    /// A component that exports `wasi:cli/run` 0.2.
    Run(wasi2::Command),
    /// A component that exports `wasi:cli/run` 0.3.
    RunAsync(p3::Run),
    /// A core module that exports `_start`.
    Start(TypedFunc<(), ()>),
}

impl Instance {
    pub(super) async fn new(
        engine: &Engine,
        code: &Loaded,
        store: &mut Store,
    ) -> wasmtime::Result<Self> {
        match code {
            Loaded::Component(component) => Self::of_component(engine, component, store).await,
            Loaded::Module(module) => Self::of_module(engine, module, store).await,
        }
    }

    async fn of_component(
        engine: &Engine,
        component: &Component,
        store: &mut Store,
    ) -> wasmtime::Result<Self> {
        let linker = Imports::of(engine, component).link(engine)?;
        let ready = linker.instantiate_pre(component).map_err(not_linked)?;
        let exports = |prefix: &str| {
            let exports = component.component_type();
            // A candidate of a version (`0.3.0-rc-…`) has interfaces of its own.
            let is = |name: &str| name.starts_with(prefix) && !name[prefix.len()..].contains('-');
            exports.exports(engine).any(|(name, _)| is(name))
        };
        if exports("taskrunner:plugin/guest@") {
            let command = contract::CommandIndices::new(&ready).map_err(not_linked)?;
            let instance = ready.instantiate_async(&mut *store).await?;
            return Ok(Self::Command(command.load(store, &instance).map_err(not_linked)?));
        }
        // What is made for both versions only lends its toolchain's idea of a program to the older one.
        if exports("wasi:cli/run@0.3") {
            return Ok(Self::RunAsync(p3::instance(store, &ready).await?));
        }
        let program = wasi2::CommandIndices::new(&ready).map_err(not_linked)?;
        let instance = ready.instantiate_async(&mut *store).await?;
        Ok(Self::Run(program.load(store, &instance).map_err(not_linked)?))
    }

    async fn of_module(
        engine: &Engine,
        module: &Module,
        store: &mut Store,
    ) -> wasmtime::Result<Self> {
        let mut linker = wasmtime::Linker::<Guest>::new(engine);
        preview1::add_to_linker(&mut linker)?;
        let ready = linker.instantiate_pre(module).map_err(not_linked)?;
        let instance = ready.instantiate_async(&mut *store).await?;
        Ok(Self::Start(instance.get_typed_func(store, "_start").map_err(not_linked)?))
    }

    /// The component of the world `command` that it is.
    pub(super) fn command(&self) -> wasmtime::Result<&contract::Command> {
        match self {
            Self::Command(command) => Ok(command),
            Self::Run(_) | Self::RunAsync(_) | Self::Start(_) => bail!("it is a program"),
        }
    }

    /// Runs it once.
    pub(super) async fn run(
        &self,
        store: &mut Store,
        invocation: &contract::WitInvocation,
    ) -> wasmtime::Result<Outcome> {
        match self {
            Self::Command(command) => {
                let ended = command.taskrunner_plugin_guest().call_run(store, invocation).await?;
                Ok(match ended {
                    Ok(code) => Outcome::exited(code.into()),
                    Err(failure) => Outcome::Failed(failure.into()),
                })
            }
            Self::Run(program) => {
                let ended = program.wasi_cli_run().call_run(store).await?;
                Ok(Outcome::exited(ended.is_err().into()))
            }
            Self::RunAsync(run) => p3::run(store, run).await,
            Self::Start(start) => {
                start.call_async(store, ()).await?;
                Ok(Outcome::exited(0))
            }
        }
    }
}

fn not_linked(error: wasmtime::Error) -> NotLinked {
    NotLinked(one_line(&error))
}
