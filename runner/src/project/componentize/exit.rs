//! Lets a module end with an exit code of its own.
//!
//! The adapter of WASI preview 1 knows success and failure only: `proc_exit(7)` would arrive as 1.
//! `exit-with-code` of WASI 0.2.12 has the same signature in a core module, so the module imports that
//! instead.

use std::convert::Infallible;
use std::error::Error;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ImportSection, Module};
use wasmparser::{Parser, Payload};
use wit_component::StringEncoding;
use wit_parser::Resolve;

const PREVIEW1: &str = "wasi_snapshot_preview1";
const PROC_EXIT: &str = "proc_exit";
const EXIT: &str = "wasi:cli/exit@0.2.12";
const EXIT_WITH_CODE: &str = "exit-with-code";

/// The world of a module that exits with a code.
const WORLD: &str = "
package taskrunner:exit;
world exit { import wasi:cli/exit@0.2.12; }
package wasi:cli@0.2.12 {
    interface exit { exit-with-code: func(status-code: u8); }
}";

/// Has the module import `exit-with-code` for `proc_exit`, if it imports that.
pub(super) fn pass_exit_codes(module: Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>> {
    if !imports_proc_exit(&module)? {
        return Ok(module);
    }
    let mut exiting = Module::new();
    ExitWithCode.parse_core_module(&mut exiting, Parser::new(0), &module)?;
    let mut exiting = exiting.finish();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("exit.wit", WORLD)?;
    let world = resolve.select_world(&[package], None)?;
    wit_component::embed_component_metadata(&mut exiting, &resolve, world, StringEncoding::UTF8)?;
    Ok(exiting)
}

fn imports_proc_exit(module: &[u8]) -> wasmparser::Result<bool> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                if (import.module, import.name) == (PREVIEW1, PROC_EXIT) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

struct ExitWithCode;

impl Reencode for ExitWithCode {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let (module, name) = match (import.module, import.name) {
                (PREVIEW1, PROC_EXIT) => (EXIT, EXIT_WITH_CODE),
                other => other,
            };
            imports.import(module, name, self.entity_type(import.ty)?);
        }
        Ok(())
    }
}
