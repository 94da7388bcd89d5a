//! The contract's types for TypeScript, as componentize-qjs gives its values to a program: the template has
//! them, so that a plugin is checked against the contract when it is built.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wit_parser::{
    Function, InterfaceId, PackageId, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem,
};

const CONTRACT: &str = "wit/command.wit";
const TYPES: &str = "runner/templates/typescript/types/contract.d.ts";
const HEADING: &str = "\
// The contract, `wit/command.wit`, as componentize-qjs gives it to a program. Written by `cargo xtask types`.
// What is optional may be left out; every whole number is a `number`; a function fails by throwing the failure.
";

/// Writes the types anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    let types = declarations(&root.join(CONTRACT))?;
    fs::write(root.join(TYPES), types).with_context(|| format!("cannot write {TYPES}"))
}

/// What `contract.d.ts` should hold.
fn declarations(contract: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let package = resolve.push_file(contract)?;
    let mut types = HEADING.to_owned();
    for &interface in resolve.packages[package].interfaces.values() {
        types.push_str(&Module { resolve: &resolve, package, interface }.declaration()?);
    }
    Ok(types)
}

/// An interface of the contract: a module to TypeScript.
struct Module<'a> {
    resolve: &'a Resolve,
    package: PackageId,
    interface: InterfaceId,
}

impl Module<'_> {
    fn declaration(&self) -> Result<String> {
        let interface = &self.resolve.interfaces[self.interface];
        let name = interface.name.as_deref().context("an interface without a name")?;
        let mut items = Vec::new();
        let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for &id in interface.types.values() {
            let definition = &self.resolve.types[id];
            match definition.kind {
                TypeDefKind::Type(Type::Id(original)) => {
                    let module = self.module_of(&self.resolve.types[original])?;
                    used.entry(module).or_default().push(pascal(named(definition)?));
                }
                _ => items.push(self.type_declaration(definition)?),
            }
        }
        for (module, names) in used {
            items.insert(0, format!("import type {{ {} }} from '{module}';\n", names.join(", ")));
        }
        let functions = interface.functions.values();
        if self.is_exported() {
            let methods: Result<String> = functions
                .map(|function| Ok(documented(&function.docs.contents, &self.signature(function)?)))
                .collect();
            items.push(format!(
                "export interface {} {{\n{}}}\n",
                pascal(name),
                indented(&methods?)
            ));
        } else {
            for function in functions {
                let signature = format!("export function {}", self.signature(function)?);
                items.push(documented(&function.docs.contents, &signature));
            }
        }
        let module = self.module_name(self.interface)?;
        Ok(format!("\ndeclare module '{module}' {{\n{}}}\n", indented(&items.join("\n"))))
    }

    /// Whether the plugin gives this interface to the runner.
    fn is_exported(&self) -> bool {
        let package = &self.resolve.packages[self.package];
        package.worlds.values().any(|&world| {
            self.resolve.worlds[world].exports.values().any(
                |item| matches!(item, WorldItem::Interface { id, .. } if *id == self.interface),
            )
        })
    }

    fn module_of(&self, definition: &TypeDef) -> Result<String> {
        match definition.owner {
            TypeOwner::Interface(interface) => self.module_name(interface),
            _ => bail!("a type that belongs to no interface"),
        }
    }

    fn module_name(&self, interface: InterfaceId) -> Result<String> {
        self.resolve.id_of(interface).context("an interface without a name")
    }

    fn type_declaration(&self, definition: &TypeDef) -> Result<String> {
        let name = pascal(named(definition)?);
        let declaration = match &definition.kind {
            TypeDefKind::Record(record) => {
                let mut fields = String::new();
                for field in &record.fields {
                    let (mark, ty) = match self.optional(&field.ty) {
                        Some(inner) => ("?", self.type_name(inner)?),
                        None => ("", self.type_name(&field.ty)?),
                    };
                    let line = format!("{}{mark}: {ty};", camel(&field.name));
                    fields.push_str(&documented(&field.docs.contents, &line));
                }
                format!("export interface {name} {{\n{}}}", indented(&fields))
            }
            TypeDefKind::Variant(variant) => {
                let mut cases = String::new();
                for case in &variant.cases {
                    let tag = format!("tag: '{}'", case.name);
                    let line = match &case.ty {
                        Some(ty) => format!("| {{ {tag}; val: {} }}", self.type_name(ty)?),
                        None => format!("| {{ {tag} }}"),
                    };
                    cases.push_str(&documented(&case.docs.contents, &line));
                }
                format!("export type {name} =\n{};", indented(cases.trim_end()).trim_end())
            }
            TypeDefKind::Enum(words) => {
                let mut cases = String::new();
                for case in &words.cases {
                    let line = format!("| '{}'", case.name);
                    cases.push_str(&documented(&case.docs.contents, &line));
                }
                format!("export type {name} =\n{};", indented(cases.trim_end()).trim_end())
            }
            other => bail!("no rule for the type `{name}`, a {}", other.as_str()),
        };
        Ok(documented(&definition.docs.contents, &declaration))
    }

    fn signature(&self, function: &Function) -> Result<String> {
        let parameters: Result<Vec<String>> = function
            .params
            .iter()
            .map(|parameter| {
                Ok(format!("{}: {}", camel(&parameter.name), self.type_name(&parameter.ty)?))
            })
            .collect();
        let result = match &function.result {
            Some(ty) => self.type_name(ty)?,
            None => "void".to_owned(),
        };
        Ok(format!("{}({}): {result};", camel(&function.name), parameters?.join(", ")))
    }

    /// What is in an `option`.
    fn optional(&self, ty: &Type) -> Option<&Type> {
        let Type::Id(id) = ty else { return None };
        match &self.resolve.types[*id].kind {
            TypeDefKind::Option(inner) => Some(inner),
            _ => None,
        }
    }

    fn type_name(&self, ty: &Type) -> Result<String> {
        Ok(match ty {
            Type::Bool => "boolean".to_owned(),
            Type::String | Type::Char => "string".to_owned(),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => "number".to_owned(),
            Type::S8 | Type::S16 | Type::S32 | Type::S64 => "number".to_owned(),
            Type::F32 | Type::F64 => "number".to_owned(),
            Type::ErrorContext => bail!("no rule for an error context"),
            Type::Id(id) => self.compound_name(&self.resolve.types[*id])?,
        })
    }

    fn compound_name(&self, definition: &TypeDef) -> Result<String> {
        if let Some(name) = &definition.name {
            return Ok(pascal(name));
        }
        Ok(match &definition.kind {
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(element) => format!("{}[]", self.type_name(element)?),
            TypeDefKind::Option(inner) => format!("{} | undefined", self.type_name(inner)?),
            TypeDefKind::Tuple(tuple) => {
                let types: Result<Vec<String>> =
                    tuple.types.iter().map(|ty| self.type_name(ty)).collect();
                format!("[{}]", types?.join(", "))
            }
            TypeDefKind::Result(result) => match &result.ok {
                Some(ty) => self.type_name(ty)?,
                None => "void".to_owned(),
            },
            other => bail!("no rule for a {}", other.as_str()),
        })
    }
}

