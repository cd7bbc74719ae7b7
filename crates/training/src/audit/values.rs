//! The distinct values of a number with all their rows.

use super::finding::{Finding, Held, Kind, Severity, percent};
use super::rows::{Rows, Side};
use super::sums::Level;
use super::tally::Tally;
use crate::random::mix;

/// About so many rows are looked at; whole values, so that their sums are right.
const SAMPLE: usize = 200_000;
/// Rows with a value of their own from which on a number looks like an identifier: one repeated by chance must not hide it.
const NEARLY_ALL: f64 = 0.99;
/// The same for categories, which have no order to learn instead.
const MOST: f64 = 0.5;
/// Fewer rows may well all differ.
const LEAST_ROWS: usize = 200;
/// Running rates share values only at small fractions; it takes this part of the rows for values to be groups.
const SHARED: f64 = 0.5;

/// Some values of a number, each with all its rows to learn from.
pub(super) struct ValueRows {
    levels: Vec<Level>,
    rows: f64,
}

impl ValueRows {
    pub(super) fn of(rows: &Rows<'_>, numbers: &[f64]) -> Self {
        let parts = rows.learned().len().div_ceil(SAMPLE).max(1) as u64;
        // Zero has two signs.
        let numbers = rows.learned().iter().map(|row| (numbers[row as usize] + 0.0, rows.labels()[row as usize]));
        let mut numbers: Vec<_> = numbers.filter(|(number, _)| !number.is_nan() && mix(number.to_bits()).is_multiple_of(parts)).collect();
        numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let level = |same: &[(f64, bool)]| {
            let positives = same.iter().filter(|(_, label)| *label).count() as f64;
            Level { rows: same.len() as f64, positives, value: same.first().map_or(0.0, |first| first.0) }
        };
        Self { levels: numbers.chunk_by(|a, b| a.0 == b.0).map(level).collect(), rows: numbers.len() as f64 }
    }

    /// Values of two rows or more, if enough rows have such.
    pub(super) fn shared_levels(&self) -> Option<Vec<Level>> {
        let shared: Vec<_> = self.levels.iter().copied().filter(|level| level.rows >= 2.0).collect();
        let rows: f64 = shared.iter().map(|level| level.rows).sum();
        (rows >= SHARED * self.rows).then_some(shared)
    }

    /// The part of the rows that have a whole number of their own.
    fn own_share(&self) -> f64 {
        let own = self.levels.iter().filter(|level| level.rows == 1.0 && level.value.fract() == 0.0).count();
        own as f64 / self.rows.max(1.0)
    }

    fn rows(&self) -> usize {
        self.rows as usize
    }
}

/// A feature that names the row.
pub(super) fn identifier(feature: &str, tally: &Tally<'_>, values: Option<&ValueRows>) -> Option<Finding> {
    let (share, rows, enough) = match values {
        Some(values) => (values.own_share(), values.rows(), NEARLY_ALL),
        None => {
            let counts = || tally.cells.iter().skip(1).map(|cell| cell.all()).map(|(positives, negatives)| positives + negatives);
            let rows: u64 = counts().sum();
            (counts().filter(|count| *count == 1).count() as f64 / rows.max(1) as f64, rows as usize, MOST)
        }
    };
    if share < enough || rows < LEAST_ROWS {
        return None;
    }
    let sentence = format!(
        "`{feature}` is another in {} of the rows, as an identifier is: it can be learned by heart and says nothing of new rows; leave it out",
        percent(share)
    );
    Some(Finding::of_feature(Kind::Identifier, Severity::Suspicion, feature, &[("share_of_rows", share)], sentence))
}

/// A feature that is constant on one side of the split and on the other varies more than chance hides.
pub(super) fn constant_on_one_side(feature: &str, tally: &Tally<'_>, limit: f64) -> Option<Finding> {
    let counts = |side: Side| -> Vec<u64> { tally.cells.iter().map(|cell| cell.side(side)).map(|(one, other)| one + other).collect() };
    let (train, test) = (counts(Side::Train), counts(Side::Test));
    for (constant, varying, name, other) in [(&test, &train, "test", "training"), (&train, &test, "training", "test")] {
        let mut held = (0..constant.len()).filter(|cell| constant[*cell] > 0);
        let (Some(cell), None) = (held.next().filter(|cell| tally.is_single(*cell)), held.next()) else { continue };
        let all: u64 = varying.iter().sum();
        let share = varying[cell] as f64 / all.max(1) as f64;
        // One row is added that differs, as a value may be rare and not seen.
        let chance = ((varying[cell] as f64 + 1.0) / (all as f64 + 2.0)).powf(constant[cell] as f64);
        if all == 0 || varying[cell] == all || chance > limit {
            continue;
        }
        let value = tally.held(cell, cell);
        let what = match &value {
            Held::Missing => "always missing".to_owned(),
            value => format!("always {value}"),
        };
        let sentence = format!(
            "`{feature}` is {what} in the {name} rows, but only in {} of the {other} rows: the sides do not hold the same thing; look at \
             what fills it over time",
            percent(share)
        );
        let evidence = [("share_on_other_side", share), ("rows", constant[cell] as f64)];
        return Some(Finding::of_feature(Kind::ConstantOnOneSide, Severity::Suspicion, feature, &evidence, sentence).with_value(value));
    }
    None
}
