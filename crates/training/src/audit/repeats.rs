//! Rows that are there more than once.

use std::collections::HashMap;

use rayon::prelude::*;

use super::finding::{Finding, Kind, Severity, percent};
use super::rows::{Rows, Side};
use crate::data::Column;
use crate::random::mix;

/// Copies below this share of the rows move no mean by more than a hundredth.
const SMALL_PART: f64 = 0.01;
/// Rows that are alike by chance agree in their label as little as rows of one rate do; copies agree always.
const COPIES_AGREE: f64 = 0.8;
const CHANCE_AGREES: f64 = 0.5;
/// Positive rows among those alike, and sets of them, from which on anything can be told.
const ENOUGH: u64 = 10;
/// Sets of like rows whose values are looked up.
const LOOKED_UP: usize = 256;
/// A column tells rows apart if in this share of the looked-up sets only the set's own rows have its value.
const TELLS_APART: f64 = 0.9;
/// Rows that one thread marks at a time.
const CHUNK: usize = 16_384;

/// Why rows that are alike are copies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Proof {
    /// Their times, or their labels.
    Sure,
    /// A feature that is different in other rows.
    Likely,
}

/// Sets of rows with the same features, group and time.
pub(super) struct Alike {
    rows: Vec<u32>,
    ends: Vec<usize>,
}

impl Alike {
    pub(super) fn of(rows: &Rows<'_>) -> Self {
        let mut marked: Vec<(u64, u32)> = marks(rows).into_iter().zip(0..).collect();
        marked.par_sort_unstable();
        let (mut alike, mut ends) = (Vec::new(), Vec::new());
        for set in marked.chunk_by(|a, b| a.0 == b.0).filter(|set| set.len() > 1) {
            alike.extend(set.iter().map(|(_, row)| *row));
            ends.push(alike.len());
        }
        Self { rows: alike, ends }
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.rows[begin..*end])
    }

    /// Why the rows are copies, if they are. Where features are few and coarse, different events look the same.
    fn proof(&self, rows: &Rows<'_>) -> Option<Proof> {
        let (mut positives, mut of_positive, mut negatives, mut of_negative) = (0, 0.0, 0, 0.0);
        for set in self.iter() {
            let (size, positive) = (set.len() as f64, set.iter().filter(|row| rows.labels()[**row as usize]).count());
            let others = positive as f64 / (size - 1.0);
            positives += positive as u64;
            negatives += (set.len() - positive) as u64;
            of_positive += others * (positive as f64 - 1.0);
            of_negative += others * (size - positive as f64);
        }
        if positives >= ENOUGH && negatives > 0 {
            // How much likelier the partner of a positive row is positive than that of a negative one.
            let agreement = of_positive / positives as f64 - of_negative / negatives as f64;
            if agreement >= COPIES_AGREE {
                return Some(Proof::Sure);
            }
            if agreement < CHANCE_AGREES {
                return None;
            }
        }
        if self.ends.len() < ENOUGH as usize {
            return None;
        }
        let columns = rows.data.frame().columns();
        let step = (self.ends.len() / LOOKED_UP).max(1);
        let sample: Vec<_> = self.iter().step_by(step).take(LOOKED_UP).collect();
        if rows.data.times().is_some_and(|times| tells_apart(&sample, rows.data.rows(), |row| Some(times[row] as u64))) {
            return Some(Proof::Sure);
        }
        // Rows that agree in one feature and then in all others are copies; with one feature there are no others.
        let is_apart = |column: &Column| tells_apart(&sample, rows.data.rows(), |row| bits(column, row));
        (columns.len() > 1 && columns.par_iter().any(is_apart)).then_some(Proof::Likely)
    }
}

/// Whether values of these sets are mostly theirs alone.
fn tells_apart(sample: &[&[u32]], rows: usize, value: impl Fn(usize) -> Option<u64>) -> bool {
    let of_set = |set: &[u32]| set.first().and_then(|row| value(*row as usize));
    let mut counts: HashMap<u64, usize> = sample.iter().filter_map(|set| Some((of_set(set)?, 0))).collect();
    if counts.is_empty() {
        return false;
    }
    for row in 0..rows {
        if let Some(count) = value(row).and_then(|value| counts.get_mut(&value)) {
            *count += 1;
        }
    }
    let is_own = |set: &&&[u32]| of_set(set).and_then(|value| counts.get(&value)).is_some_and(|count| *count == set.len());
    sample.iter().filter(is_own).count() as f64 >= TELLS_APART * sample.len() as f64
}

