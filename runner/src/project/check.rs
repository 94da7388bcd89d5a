//! What is to be said of a plugin's file to who made it.

use std::path::Path;

use crate::permission::Kind as Reach;
use crate::plugin::{Ability, Inspection, Manifest, brief};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// This runner does not run the file.
    Error,
    /// It does, and something is not as it is meant.
    Warning,
}

/// Something that is to be said of a file.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

/// All that is wrong with a plugin's file, the errors first. `offers` tells whether this runner has an
/// interface.
pub(crate) fn check(inspection: &Inspection, offers: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut errors = foreign_imports(inspection, offers);
    let mut warnings = inspection.remarks.clone();
    match &inspection.manifest {
        Ok(manifest) => {
            warnings.extend(other_name(manifest, &inspection.source));
            warnings.extend(useless_requests(manifest, inspection));
        }
        Err(fault) => errors.insert(0, fault.to_string()),
    }
    let error = |message| Finding { severity: Severity::Error, message };
    let warning = |message| Finding { severity: Severity::Warning, message };
    errors.into_iter().map(error).chain(warnings.into_iter().map(warning)).collect()
}

/// Imports that this runner does not have.
fn foreign_imports(inspection: &Inspection, offers: &dyn Fn(&str) -> bool) -> Vec<String> {
    let imports = inspection.facts.imports.iter().filter(|import| !import.is_types_only());
    let foreign: Vec<&str> = match (inspection.facts.is_component(), &inspection.manifest) {
        (true, _) => imports.map(|import| import.name.as_str()).filter(|it| !offers(it)).collect(),
        // What a core module imports is known function by function.
        (false, Ok(_)) => inspection.verdict.unknown().iter().map(String::as_str).collect(),
        // It is no program for one of its imports, which that says.
        (false, Err(_)) => Vec::new(),
    };
    let message = |name| format!("it imports `{}`, which this runner does not have", brief(name));
    foreign.into_iter().map(message).collect()
}

/// That the command and its file have different names.
fn other_name(manifest: &Manifest, path: &Path) -> Option<String> {
    let name = manifest.name().as_str();
    let stem = path.file_stem()?;
    (stem != name).then(|| {
        let file = path.file_name().unwrap_or_default().display();
        format!("the command is called `{name}`, and the file `{file}`")
    })
}

/// Requests that the file's imports cannot use.
fn useless_requests(manifest: &Manifest, inspection: &Inspection) -> Vec<String> {
    let cannot = |kind: Reach| {
        let ability = match kind {
            Reach::Read | Reach::Write => Ability::Files,
            Reach::Env => Ability::Environment,
            Reach::Connect | Reach::Udp | Reach::Resolve | Reach::Http => Ability::Network,
        };
        inspection.verdict.imports_for(ability).is_empty().then(|| ability.proof())
    };
    let requests = manifest.requests.iter();
    let useless = requests.filter_map(|request| {
        let proof = cannot(request.capability.kind)?;
        Some(format!("it requests `{}`, which is of no use: it {proof}", request.capability))
    });
    useless.collect()
}
