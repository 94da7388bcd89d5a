//! A WebAssembly file on its outermost level, by its bytes alone: what form it has, what it imports and
//! what it exports. The only place that walks through a file.
//!
//! Of what is nested inside (the modules and components that a component is made of) nothing is noted: it
//! reaches the host only through what the outermost level imports.

use wasmparser::{Chunk, ComponentExternalKind, Encoding, Parser, Payload, TypeRef, WasmFeatures};

use super::kind::KindError;
use super::nesting;

/// The features of WebAssembly that the sandbox's engine has: those of wasmtime, without threads.
pub(super) const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::CM_ASYNC)
    .difference(WasmFeatures::THREADS);

/// In the words of the parser.
const CUT_SHORT: &str = "unexpected end-of-file";

/// The two forms of WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Component,
    Module,
}

/// What is imported or exported under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// An interface, in a component.
    Instance,
    Function,
    Type,
    /// A memory, a table, a global, a value, code: anything else.
    Other,
}

/// The outermost level of a file.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    pub(super) form: Form,
    /// The imports of a core module.
    pub(super) core_imports: Vec<CoreImport<'a>>,
    /// The names of the imports of a component.
    pub(super) imports: Vec<&'a str>,
    pub(super) exports: Vec<(&'a str, ItemKind)>,
    /// What the custom sections for a manifest hold: one, as a rule.
    pub(super) manifests: Vec<&'a [u8]>,
}

/// The name of the custom section that holds a manifest.
pub(crate) const MANIFEST_SECTION: &str = "taskrunner:manifest";

/// One import of a core module.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoreImport<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
    pub(super) kind: ItemKind,
}

impl<'a> Outline<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, KindError> {
        let mut outline = Self {
            form: Form::Module,
            core_imports: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            manifests: Vec::new(),
        };
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        let mut outer = Vec::new();
        let mut rest = bytes;
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                return Err(malformed(CUT_SHORT));
            };
            rest = skip(rest, consumed)?;
            match payload {
                Payload::ComponentSection { parser: nested, .. } => {
                    outer.push(std::mem::replace(&mut parser, nested));
                    nesting::check_depth(outer.len())?;
                }
                Payload::ModuleSection { unchecked_range: nested, .. } => {
                    rest = skip(rest, nested.len())?;
                }
                Payload::CodeSectionStart { size, .. } => {
                    parser.skip_section();
                    rest = skip(rest, usize::try_from(size).unwrap_or(usize::MAX))?;
                }
                Payload::ComponentTypeSection(types) => {
                    let (range, cut_short) = (types.range(), || malformed(CUT_SHORT));
                    let section = bytes.get(range.clone()).ok_or_else(cut_short)?;
                    nesting::check_types(section, range.start)?;
                }
                Payload::End(_) => match outer.pop() {
                    Some(outer) => parser = outer,
                    None => return Ok(outline),
                },
                payload if outer.is_empty() => outline.note(payload)?,
                _ => {}
            }
        }
    }

    fn note(&mut self, payload: Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => self.form = Form::Component,
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.core_imports.push(CoreImport {
                        module: import.module,
                        name: import.name,
                        kind: match import.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => ItemKind::Function,
                            _ => ItemKind::Other,
                        },
                    });
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let kind = match export.kind {
                        wasmparser::ExternalKind::Func => ItemKind::Function,
                        _ => ItemKind::Other,
                    };
                    self.exports.push((export.name, kind));
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                self.manifests.push(section.data());
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    self.exports.push((export.name.name, kind_of_export(export.kind)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn malformed(problem: &str) -> KindError {
    KindError::Malformed(problem.to_owned())
}

fn skip(bytes: &[u8], count: usize) -> Result<&[u8], KindError> {
    bytes.get(count..).ok_or_else(|| malformed(CUT_SHORT))
}

fn kind_of_export(kind: ComponentExternalKind) -> ItemKind {
    match kind {
        ComponentExternalKind::Instance => ItemKind::Instance,
        ComponentExternalKind::Func => ItemKind::Function,
        ComponentExternalKind::Type => ItemKind::Type,
        _ => ItemKind::Other,
    }
}
