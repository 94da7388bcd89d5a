//! Tables, for terminals and for pages alike.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, presets};

use crate::bench::machine::Machine;
use crate::bench::scenario::{Point, Race, Series};
use crate::bench::target::{Bound, Verdict};

/// A table of text. The first column is for words, the others for figures.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Whether all but the first column stand at the right.
    figures: bool,
}

impl Table {
    fn new<const N: usize>(head: [&str; N], figures: bool) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new(), figures }
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub(super) fn for_terminals(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(&self.head).add_rows(&self.rows);
        if self.figures {
            for column in table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.to_string()
    }

    /// As Markdown.
    pub(super) fn for_pages(&self) -> String {
        let right = |place: usize| self.figures && place > 0;
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let rule: Vec<String> = (0..self.head.len())
            .map(|place| if right(place) { "---:" } else { "---" }.to_owned())
            .collect();
        let lines = [line(&self.head), line(&rule)];
        lines
            .into_iter()
            .chain(self.rows.iter().map(|row| line(row)))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Where it was measured, and with what.
pub(super) fn machine(machine: &Machine) -> Table {
    let mut table = Table::new(["measured", "on"], false);
    for (name, value) in [
        ("date", machine.date.clone()),
        ("commit", machine.commit.clone()),
        ("processor", format!("{}, {} of it", machine.processor, machine.processors)),
        ("memory", machine.memory.clone()),
        ("kernel", machine.kernel.clone()),
        ("load before", machine.load.clone()),
        ("compiler", machine.rustc.clone()),
    ] {
        table.row([name.to_owned(), value]);
    }
    for (name, version) in &machine.peers {
        table.row([name.clone(), version.clone()]);
    }
    if !machine.absent.is_empty() {
        table.row(["absent".to_owned(), machine.absent.join(", ")]);
    }
    table
}

/// What was measured in turn, with ratios to the first row.
pub(super) fn race(race: &Race) -> Table {
    let head = ["", "median", "ratio", "least", "spread", "processor", "memory", "largest", "runs"];
    let mut table = Table::new(head, true);
    for row in &race.rows {
        let memory = |of: fn(&crate::bench::memory::Memory) -> u64| {
            row.memory.as_ref().map_or_else(|| "?".to_owned(), |memory| megabytes(of(memory)))
        };
        table.row([
            row.name.clone(),
            seconds(row.wall.median),
            ratio(row.wall.median / race.rows[0].wall.median),
            seconds(row.wall.minimum),
            format!("{:.0} %", row.wall.relative() * 100.0),
            seconds(row.processor.median),
            memory(|memory| memory.together),
            memory(|memory| memory.largest),
            row.runs.to_string(),
        ]);
    }
    table
}

/// How things grow: a table for each thing that something grows with.
pub(super) fn growth(series: &[Series]) -> BTreeMap<&'static str, Table> {
    let mut tables = BTreeMap::new();
    for one in series {
        let table = tables
            .entry(one.of)
            .or_insert_with(|| Table::new(["", one.of, "median", "for each more", "memory"], true));
        for (place, point) in one.points.iter().enumerate() {
            table.row([
                if place == 0 { one.name.clone() } else { String::new() },
                point.size.to_string(),
                seconds(point.seconds),
                place
                    .checked_sub(1)
                    .map_or_else(String::new, |before| each(&one.points[before], point)),
                point.memory.map_or_else(|| "?".to_owned(), |it| megabytes(it.together)),
            ]);
        }
    }
    tables
}

/// The time that each one more takes, between two points: the same all along where a line is straight.
fn each(before: &Point, point: &Point) -> String {
    let more = point.size.saturating_sub(before.size).max(1) as f64;
    let seconds = (point.seconds - before.seconds) / more;
    if seconds.abs() < 1e-7 {
        format!("{:.3} ns", seconds * 1e9)
    } else {
        format!("{:.2} µs", seconds * 1e6)
    }
}

/// What came of the targets.
pub(super) fn targets<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Table {
    let mut table = Table::new(["target", "bound", "measured", "", "least", "processor"], true);
    for verdict in verdicts {
        let bound = match verdict.bound {
            Bound::AtMost(bound) => format!("≤ {bound}"),
            Bound::AtLeast(bound) => format!("≥ {bound}"),
        };
        let word = match (verdict.ratio, verdict.met) {
            (None, _) => "not measured",
            (_, true) => "met",
            (_, false) => "not met",
        };
        let [measured, least, processor] = [verdict.ratio, verdict.of_least, verdict.of_processor]
            .map(|value| value.map_or_else(String::new, ratio));
        table.row([verdict.name.clone(), bound, measured, word.to_owned(), least, processor]);
    }
    table
}

/// A time for people, with three digits that count.
pub(super) fn seconds(seconds: f64) -> String {
    let (value, unit) = if seconds < 1e-3 {
        (seconds * 1e6, "µs")
    } else if seconds < 1.0 {
        (seconds * 1e3, "ms")
    } else {
        (seconds, "s")
    };
    format!("{} {unit}", three(value))
}

fn ratio(ratio: f64) -> String {
    three(ratio)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Three digits that count, or as many as stand before the point.
fn three(value: f64) -> String {
    let digits = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 4.0);
    format!("{value:.*}", digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(seconds(0.001_234_5), "1.23 ms");
        assert_eq!(seconds(0.000_45), "450 µs");
        assert_eq!(seconds(12.34), "12.3 s");
        assert_eq!([ratio(0.0432), ratio(0.4321), ratio(1234.5)], ["0.0432", "0.432", "1234"]);
    }

    #[test]
    fn what_was_not_measured_is_told() {
        let verdict = Verdict {
            name: "it".into(),
            bound: Bound::AtMost(0.4),
            ratio: None,
            of_least: None,
            of_processor: None,
            met: false,
        };
        assert_eq!(
            targets([&verdict].into_iter()).for_pages().lines().last(),
            Some("| it | ≤ 0.4 |  | not measured |  |  |")
        );
    }

    #[test]
    fn each_more_costs_the_same_on_a_straight_line() {
        let point = |size, seconds| Point { size, seconds, memory: None };
        assert_eq!(each(&point(0, 1.0), &point(1000, 1.002)), "2.00 µs");
        assert_eq!(each(&point(1000, 1.0), &point(2000, 1.002)), "2.00 µs");
    }
}
