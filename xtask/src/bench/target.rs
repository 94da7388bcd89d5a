//! The targets, as data, and whether they are met.

use serde::Serialize;

use super::compare::Row;

/// What is hoped for: a ratio between two rows, and its bound.
pub(crate) struct Target {
    pub(crate) name: String,
    /// The row that is measured, by its id.
    pub(crate) subject: String,
    /// The row that it is measured against.
    pub(crate) reference: String,
    pub(crate) measure: Measure,
    pub(crate) bound: Bound,
}

/// What of two rows is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// The medians of the time on the wall.
    Time,
    /// The same as speed: who takes half the time has twice of it.
    Speed,
    /// The peak of memory, of all processes of a run together.
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// What came of a target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) bound: Bound,
    /// Of the medians, which decide. Nothing, where one of the two was not there to be measured.
    pub(crate) ratio: Option<f64>,
    /// The same of the least times, which other work on the machine disturbs less.
    pub(crate) of_least: Option<f64>,
    /// The same of the processors' time.
    pub(crate) of_processor: Option<f64>,
    pub(crate) met: bool,
}

impl Target {
    /// The subject takes at most so many times what the reference takes.
    pub(crate) fn at_most(
        bound: f64,
        measure: Measure,
        name: &str,
        subject: &str,
        reference: &str,
    ) -> Self {
        Self::new(Bound::AtMost(bound), measure, name, subject, reference)
    }

    /// The subject has at least so many times what the reference has.
    pub(crate) fn at_least(
        bound: f64,
        measure: Measure,
        name: &str,
        subject: &str,
        reference: &str,
    ) -> Self {
        Self::new(Bound::AtLeast(bound), measure, name, subject, reference)
    }

    fn new(bound: Bound, measure: Measure, name: &str, subject: &str, reference: &str) -> Self {
        Self {
            name: name.to_owned(),
            subject: subject.to_owned(),
            reference: reference.to_owned(),
            measure,
            bound,
        }
    }

    /// Decides by what was measured.
    pub(crate) fn decide(&self, rows: &[Row]) -> Verdict {
        let find = |id: &str| rows.iter().find(|row| row.id == id);
        let rows = find(&self.subject).zip(find(&self.reference));
        let ratio_of = |pick: fn(&Row) -> f64| {
            let (subject, reference) = rows?;
            self.measure.of(subject, pick).zip(self.measure.of(reference, pick)).map(|(a, b)| a / b)
        };
        let ratio = ratio_of(|row| row.wall.median);
        // There is one memory, however long it took.
        let of_time = |pick| ratio_of(pick).filter(|_| !matches!(self.measure, Measure::Memory));
        Verdict {
            name: self.name.clone(),
            bound: self.bound,
            ratio,
            of_least: of_time(|row| row.wall.minimum),
            of_processor: of_time(|row| row.processor.median),
            met: ratio.is_some_and(|ratio| self.bound.holds(ratio)),
        }
    }
}

impl Measure {
    fn of(self, row: &Row, seconds: fn(&Row) -> f64) -> Option<f64> {
        match self {
            Self::Time => Some(seconds(row)),
            Self::Speed => Some(1.0 / seconds(row)),
            Self::Memory => row.memory.map(|memory| memory.together as f64),
        }
    }
}

impl Bound {
    fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(bound) => ratio <= bound,
            Self::AtLeast(bound) => ratio >= bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::memory::Memory;
    use crate::bench::statistics::Spread;

    fn row(id: &str, seconds: f64, memory: Option<u64>) -> Row {
        let wall = Spread::of([seconds]).expect("a value");
        let processor = Spread::of([seconds * seconds]).expect("a value");
        Row {
            id: id.to_owned(),
            name: id.to_owned(),
            runs: 1,
            wall,
            processor,
            memory: memory.map(|together| Memory { together, largest: together }),
        }
    }

    fn rows() -> [Row; 2] {
        [row("ours", 2.0, Some(30)), row("theirs", 4.0, Some(40))]
    }

    #[test]
    fn time_may_be_less() {
        let decide =
            |bound| Target::at_most(bound, Measure::Time, "it", "ours", "theirs").decide(&rows());
        assert_eq!((decide(0.5).ratio, decide(0.5).met), (Some(0.5), true));
        assert!(!decide(0.49).met);
        assert_eq!((decide(0.5).of_least, decide(0.5).of_processor), (Some(0.5), Some(0.25)));
    }

    #[test]
    fn speed_may_be_more() {
        let decide =
            |bound| Target::at_least(bound, Measure::Speed, "it", "ours", "theirs").decide(&rows());
        assert_eq!((decide(2.0).ratio, decide(2.0).met), (Some(2.0), true));
        assert!(!decide(2.1).met);
    }

    #[test]
    fn memory_is_compared_where_it_is_known() {
        let target = Target::at_most(0.8, Measure::Memory, "it", "ours", "theirs");
        assert_eq!(target.decide(&rows()).ratio, Some(0.75));
        let unknown = [row("ours", 1.0, None), row("theirs", 1.0, Some(1))];
        assert_eq!(target.decide(&unknown).ratio, None);
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let target = Target::at_most(9.0, Measure::Time, "it", "ours", "absent");
        let verdict = target.decide(&rows());
        assert_eq!((verdict.ratio, verdict.met), (None, false));
    }
}
