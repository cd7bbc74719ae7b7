//! Features that were computed with the row's own label.

use super::chance::{Area, errors_at, mean_square_at_most};
use super::finding::{Finding, Kind, Severity};
use super::levels::Levels;
use super::rows::Rows;
use super::strength::Strength;
use super::sums::{Level, Term, left_over};
use super::values::ValueRows;
use crate::calibrate::logistic;

/// Tests made of each feature and grouping: three scales of the sums, the difference by label, the change.
pub(super) const TESTS_PER_GROUPING: usize = 5;

/// A feature knows the positives of its levels if it leaves less of their variance than this. A rate of the other four fifths of a
/// level's rows (five folds) leaves about a quarter.
const KNOWN: f64 = 0.5;
/// The same for rows of one value. Those are chosen by the value, which for honest running rates follows the labels, so it takes a near
/// identity.
const SAME: f64 = 0.05;
/// Without the feature at least so much is left over; less means that the sums are so by design (one positive per level), and any
/// feature would fit.
const FREE: f64 = 0.7;
/// Within a level, rows of one label have the same value if less than this part of its variance is among them.
const TOLD: f64 = 0.1;
/// How well a feature's change since the level's previous row tells the label, where honest changes know no more than the feature.
const CHANGE: f64 = 0.9;
/// Chance must not explain it even if honest changes reached this.
const HONEST_CHANGE: f64 = 0.8;
/// The change tells so many times as much as the feature itself, in standard deviations between the classes.
const MORE_THAN_ITSELF: f64 = 1.5;

/// What gave a feature away.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// It knows the sums: the part of the variance it leaves, and of how many levels.
    Sums { left: f64, levels: usize },
    /// It differs by label: the part of its variance among rows of one label.
    Differs { left: f64, levels: usize },
    /// Its change tells the label, with this AUC.
    Change { auc: f64, rows: f64 },
}

/// How a value may be a rate: as it is, as log odds, as log odds against the base rate.
fn scales(base_rate: f64) -> [impl Fn(f64) -> f64; 3] {
    let offset = (base_rate / (1.0 - base_rate)).ln();
    [None, Some(0.0), Some(offset)].map(|offset| move |value: f64| offset.map_or(value, |offset| logistic(value + offset)))
}

/// A number, and what was seen of it.
pub(super) struct Suspect<'a> {
    pub(super) feature: &'a str,
    pub(super) numbers: &'a [f64],
    pub(super) values: &'a ValueRows,
    pub(super) strength: &'a Strength,
}

/// The first proof against a number; `limit` is the chance at which one test convinces.
pub(super) fn finding(rows: &Rows<'_>, suspect: &Suspect<'_>, groupings: &[Levels], limit: f64) -> Option<Finding> {
    let of_grouping = |levels: &Levels| {
        let proof = knows_sums(rows, suspect.numbers, levels, limit)
            .or_else(|| differs_by_label(rows, suspect.numbers, levels, limit))
            .or_else(|| changes_with_label(rows, suspect, levels, limit))?;
        Some(told(suspect.feature, &levels.name, proof))
    };
    let of_value = || Some(told(suspect.feature, "value of it", equals_rates(rows, suspect.values, limit)?));
    groupings.iter().find_map(of_grouping).or_else(of_value)
}

fn told(feature: &str, level: &str, proof: Proof) -> Finding {
    let remedy = "it was computed with the row's own label or later ones; compute it from strictly earlier rows";
    let (sentence, evidence) = match proof {
        Proof::Sums { left, levels } => (
            format!(
                "`{feature}` knows how many rows of each {level} are positive, closer than chance lets anything know that comes before the \
                 labels ({:.0}% of the variance that must be left is): {remedy}",
                100.0 * left
            ),
            [("variance_left", left), ("levels", levels as f64)],
        ),
        Proof::Differs { left, levels } => (
            format!(
                "among rows of one {level} `{feature}` is one number where the label is true and another where it is false: {remedy}, or \
                 leave it out"
            ),
            [("variance_left", left), ("levels", levels as f64)],
        ),
        Proof::Change { auc, rows } => (
            format!("from one row to the next of a {level} `{feature}` changes as the later row's label tells (AUC {auc:.3}): {remedy}"),
            [("auc", auc), ("rows", rows)],
        ),
    };
    Finding::of_feature(Kind::OwnLabel, Severity::Leak, feature, &evidence, sentence)
}

/// The value that a level has before any of its labels: of its first row in time, or, without times, one that all its rows share.
fn levels_of(rows: &Rows<'_>, numbers: &[f64], levels: &Levels) -> Option<Vec<Level>> {
    let has_times = rows.data.times().is_some();
    let mut found = Vec::new();
    for level in levels.iter() {
        let mut of_level = level.iter().map(|row| numbers[*row as usize]);
        let Some(value) = of_level.next().filter(|value| !value.is_nan()) else { continue };
        if !has_times && of_level.any(|number| number != value) {
            return None;
        }
        let positives = level.iter().filter(|row| rows.labels()[**row as usize]).count() as f64;
        found.push(Level { rows: level.len() as f64, positives, value });
    }
    Some(found)
}

