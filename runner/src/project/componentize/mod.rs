//! Makes components of core modules, for the languages whose compilers stop at those.

mod exit;
mod prepare;
mod wit;

use std::fmt::Display;
use std::path::PathBuf;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1,
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as PROGRAM_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as LIBRARY_ADAPTER,
};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{Resolve, WorldId};

use crate::guard::guard;
use crate::permission::Paths;
use crate::plugin::{Facts, Kind, KindError, check_nesting, facts};
use crate::text::visible_line;

/// The contract, for worlds that are named without a WIT file.
pub(super) const CONTRACT: &str = include_str!("../../../../wit/command.wit");

/// The sections in which a module says which world it implements begin so.
const WORLD_SECTION: &str = "component-type";

/// The longest reason that is shown: it may quote names from the file.
const MAX_REASON: usize = 600;

/// How a module writes its strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}

/// The world that a module implements, where it does not say so itself.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) name: String,
    /// The WIT file or directory that it is in; without one, the contract.
    pub(crate) wit: Option<PathBuf>,
    pub(crate) encoding: Encoding,
}

/// Why no component could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComponentizeError {
    #[error("{0}")]
    Kind(#[from] KindError),
    #[error("it is a component already")]
    Component,
    #[error("it does not say which world it implements: no `component-type` section is in it")]
    NoWorld,
    #[error("it imports `{module}.{name}`, which is neither WASI preview 1 nor of its world")]
    Import { module: String, name: String },
    #[error("the world `{world}`: {reason}")]
    World { world: String, reason: String },
    #[error("{0}")]
    Encode(String),
}

impl ComponentizeError {
    /// What the user can do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::NoWorld => Some("name the world: `--world command` is the contract's"),
            Self::Component => Some("it needs no further step: use it as it is"),
            _ => None,
        }
    }
}

/// Makes a component of a core module. `paths` says what those of the world mean.
pub(crate) fn componentize(
    module: &[u8],
    world: Option<&World>,
    paths: &Paths,
) -> Result<Vec<u8>, ComponentizeError> {
    let facts = facts(module)?;
    if !matches!(facts.kind, Kind::ModuleCommand { .. } | Kind::ModuleReactor | Kind::OtherModule) {
        return Err(ComponentizeError::Component);
    }
    check_imports(&facts)?;
    // They hold components, which the encoder reads by recursion.
    prepare::sections(module, WORLD_SECTION).try_for_each(check_nesting)?;
    // The parsers of others, on files of others.
    guard(|| encode(module, &facts, world, paths)).map_err(|panic| encode_error(&panic))?
}

fn encode(
    module: &[u8],
    facts: &Facts,
    world: Option<&World>,
    paths: &Paths,
) -> Result<Vec<u8>, ComponentizeError> {
    let prepared = match world {
        Some(world) => {
            let (resolve, id) = resolve(world, paths)?;
            let names = prepare::export_names(&resolve, id);
            let mut prepared = prepare::prepare(module, &names).map_err(encode_error)?;
            let encoding = match world.encoding {
                Encoding::Utf8 => StringEncoding::UTF8,
                Encoding::Utf16 => StringEncoding::UTF16,
            };
            wit_component::embed_component_metadata(&mut prepared, &resolve, id, encoding)
                .map_err(|error| encode_error(format_args!("{error:#}")))?;
            prepared
        }
        None => prepare::prepare(module, &[]).map_err(encode_error)?,
    };
    let has_world = world.is_some() || prepare::sections(module, WORLD_SECTION).next().is_some();
    let is_program = matches!(facts.kind, Kind::ModuleCommand { .. }) && !has_world;
    if !is_program && !has_world {
        return Err(ComponentizeError::NoWorld);
    }
    let adapter = if is_program { PROGRAM_ADAPTER } else { LIBRARY_ADAPTER };
    ComponentEncoder::default()
        .validate(true)
        .module(&prepared)
        .and_then(|encoder| encoder.adapter(PREVIEW1, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| encode_error(format_args!("{error:#}")))
}

/// Finds the world.
fn resolve(world: &World, paths: &Paths) -> Result<(Resolve, WorldId), ComponentizeError> {
    let refuse = |error: &dyn Display| ComponentizeError::World {
        world: visible_line(&world.name),
        reason: reason(&format!("{error:#}")),
    };
    let mut resolve = Resolve::default();
    let package = match &world.wit {
        Some(path) => wit::read(&mut resolve, path, paths),
        None => resolve.push_str("command.wit", CONTRACT).map_err(|error| format!("{error:#}")),
    };
    let package = package.map_err(|error| refuse(&error))?;
    let id = resolve.select_world(&[package], Some(&world.name)).map_err(|error| refuse(&error))?;
    Ok((resolve, id))
}

/// Refuses what no component can import, in plainer words than the encoder has: the modules of a
/// component's imports are interfaces, whose names have a `:`, and a few words of the tools' own.
fn check_imports(facts: &Facts) -> Result<(), ComponentizeError> {
    let is_known =
        |module: &str| module == PREVIEW1 || module == "$root" || module.contains([':', '|', '[']);
    match facts.imports.iter().find(|import| !is_known(&import.name)) {
        None => Ok(()),
        Some(import) => Err(ComponentizeError::Import {
            module: visible_line(&import.name),
            name: import.items.first().map(|item| visible_line(&item.name)).unwrap_or_default(),
        }),
    }
}

fn encode_error(error: impl Display) -> ComponentizeError {
    ComponentizeError::Encode(reason(&error.to_string()))
}

fn reason(text: &str) -> String {
    let text: String = text.chars().take(MAX_REASON).collect();
    visible_line(&text)
}
