//! What was measured, for people: on the terminal, and in the documentation.

mod page;
mod plot;
mod table;

use super::Results;
use super::machine::Machine;
use super::scenario::Measured;
use table::Table;

pub(super) use page::record;

/// Shows where it is measured.
pub(super) fn machine(machine: &Machine) {
    println!("{}", table::machine(machine).for_terminals());
}

/// Shows what was measured in a scenario.
pub(super) fn measured(title: &str, measured: &Measured) {
    for race in &measured.races {
        println!("\n{title}: {}\n{}", race.title, table::race(race).for_terminals());
    }
    for (of, table) in table::growth(&measured.growth) {
        println!("\n{title}: {of}\n{}", table.for_terminals());
    }
}

/// Shows what came of the targets.
pub(super) fn targets(results: &Results) {
    let table: Table = table::targets(results.verdicts());
    let first_look = if results.quick { ", at a first look" } else { "" };
    println!("\nTargets{first_look}\n{}", table.for_terminals());
}