fn knows_sums(rows: &Rows<'_>, numbers: &[f64], levels: &Levels, limit: f64) -> Option<Proof> {
    let known: [Term; 4] = [|level| level.rows * level.value, |level| level.value, |level| level.rows, |_| 1.0];
    fits_too_well(rows, levels_of(rows, numbers, levels)?, &known, &known[2..], (KNOWN, limit))
}

/// The rows of each value, where most rows share theirs: without the grouping that a feature was computed by, its values show it.
fn equals_rates(rows: &Rows<'_>, values: &ValueRows, limit: f64) -> Option<Proof> {
    let shared = values.shared_levels()?;
    let known: [Term; 2] = [|level| level.rows * level.value, |level| level.rows];
    fits_too_well(rows, shared, &known, &known[1..], (SAME, limit))
}

fn fits_too_well(rows: &Rows<'_>, levels: Vec<Level>, terms: &[Term], without: &[Term], (part, limit): (f64, f64)) -> Option<Proof> {
    if left_over(&levels, without)?.part < FREE {
        return None;
    }
    for scale in scales(rows.base_rate()) {
        let scaled: Vec<_> = levels.iter().map(|level| Level { value: scale(level.value), ..*level }).collect();
        if let Some(left) = left_over(&scaled, terms).filter(|left| left.part <= part && left.chance <= limit) {
            return Some(Proof::Sums { left: left.part, levels: levels.len() });
        }
    }
    None
}

/// Sums of squares around means.
#[derive(Default, Clone, Copy)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum + other.sum, squares: self.squares + other.squares }
    }

    fn variation(self) -> f64 {
        if self.count > 0.0 { (self.squares - self.sum * self.sum / self.count).max(0.0) } else { 0.0 }
    }
}

/// Whether rows of one level and one label have the same value, and those of the other label another: a level's rate without the row.
fn differs_by_label(rows: &Rows<'_>, numbers: &[f64], levels: &Levels, limit: f64) -> Option<Proof> {
    let (mut sum, mut freedom, mut count) = (0.0, 0.0, 0);
    let mut all = [Moments::default(); 2];
    for level in levels.iter() {
        let mut classes = [Moments::default(); 2];
        let mut known = level.iter().map(|row| (numbers[*row as usize], *row as usize)).filter(|(number, _)| !number.is_nan()).peekable();
        let first = known.peek().map_or(0.0, |(number, _)| *number);
        for (number, row) in known {
            let class = usize::from(rows.labels()[row]);
            // Relative to one of them, so that differences of large numbers are not lost in their squares.
            classes[class].add(number - first);
            all[class].add(number);
        }
        let (total, within) = (classes[0].plus(classes[1]).variation(), classes[0].variation() + classes[1].variation());
        let rows = classes[0].count + classes[1].count;
        if classes.iter().any(|class| class.count == 0.0) || rows < 3.0 || total <= 0.0 {
            continue;
        }
        // Within / total is (rows - 2) / (rows - 1) on average if the label does not matter.
        sum += within / total * (rows - 1.0);
        freedom += rows - 2.0;
        count += 1;
    }
    let left = sum / freedom;
    // A feature that differs by label whatever the level is too good, but not for this reason.
    let is_of_level = all[0].variation() + all[1].variation() > TOLD * all[0].plus(all[1]).variation();
    let convinces = count >= 2 && left <= TOLD && mean_square_at_most(left, freedom) <= limit;
    (convinces && is_of_level).then_some(Proof::Differs { left, levels: count })
}

/// Whether the change since the previous row of the level tells this row's label. What comes before the label changes with earlier
/// labels, so only rows after a negative one are compared: they have the same previous label.
fn changes_with_label(rows: &Rows<'_>, suspect: &Suspect<'_>, levels: &Levels, limit: f64) -> Option<Proof> {
    let (times, labels) = (rows.data.times()?, rows.labels());
    let mut changes = Vec::new();
    for level in levels.iter() {
        for pair in level.windows(2) {
            let &[before, row] = pair else { continue };
            let (before, row) = (before as usize, row as usize);
            let change = suspect.numbers[row] - suspect.numbers[before];
            if !labels[before] && times[before] < times[row] && !change.is_nan() {
                changes.push((change, labels[row]));
            }
        }
    }
    let area = Area::of_scores(&mut changes)?.either_way();
    let itself = suspect.strength.order.map_or(0.0, |area| area.separation());
    let convinces = area.auc >= CHANGE && area.is_above(HONEST_CHANGE, errors_at(limit)) && area.separation() >= MORE_THAN_ITSELF * itself;
    convinces.then_some(Proof::Change { auc: area.auc, rows: area.positives + area.negatives })
}
