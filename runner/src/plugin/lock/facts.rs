//! What a plugin's bytes say of what it needs.

use wasmparser::{Parser, Payload};

use crate::plugin::kind::KindError;

/// The contract's interface, of which each plugin exports one version.
const GUEST: &str = "taskrunner:plugin/guest@";

/// What the bytes of a component tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The version of the contract that it was made for.
    pub(crate) wit: String,
    /// The interfaces that it imports, sorted.
    pub(crate) imports: Vec<String>,
}

/// Reads the outermost component's imports and exports. The bytes have passed the check of their kind.
pub(crate) fn facts(bytes: &[u8]) -> Result<Facts, KindError> {
    read(bytes).map_err(|error| KindError::Malformed(error.message().to_owned()))
}

fn read(bytes: &[u8]) -> wasmparser::Result<Facts> {
    let mut facts = Facts { wit: String::new(), imports: Vec::new() };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    facts.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if depth == 1 => {
                for export in exports {
                    if let Some(version) = export?.name.name.strip_prefix(GUEST) {
                        facts.wit = version.to_owned();
                    }
                }
            }
            _ => {}
        }
    }
    facts.imports.sort();
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_embedded_plugin_imports_is_told() {
        let (_, bytes) = crate::embedded::PLUGINS[0];
        let facts = facts(bytes).expect("a component");
        assert_eq!(facts.wit, "0.1.0");
        let has = |name: &str| facts.imports.iter().any(|import| import.starts_with(name));
        assert!(has("taskrunner:plugin/log@") && has("wasi:filesystem/types@"), "{facts:?}");
        assert!(!has("wasi:sockets/"), "{facts:?}");
    }
}
