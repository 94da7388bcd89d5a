//! What the arguments of a case may name.
//!
//! A path that is typed grants what it names. So those of a case, and the options of the runner among
//! its arguments, must not lead out of its workspace.

use std::ffi::OsString;
use std::path::Path;

use super::super::cases::Case;
use super::TestError;
use super::world::World;
use crate::cli::{self, Request};
use crate::invocation::{self, TypedValues};
use crate::plugin::{Manifest, ValueType};

/// Refuses arguments that lead beyond the workspace. Arguments that the runner refuses itself grant
/// nothing.
pub(super) fn check(case: &Case, manifest: &Manifest, world: &World) -> Result<(), TestError> {
    let name = manifest.name().to_string();
    let words = case.arguments.iter().map(|argument| world.filled(argument));
    let words: Vec<OsString> = std::iter::once(name).chain(words).map(OsString::from).collect();
    let Ok(parsed) = cli::parse(&words) else { return Ok(()) };
    if let Some(option) = parsed.options.beyond_a_case() {
        let why = format!("a case cannot have the option {option} of the runner");
        return Err(TestError::Beyond(why));
    }
    let Request::Run { arguments, .. } = parsed.request else {
        return Err(TestError::Beyond("these arguments do not call the plugin's command".into()));
    };
    let raw: Vec<String> = arguments.into_iter().filter_map(|a| a.into_string().ok()).collect();
    // What a program parses itself grants nothing.
    if manifest.is_raw() {
        return Ok(());
    }
    let Ok(typed) = invocation::parse(manifest, &raw) else { return Ok(()) };
    let directory = case.directory.below(&world.workspace());
    for (spec, typed) in manifest.arguments.iter().zip(typed) {
        let is_path = spec.value().is_some_and(|value| matches!(value.kind, ValueType::Path(_)));
        let Some(TypedValues::Texts(paths)) = typed.filter(|_| is_path) else { continue };
        let beyond = |path: &&String| !is_inside(&directory.join(path), &world.workspace());
        if let Some(path) = paths.iter().find(beyond) {
            let why = format!("`{path}` leads out of the case's workspace");
            return Err(TestError::Beyond(why));
        }
    }
    Ok(())
}

/// Whether a path leads to something in a directory, with every link followed. Of what is not there, the
/// nearest directory that is counts.
fn is_inside(path: &Path, directory: &Path) -> bool {
    let mut path = path;
    loop {
        if let Ok(found) = dunce::canonicalize(path) {
            return found.starts_with(directory);
        }
        // Without a name it ends in `..`, of which nothing can be said.
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(_)) => path = parent,
            _ => return false,
        }
    }
}
