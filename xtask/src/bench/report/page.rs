//! Writes what was measured into `docs/performance.md`, between markers, and the plots beside it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{plot, table};
use crate::bench::Results;

/// The page and its plots, in the directory of the documentation.
const PAGE: &str = "performance.md";
const PLOTS: &str = "performance";

/// Writes the tables and the plots.
pub(crate) fn record(documentation: &Path, results: &Results) -> Result<()> {
    let path = documentation.join(PAGE);
    let mut page =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    replace(&mut page, "machine", &table::machine(&results.machine).for_pages())?;
    replace(&mut page, "targets", &table::targets(results.verdicts()).for_pages())?;
    let plots = documentation.join(PLOTS);
    fs::create_dir_all(&plots).with_context(|| format!("cannot create {}", plots.display()))?;
    for outcome in &results.scenarios {
        let mut parts: Vec<String> = outcome
            .measured
            .races
            .iter()
            .map(|race| format!("{}:\n\n{}", race.title, table::race(race).for_pages()))
            .collect();
        for (of, table) in table::growth(&outcome.measured.growth) {
            let series: Vec<_> =
                outcome.measured.growth.iter().filter(|series| series.of == of).collect();
            let file = format!("{of}.svg");
            plot::draw(&plots.join(&file), of, &series)?;
            let picture = format!("![Time and memory by the number of {of}]({PLOTS}/{file})");
            parts.push(format!("{picture}\n\n{}", table.for_pages()));
        }
        replace(&mut page, outcome.name, &parts.join("\n\n"))?;
    }
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}

/// Puts the text between the two markers of this name.
fn replace(page: &mut String, name: &str, text: &str) -> Result<()> {
    let (begin, end) = (format!("<!-- bench: {name} -->\n"), format!("<!-- /bench: {name} -->"));
    let from = page.find(&begin).with_context(|| format!("the page has no `{}`", begin.trim()))?;
    let from = from + begin.len();
    let to = page[from..].find(&end).with_context(|| format!("the page has no `{end}`"))?;
    page.replace_range(from..from + to, &format!("\n{text}\n\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Outcome;
    use crate::bench::compare::Row;
    use crate::bench::machine::Machine;
    use crate::bench::scenario::{Measured, Point, Race, Series};
    use crate::bench::statistics::Spread;
    use crate::bench::target::{Measure, Target};

    /// Something that was measured, in one scenario.
    fn results(name: &'static str) -> Results {
        let seconds = Spread::of([0.5]).expect("a value");
        let row = |id: &str| Row {
            id: id.to_owned(),
            name: format!("the program {id}"),
            runs: 1,
            wall: seconds,
            processor: seconds,
            memory: None,
        };
        let rows = vec![row("a"), row("b")];
        let target = Target::at_most(1.0, Measure::Time, "as fast", "a", "b").decide(&rows);
        let point = Point { size: 10, seconds: 0.5, memory: None };
        let growth = Series { of: "files", name: "a walk".to_owned(), points: vec![point] };
        let measured = Measured {
            races: vec![Race { title: "Both".to_owned(), rows }],
            targets: vec![target],
            growth: vec![growth],
        };
        let machine = Machine { date: "2026-01-02".to_owned(), ..Machine::default() };
        let outcome = Outcome { name, title: "A title", measured };
        Results { version: 1, machine, quick: false, scenarios: vec![outcome] }
    }

    #[test]
    fn what_was_measured_is_written_where_the_page_has_its_place() {
        let documentation = tempfile::tempdir().expect("a directory");
        let place = |name: &str| format!("<!-- bench: {name} -->\n<!-- /bench: {name} -->\n");
        let page = ["machine", "targets", "warm"].map(place).join("\n");
        let path = documentation.path().join(PAGE);
        fs::write(&path, page).expect("it can be written");
        record(documentation.path(), &results("warm")).expect("it can be recorded");
        let page = fs::read_to_string(&path).expect("it is there");
        for line in [
            "| date | 2026-01-02 |",
            "| as fast | ≤ 1 | 1.00 | met | 1.00 | 1.00 |",
            "Both:",
            "| the program b | 500 ms | 1.00 | 500 ms | 0 % | 500 ms | ? | ? | 1 |",
            "![Time and memory by the number of files](performance/files.svg)",
        ] {
            assert!(page.lines().any(|found| found == line), "no line `{line}` in\n{page}");
        }
        assert!(documentation.path().join("performance/files.svg").exists());
        // What the page has no place for is not left out in silence.
        assert!(record(documentation.path(), &results("cold")).is_err());
    }

    const BEFORE: &str = "# Page\n<!-- bench: it -->\nold\n<!-- /bench: it -->\nrest\n";

    #[test]
    fn what_stands_between_the_markers_is_replaced() {
        let mut page = BEFORE.to_owned();
        replace(&mut page, "it", "new").expect("the markers are there");
        let after = "# Page\n<!-- bench: it -->\n\nnew\n\n<!-- /bench: it -->\nrest\n";
        assert_eq!(page, after);
        replace(&mut page, "it", "new").expect("they are still there");
        assert_eq!(page, after);
    }

    #[test]
    fn a_page_without_markers_is_left_as_it_is() {
        let mut page = BEFORE.to_owned();
        assert!(replace(&mut page, "other", "new").is_err());
        assert_eq!(page, BEFORE);
    }

    #[test]
    fn the_page_has_a_place_for_every_scenario() {
        let page = include_str!("../../../../docs/performance.md").to_owned();
        let names = crate::bench::scenario::SCENARIOS.map(|scenario| scenario.name);
        for name in names.into_iter().chain(["machine", "targets"]) {
            replace(&mut page.clone(), name, "").expect("it has");
        }
    }
}
