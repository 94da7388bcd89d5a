//! The arithmetic of measuring: what many runs come to, and whose turn it is.

use serde::Serialize;

/// What many values of one thing come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) minimum: f64,
    /// The value that a quarter of all are below.
    pub(crate) lower_quartile: f64,
    /// The value that a quarter of all are above.
    pub(crate) upper_quartile: f64,
}

impl Spread {
    /// `None` of no values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&values, 0.5)?,
            minimum: *values.first()?,
            lower_quartile: quantile(&values, 0.25)?,
            upper_quartile: quantile(&values, 0.75)?,
        })
    }

    /// How far apart the middle half of the values are, as a part of the median.
    pub(crate) fn relative(&self) -> f64 {
        (self.upper_quartile - self.lower_quartile) / self.median
    }
}

/// Between two values it lies on the line between them.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)? as f64);
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// Whose turn it is in a round: each begins once in as many rounds as there are contestants, and nobody
/// always follows the same one's mess more often than the others do.
pub(crate) fn order(contestants: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..contestants).map(move |place| (place + round) % contestants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let median = |values: &[f64]| Spread::of(values.iter().copied()).map(|it| it.median);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_spread_is_made_of_quartiles() {
        let spread = Spread::of((1..=9).map(f64::from)).expect("there are values");
        assert_eq!((spread.minimum, spread.lower_quartile, spread.upper_quartile), (1.0, 3.0, 7.0));
        assert!((spread.relative() - 0.8).abs() < 1e-9);
    }

    #[test]
    fn one_slow_run_moves_the_median_little() {
        let spread = Spread::of([1.0, 1.1, 0.9, 1.0, 50.0]).expect("there are values");
        assert_eq!((spread.median, spread.minimum), (1.0, 0.9));
    }

    #[test]
    fn everybody_has_every_place() {
        let rounds: Vec<Vec<usize>> = (0..3).map(|round| order(3, round).collect()).collect();
        assert_eq!(rounds, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]);
        assert_eq!(order(3, 4).next(), Some(1));
    }
}
