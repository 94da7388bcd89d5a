//! What can be known of a file without running it: what it is, and all that it asks of its host.

use std::collections::BTreeMap;

use wasmparser::Validator;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::types::Types;

use super::kind::{self, Kind, KindError};
use super::outline::{CoreImport, FEATURES, Form, ItemKind};
use crate::guard::guard;

/// What is known of a file that is valid WebAssembly.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    /// What it asks of its host, in the order of the file. There is no other way from a plugin to the
    /// host.
    pub(crate) imports: Vec<Import>,
    /// The names of what it exports, in the order of the file.
    pub(crate) exports: Vec<String>,
}

/// One import of a component; or all that a core module imports from one module.
#[derive(Debug)]
pub(crate) struct Import {
    /// The name: of an interface with its version, as a rule.
    pub(crate) name: String,
    /// What is imported under the name; of a core module, the module itself counts as an instance.
    pub(crate) kind: ItemKind,
    /// What the file can use of an interface, or of a core module's module: toolchains leave out the
    /// functions that a program does not call.
    pub(crate) items: Vec<Item>,
}

/// One thing of an interface.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) kind: ItemKind,
}

impl Import {
    /// The functions that the file can call by this import.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        let functions = self.items.iter().filter(|item| item.kind == ItemKind::Function);
        functions.map(|item| item.name.as_str())
    }

    /// Whether it is there for its types alone, and so reaches nothing.
    pub(crate) fn is_types_only(&self) -> bool {
        match self.kind {
            ItemKind::Type => true,
            ItemKind::Instance => self.items.iter().all(|item| item.kind == ItemKind::Type),
            ItemKind::Function | ItemKind::Other => false,
        }
    }
}

impl Facts {
    /// The version of the contract that a plugin was made for.
    pub(crate) fn wit_version(&self) -> Option<&str> {
        match &self.kind {
            Kind::Command { contract } => Some(contract),
            _ => None,
        }
    }

    /// Whether it is a component, and no core module.
    pub(crate) fn is_component(&self) -> bool {
        match self.kind {
            Kind::Command { .. } | Kind::WasiCommand { .. } | Kind::OtherComponent => true,
            Kind::ModuleCommand { .. } | Kind::ModuleReactor | Kind::OtherModule => false,
        }
    }

    /// All that it imports, by name and sorted: the interfaces of a component, `module.item` of a core
    /// module.
    pub(crate) fn import_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .imports
            .iter()
            .flat_map(|import| match self.is_component() {
                false => {
                    import.items.iter().map(|i| format!("{}.{}", import.name, i.name)).collect()
                }
                true => vec![import.name.clone()],
            })
            .collect();
        names.sort();
        names
    }
}

/// Validates a file as the sandbox's engine does, and says what is known of it.
pub(crate) fn facts(bytes: &[u8]) -> Result<Facts, KindError> {
    let outline = kind::outline(bytes)?;
    let validate = || Validator::new_with_features(FEATURES).validate_all(bytes);
    let types = guard(validate).map_err(KindError::unchecked)??;
    let imports = match outline.form {
        Form::Module => modules(&outline.core_imports),
        Form::Component => outline.imports.iter().map(|name| interface(name, &types)).collect(),
    };
    let exports = outline.exports.iter().map(|(name, _)| (*name).to_owned()).collect();
    Ok(Facts { kind: Kind::of(&outline), imports, exports })
}

/// What a core module imports, by the modules that it imports from.
fn modules(imports: &[CoreImport<'_>]) -> Vec<Import> {
    let mut modules: Vec<Import> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for import in imports {
        let place = *places.entry(import.module).or_insert_with(|| {
            modules.push(Import {
                name: import.module.to_owned(),
                kind: ItemKind::Instance,
                items: Vec::new(),
            });
            modules.len() - 1
        });
        modules[place].items.push(Item { name: import.name.to_owned(), kind: import.kind });
    }
    modules
}

/// One import of a component, with what its type lets the component use.
fn interface(name: &str, types: &Types) -> Import {
    let (kind, items) = match types.component_item_for_import(name).map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            let exports = types[id].exports.iter();
            let item = |(name, item): (&String, &ComponentItem)| Item {
                name: name.clone(),
                kind: kind_of(item.ty),
            };
            (ItemKind::Instance, exports.map(item).collect())
        }
        Some(entity) => (kind_of(entity), Vec::new()),
        // It could be anything.
        None => (ItemKind::Other, Vec::new()),
    };
    Import { name: name.to_owned(), kind, items }
}

fn kind_of(entity: ComponentEntityType) -> ItemKind {
    match entity {
        ComponentEntityType::Func(_) => ItemKind::Function,
        ComponentEntityType::Type { .. } => ItemKind::Type,
        // An instance within an instance is nothing that WASI has.
        _ => ItemKind::Other,
    }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
