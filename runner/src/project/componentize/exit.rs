//! Keeps the code of `proc_exit`: the adapter of WASI preview 1 knows success and failure alone.
//!
//! WASI 0.2 has a function that takes the code, of the very same type. So the import is renamed, and the
//! module says that it has it.

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1;
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The interface that takes the place of preview 1.
pub(super) const MODULE: &str = "wasi:cli/exit@0.2.12";

/// The function that takes the place of `proc_exit`.
pub(super) const FUNCTION: &str = "exit-with-code";

/// The world of a module that exits with a code.
const WORLD: &str = "
    package taskrunner:exit;
    world exits {
        import wasi:cli/exit@0.2.12;
    }
    package wasi:cli@0.2.12 {
        interface exit {
            exit-with-code: func(status-code: u8);
        }
    }";

/// Whether this is `proc_exit`.
pub(super) fn is_exit(import: &wasmparser::Import<'_>) -> bool {
    import.module == PREVIEW1 && import.name == "proc_exit"
}

/// Adds to a module that it is of the world that has the function.
pub(super) fn declare(module: &mut Vec<u8>) -> Result<(), String> {
    let mut resolve = Resolve::default();
    resolve
        .push_str("exit.wit", WORLD)
        .and_then(|package| resolve.select_world(&[package], Some("exits")))
        .and_then(|world| {
            let encoding = StringEncoding::UTF8;
            wit_component::embed_component_metadata(module, &resolve, world, encoding)
        })
        .map_err(|error| format!("{error:#}"))
}
