//! Changes a core module so that a component can be made of it.
//!
//! Two things that some compilers cannot do are done here:
//!
//! - A function of the world's is exported as `taskrunner:plugin/guest@0.1.0#run`. Where a language has
//!   no such names (AssemblyScript), an export of the plain name `run` is taken for it.
//! - The adapter of WASI preview 1 asks the module for memory, by an export `cabi_realloc`, from the
//!   module's first call of WASI on. Where the language's own runtime is not ready by then (Go), the
//!   module declares a reserve: static data of [`RESERVE_SIZE`] bytes that begins with [`RESERVE_MARK`].
//!   The export is added, and takes the memory from there.

use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Module, TypeSection, ValType,
};
use wasmparser::{DataKind, Operator, Parser, Payload, TypeRef};
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WorldId, WorldItem,
};

/// What a reserve begins with.
const RESERVE_MARK: &[u8] = b"TASKRUNNER-ADAPTER-RESERVE-256K!";

/// The size of a reserve, with its mark, in bytes.
const RESERVE_SIZE: u32 = 256 * 1024;

/// The export by which the adapter asks for memory.
const ADAPTER_REALLOC: &str = "cabi_realloc_adapter";

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

/// Whether a module has a custom section whose name begins so.
pub(super) fn has_section(module: &[u8], name: &str) -> bool {
    let payloads = Parser::new(0).parse_all(module);
    payloads.flatten().any(
        |payload| matches!(payload, Payload::CustomSection(section) if section.name().starts_with(name)),
    )
}

/// The module with the exports that it needs; of these names those are taken that are not there.
pub(super) fn prepare(module: &[u8], names: &[ExportName]) -> Result<Vec<u8>, String> {
    let outline = Outline::read(module).map_err(|error| error.to_string())?;
    let has = |name: &str| outline.exports.iter().any(|export| export == name);
    let missing = names.iter().filter(|name| !has(&name.full) && has(&name.plain)).collect();
    let reserve = outline.reserve.filter(|_| !has(ADAPTER_REALLOC));
    let mut changes = Changes { missing, reserve, outline: &outline };
    if changes.missing.is_empty() && changes.reserve.is_none() {
        return Ok(module.to_owned());
    }
    let mut changed = Module::new();
    changes
        .parse_core_module(&mut changed, Parser::new(0), module)
        .map_err(|error| error.to_string())?;
    Ok(changed.finish())
}

/// What must be known of a module to add to it.
#[derive(Default)]
struct Outline {
    exports: Vec<String>,
    types: u32,
    functions: u32,
    declared_functions: u32,
    globals: u32,
    /// The address of its reserve.
    reserve: Option<u32>,
}

impl Outline {
    fn read(module: &[u8]) -> wasmparser::Result<Self> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        outline.types += u32::try_from(group?.types().len()).unwrap_or_default();
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => outline.functions += 1,
                            TypeRef::Global(_) => outline.globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    outline.functions += functions.count();
                    outline.declared_functions = functions.count();
                }
                Payload::GlobalSection(globals) => outline.globals += globals.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        outline.exports.push(export?.name.to_owned());
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        outline.reserve = outline.reserve.or(reserve(&segment?)?);
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}

/// The address of the reserve in a data segment, if it is there, and has its size.
fn reserve(segment: &wasmparser::Data<'_>) -> wasmparser::Result<Option<u32>> {
    let DataKind::Active { memory_index: 0, offset_expr } = &segment.kind else { return Ok(None) };
    let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
        return Ok(None);
    };
    let mut windows = segment.data.windows(RESERVE_MARK.len());
    let Some(at) = windows.position(|window| window == RESERVE_MARK) else { return Ok(None) };
    let address = u32::try_from(at).ok().and_then(|at| value.cast_unsigned().checked_add(at));
    Ok(address.filter(|address| address.checked_add(RESERVE_SIZE).is_some()))
}

/// What is changed as a module is written anew.
struct Changes<'a> {
    missing: Vec<&'a ExportName>,
    reserve: Option<u32>,
    outline: &'a Outline,
}

impl Reencode for Changes<'_> {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_type_section(self, types, section)?;
        if self.reserve.is_some() {
            types.ty().function([ValType::I32; 4], [ValType::I32]);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_function_section(self, functions, section)?;
        if self.reserve.is_some() {
            functions.function(self.outline.types);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_global_section(self, globals, section)?;
        if let Some(reserve) = self.reserve {
            let first = reserve.saturating_add(u32::try_from(RESERVE_MARK.len()).unwrap_or(0));
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(first.cast_signed()));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_export_section(self, exports, section)?;
        if self.reserve.is_some() {
            exports.export(ADAPTER_REALLOC, ExportKind::Func, self.outline.functions);
        }
        Ok(())
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

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_code_section(self, code, section)?;
        if let Some(reserve) = self.reserve {
            code.function(&bump_allocator(
                self.outline.globals,
                reserve.saturating_add(RESERVE_SIZE),
            ));
        }
        Ok(())
    }
}

/// `realloc(old, old-size, align, new-size)` that hands out memory up to an end, each byte once, and
/// traps where there is no more. `next` is the global with the next free address.
fn bump_allocator(next: u32, end: u32) -> Function {
    const ALIGN: u32 = 2;
    const NEW_SIZE: u32 = 3;
    const RESULT: u32 = 4;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    // result = (next + align - 1) & -align
    code.global_get(next).local_get(ALIGN).i32_add().i32_const(1).i32_sub();
    code.i32_const(0).local_get(ALIGN).i32_sub().i32_and().local_tee(RESULT);
    // next = result + new-size
    code.local_get(NEW_SIZE).i32_add().global_set(next);
    // next <= end, or a trap
    code.global_get(next).i32_const(end.cast_signed()).i32_gt_u();
    code.if_(BlockType::Empty).unreachable().end();
    code.local_get(RESULT).end();
    function
}