fn named(definition: &TypeDef) -> Result<&str> {
    definition.name.as_deref().context("a type without a name")
}

/// A line, or several, with what the contract says above them. The contract's own rulings are not part of that.
fn documented(docs: &Option<String>, declaration: &str) -> String {
    let mut text = String::new();
    let lines = docs.iter().flat_map(|docs| docs.lines()).filter(|line| !line.starts_with("----"));
    // A glob would end the comment.
    let lines: Vec<String> = lines.map(|line| line.trim().replace("*/", "*\\/")).collect();
    match lines.as_slice() {
        [] => {}
        [line] => _ = writeln!(text, "/** {line} */"),
        lines => {
            text.push_str("/**\n");
            for line in lines {
                _ = writeln!(text, "{}", format!(" * {line}").trim_end());
            }
            text.push_str(" */\n");
        }
    }
    text + declaration + "\n"
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    text.lines().map(line).collect()
}

fn camel(kebab: &str) -> String {
    let name = pascal(kebab);
    name[..1].to_lowercase() + &name[1..]
}

fn pascal(kebab: &str) -> String {
    kebab.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_types_of_the_contract() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let types = fs::read_to_string(root.join(TYPES)).expect("the types");
        let expected = declarations(&root.join(CONTRACT)).expect("the contract");
        assert_eq!(types, expected, "run cargo xtask types");
    }
}
