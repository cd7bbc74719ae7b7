//! The rows as all checks see them.

use std::borrow::Cow;

use crate::data::{Column, Dataset};
use crate::error::{Result, TrainingError};
use crate::random::mix;
use crate::split::Split;

/// Label, half and side of a row as one small number.
pub(super) const CLASSES: usize = 12;

/// A side of the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Train = 1,
    Test = 2,
}

/// The data with what the checks share.
pub(super) struct Rows<'a> {
    pub(super) data: &'a Dataset,
    pub(super) split: Option<&'a Split>,
    pub(super) positives: u64,
    pub(super) negatives: u64,
    /// Per row: 1 if positive, plus 2 in the later half, plus 4 for each step of [`Side`].
    pub(super) classes: Vec<u8>,
}

/// Each class needs so many rows in the half that categories are judged on: fewer measure no AUC.
const ENOUGH: u64 = 20;

impl<'a> Rows<'a> {
    pub(super) fn new(data: &'a Dataset, split: Option<&'a Split>) -> Result<Self> {
        let all = data.rows() as u64;
        let positives = data.labels().iter().filter(|label| **label).count() as u64;
        if positives == 0 || positives == all {
            return Err(TrainingError::OneClass { label: positives > 0, rows: data.rows() });
        }
        let mut classes = halves(data);
        if let Some(split) = split {
            mark(&mut classes, &split.train, Side::Train)?;
            mark(&mut classes, &split.test, Side::Test)?;
        }
        Ok(Self { data, split, positives, negatives: all - positives, classes })
    }

    pub(super) fn labels(&self) -> &'a [bool] {
        self.data.labels()
    }

    pub(super) fn count(&self) -> u64 {
        self.positives + self.negatives
    }

    pub(super) fn base_rate(&self) -> f64 {
        self.positives as f64 / self.count() as f64
    }

    /// What a model would learn from: the training side, or without a split all rows.
    pub(super) fn learned(&self) -> Learned<'a> {
        Learned { split: self.split, rows: self.data.rows() }
    }
}

/// A column's numbers, NaN where missing; `None` for categories.
pub(super) fn numbers(column: &Column) -> Option<Cow<'_, [f64]>> {
    match column {
        Column::F32(values) => Some(values.iter().map(|value| f64::from(*value)).collect()),
        Column::F64(values) => Some(Cow::Borrowed(values)),
        Column::Categorical(_) => None,
    }
}

/// Rows to learn from, ascending or as the split names them.
#[derive(Clone, Copy)]
pub(super) struct Learned<'a> {
    split: Option<&'a Split>,
    rows: usize,
}

impl<'a> Learned<'a> {
    pub(super) fn len(self) -> usize {
        self.split.map_or(self.rows, |split| split.train.len())
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> + 'a {
        let named = self.split.map_or(&[][..], |split| &split.train).iter().copied();
        named.chain(0..if self.split.is_some() { 0 } else { self.rows as u32 })
    }
}

fn mark(classes: &mut [u8], rows: &[u32], side: Side) -> Result<()> {
    for (place, row) in rows.iter().enumerate() {
        let Some(class) = classes.get_mut(*row as usize) else {
            let expected = "less than the number of rows";
            return Err(TrainingError::Value { what: "row number of the split", row: place, value: f64::from(*row), expected });
        };
        // A row of both sides counts for the one named last; it is a finding of its own.
        *class = (*class & 3) | ((side as u8) << 2);
    }
    Ok(())
}

/// Label and half of each row: the later half by time where that leaves both classes in both halves, else any half.
fn halves(data: &Dataset) -> Vec<u8> {
    let classes = |is_late: &dyn Fn(usize) -> bool| -> Vec<u8> {
        let class = |(row, label): (usize, &bool)| u8::from(*label) | (u8::from(is_late(row)) << 1);
        data.labels().iter().enumerate().map(class).collect()
    };
    if let Some(times) = data.times() {
        let mut sorted = times.to_vec();
        let middle = sorted.len() / 2;
        let (_, median, _) = sorted.select_nth_unstable(middle);
        let median = *median;
        let found = classes(&|row| times[row] >= median);
        let mut counts = [0_u64; 4];
        found.iter().for_each(|class| counts[usize::from(*class)] += 1);
        if counts.iter().all(|count| *count >= ENOUGH) {
            return found;
        }
    }
    classes(&|row| mix(row as u64 + 1) & 1 == 1)
}
