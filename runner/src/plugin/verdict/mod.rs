//! What a plugin can never do, proven by its imports.
//!
//! A file reaches its host only by what its outermost level imports, and of an interface only by the
//! functions that its import names: what it does not import, it cannot do, whatever it is granted. So a
//! *never* is a proof, and the opposite only says that the proof fails. An import that is not known here
//! could give anything, so that nothing is proven of a file that has one.

mod core_modules;
mod interfaces;

use std::fmt;

use super::facts::{Facts, Import};
use super::kind::Kind;
use crate::text::visible_line;

/// What a plugin could do beyond computing, and writing to the streams that every command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Ability {
    /// Connect, listen, look up a name, send a request
    Network,
    /// Open, list or change files and directories
    Files,
    /// Read environment variables
    Environment,
    /// Read standard input
    Stdin,
    /// Ask a clock, or wait for one
    Clocks,
    /// Draw random numbers
    Random,
}

impl Ability {
    pub(crate) const ALL: [Self; 6] =
        [Self::Network, Self::Files, Self::Environment, Self::Stdin, Self::Clocks, Self::Random];

    /// Its word, for `--forbid` and for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Files => "files",
            Self::Environment => "environment",
            Self::Stdin => "stdin",
            Self::Clocks => "clocks",
            Self::Random => "random",
        }
    }

    /// Whether the runner gives it only where it was granted; else every command has it.
    pub(crate) fn needs_grant(self) -> bool {
        matches!(self, Self::Network | Self::Files | Self::Environment)
    }

    /// Why a file that lacks such imports can never do it.
    pub(crate) fn proof(self) -> &'static str {
        match self {
            Self::Network => "imports no function of sockets or HTTP",
            Self::Files => "imports no function that opens, lists or changes files",
            Self::Environment => "imports no function that reads environment variables",
            Self::Stdin => "imports no function that reads standard input",
            Self::Clocks => "imports no function of clocks",
            Self::Random => "imports no function that gives random numbers",
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The most imports that are named as the reason for one ability.
const MAX_REASONS: usize = 4;

/// The most characters that are shown of a name from a file, which may have any length.
const MAX_NAME: usize = 100;

/// A name from a file, for people: on one line, of bounded length and fit for a terminal.
pub(crate) fn brief(name: &str) -> String {
    let mut cut: String = name.chars().take(MAX_NAME).collect();
    if cut.len() < name.len() {
        cut.push('…');
    }
    visible_line(&cut)
}

/// What follows from the facts of a file.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Which imports give which ability.
    given: Vec<(Ability, String)>,
    /// Imports that could give anything.
    unknown: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(facts: &Facts) -> Self {
        let mut verdict = Self { given: Vec::new(), unknown: Vec::new() };
        match facts.kind {
            Kind::ModuleCommand { .. } | Kind::ModuleReactor | Kind::OtherModule => {
                core_modules::judge(&facts.imports, &mut verdict);
            }
            Kind::Command { .. } | Kind::WasiCommand { .. } | Kind::OtherComponent => {
                interfaces::judge(&facts.imports, &mut verdict);
            }
        }
        verdict
    }

    /// The imports by which the file could do it; none where it is proven that it never can.
    pub(crate) fn imports_for(&self, ability: Ability) -> Vec<&str> {
        let given = self.given.iter().filter(|(given, _)| *given == ability);
        given.map(|(_, import)| import).chain(&self.unknown).map(String::as_str).collect()
    }

    /// Which of these abilities the file could have, each once and in their order.
    pub(crate) fn able(&self, abilities: &[Ability]) -> Vec<Ability> {
        let asked = Ability::ALL.into_iter().filter(|ability| abilities.contains(ability));
        asked.filter(|ability| !self.imports_for(*ability).is_empty()).collect()
    }

    /// Why it could, for people: a few of the imports, fit for a terminal.
    pub(crate) fn reason(&self, ability: Ability) -> Option<String> {
        let imports = self.imports_for(ability);
        let (named, more) = imports.split_at(imports.len().min(MAX_REASONS));
        if named.is_empty() {
            return None;
        }
        let named: Vec<String> = named.iter().map(|name| format!("`{}`", brief(name))).collect();
        let more = match more.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        Some(format!("imports {}{more}", named.join(", ")))
    }

    /// Imports that are not known to this runner, which does not provide them either.
    pub(crate) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    fn give(&mut self, abilities: impl IntoIterator<Item = Ability>, import: &str) {
        self.given.extend(abilities.into_iter().map(|ability| (ability, import.to_owned())));
    }

    fn doubt(&mut self, import: &str) {
        self.unknown.push(import.to_owned());
    }
}

#[cfg(test)]
mod tests;
