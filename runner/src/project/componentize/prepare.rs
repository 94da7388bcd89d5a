//! Changes a core module so that a component can be made of it.
//!
//! Two things that some compilers cannot do are done here:
//!
//! - A function of the world's is exported as `taskrunner:plugin/guest@0.1.0#run`. Where a language has
//!   no such names (AssemblyScript), an export of the plain name `run` is taken for it.
//! - A call of `proc_exit` keeps its code: see [`exit`].

use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{ExportSection, ImportSection, Module};
use wasmparser::{Imports, Parser, Payload};
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WorldId, WorldItem,
};

use super::exit;

/// The name that a function of the world's has in a module, and its plain name.
pub(super) struct ExportName {
    full: String,
    plain: String,
}

/// The names of all functions that a module of this world exports.
pub(super) fn export_names(resolve: &Resolve, world: WorldId) -> Vec<ExportName> {
    let exports = resolve.worlds[world].exports.iter();
    let functions = exports.flat_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } => {
            let functions = resolve.interfaces[*id].functions.values();
            functions.map(|function| (Some(key), function)).collect()
        }
        WorldItem::Function(function) => vec![(None, function)],
        WorldItem::Type { .. } => Vec::new(),
    });
    functions
        .flat_map(|(interface, func)| {
            let name = |interface, kind| {
                let export = WasmExport::Func { interface, func, kind };
                resolve.wasm_export_name(ManglingAndAbi::Legacy(LiftLowerAbi::Sync), export)
            };
            [|| WasmExportKind::Normal, || WasmExportKind::PostReturn]
                .map(|kind| ExportName { full: name(interface, kind()), plain: name(None, kind()) })
        })
        .collect()
}

/// What the custom sections of a module hold whose names begin so.
pub(super) fn sections<'a>(module: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let payloads = Parser::new(0).parse_all(module);
    payloads.flatten().filter_map(move |payload| match payload {
        Payload::CustomSection(section) if section.name().starts_with(name) => Some(section.data()),
        _ => None,
    })
}

/// The module with the exports that it needs; of these names those are taken that are not there.
pub(super) fn prepare(module: &[u8], names: &[ExportName]) -> Result<Vec<u8>, String> {
    let outline = Outline::read(module).map_err(|error| error.to_string())?;
    let has = |name: &str| outline.exports.iter().any(|export| export == name);
    let missing = names.iter().filter(|name| !has(&name.full) && has(&name.plain)).collect();
    let mut changes = Changes { missing };
    if changes.missing.is_empty() && !outline.exits {
        return Ok(module.to_owned());
    }
    let mut changed = Module::new();
    changes
        .parse_core_module(&mut changed, Parser::new(0), module)
        .map_err(|error| error.to_string())?;
    let mut changed = changed.finish();
    if outline.exits {
        exit::declare(&mut changed)?;
    }
    Ok(changed)
}

/// What must be known of a module to change it.
#[derive(Default)]
struct Outline {
    exports: Vec<String>,
    /// Whether it imports `proc_exit`.
    exits: bool,
}

impl Outline {
    fn read(module: &[u8]) -> wasmparser::Result<Self> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        outline.exits |= exit::is_exit(&import?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        outline.exports.push(export?.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}

/// What is changed as a module is written anew.
struct Changes<'a> {
    missing: Vec<&'a ExportName>,
}

impl Reencode for Changes<'_> {
    type Error = Infallible;

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), reencode::Error> {
        match imports {
            Imports::Single(_, import) if exit::is_exit(&import) => {
                section.import(exit::MODULE, exit::FUNCTION, self.entity_type(import.ty)?);
                Ok(())
            }
            _ => utils::parse_imports(self, section, imports),
        }
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Result<(), reencode::Error> {
        let full = self.missing.iter().find(|name| name.plain == export.name);
        let name = full.map_or(export.name, |name| &name.full);
        exports.export(
            name,
            self.export_kind(export.kind)?,
            self.external_index(export.kind, export.index)?,
        );
        Ok(())
    }
}