/// What a row holds of a feature, as bits; `None` where it is missing.
fn bits(column: &Column, row: usize) -> Option<u64> {
    match column {
        Column::Categorical(categories) => categories.text(row).and(categories.codes().get(row)).map(|code| u64::from(*code)),
        Column::F32(_) | Column::F64(_) => column.number(row).map(bits_of),
    }
}

/// A number per row that is the same for rows that are alike, and by a chance of 2^-64 for two others.
fn marks(rows: &Rows<'_>) -> Vec<u64> {
    let (columns, groups, times) = (rows.data.frame().columns(), rows.data.groups(), rows.data.times());
    let mut marks = vec![0_u64; rows.data.rows()];
    marks.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, marks)| {
        let place = chunk * CHUNK..chunk * CHUNK + marks.len();
        for column in columns {
            match column {
                Column::F32(values) => add(marks, values[place.clone()].iter().map(|value| bits_of(f64::from(*value)))),
                Column::F64(values) => add(marks, values[place.clone()].iter().map(|value| bits_of(*value))),
                Column::Categorical(categories) => add(marks, categories.codes()[place.clone()].iter().map(|code| u64::from(*code))),
            }
        }
        if let Some(groups) = groups {
            add(marks, groups[place.clone()].iter().copied());
        }
        if let Some(times) = times {
            add(marks, times[place].iter().map(|time| *time as u64));
        }
    });
    marks
}

fn add(marks: &mut [u64], values: impl Iterator<Item = u64>) {
    marks.iter_mut().zip(values).for_each(|(mark, value)| *mark = mix(mark.wrapping_mul(31) ^ mix(value.wrapping_add(1))));
}

/// Zero has two signs, and what is missing many faces.
fn bits_of(number: f64) -> u64 {
    if number.is_nan() { u64::MAX } else { (number + 0.0).to_bits() }
}

/// Test rows with a copy among the training rows, and rows that are there more than once.
pub(super) fn findings(rows: &Rows<'_>, alike: &Alike) -> Vec<Finding> {
    let (mut repeated, mut shared) = (0_usize, 0_usize);
    for set in alike.iter() {
        for label in [false, true] {
            let of_label = || set.iter().map(|row| *row as usize).filter(|row| rows.labels()[*row] == label);
            repeated += of_label().count().saturating_sub(1);
            let on = |side: Side| of_label().filter(|row| rows.classes[*row] >> 2 == side as u8).count();
            if on(Side::Train) > 0 {
                shared += on(Side::Test);
            }
        }
    }
    if repeated == 0 {
        return Vec::new();
    }
    let Some(proof) = alike.proof(rows) else { return Vec::new() };
    let mut found = Vec::new();
    let tested = rows.split.map_or(0, |split| split.test.len());
    if shared > 0 {
        let share = shared as f64 / tested.max(1) as f64;
        let severity = if proof == Proof::Sure && share >= SMALL_PART { Severity::Leak } else { Severity::Suspicion };
        let sentence =
            format!("{shared} test rows ({}) are copies of training rows, label included: remove copies before splitting", percent(share));
        let evidence = [("rows", shared as f64), ("share_of_test_rows", share)];
        found.push(Finding::of_rows(Kind::SharedCopies, severity, &evidence, sentence));
    }
    let share = repeated as f64 / rows.data.rows() as f64;
    if share >= SMALL_PART {
        let sentence = format!(
            "{repeated} rows ({}) are copies of others and count again each time: remove them, or say how much a row counts by its weight",
            percent(share)
        );
        let evidence = [("rows", repeated as f64), ("share_of_rows", share)];
        found.push(Finding::of_rows(Kind::RepeatedRows, Severity::Suspicion, &evidence, sentence));
    }
    found
}
