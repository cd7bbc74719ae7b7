//! Who learns and who is held out.

mod folds;

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::error::{Result, TrainingError};
use crate::random::{Purpose, Stream, mix};

/// Row numbers of both sides, each ascending. With a gap in time, rows in it are on neither.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<u32>,
    /// Rows to measure on.
    pub test: Vec<u32>,
}

/// By what rows are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Splitting {
    /// Learn from the past, measure on the future: what a model in use has to do.
    Time {
        /// Rows less than this before the first test row are left out, in the unit of the times: as long as a label may take to
        /// come true. Not negative.
        gap: i64,
    },
    /// All rows of a group (a user) on one side, so that no one is known from training. A group's side depends on the seed and the
    /// group alone: more data moves no one.
    Group {
        /// Where the random numbers begin.
        seed: u64,
    },
    /// Each row by itself. It flatters: rows of one user, or of one minute, are on both sides.
    Random {
        /// Where the random numbers begin.
        seed: u64,
    },
}

impl Default for Splitting {
    fn default() -> Self {
        Self::Time { gap: 0 }
    }
}

impl Splitting {
    /// Holds out about this share of the rows, above 0 and below 1. Rows of one time, or of one group, stay together.
    ///
    /// # Errors
    /// A share or gap out of range; no times or groups where they are needed; a side without rows.
    pub fn split(&self, data: &Dataset, test_share: f64) -> Result<Split> {
        if !(test_share > 0.0 && test_share < 1.0) {
            let expected = "above 0 and below 1";
            return Err(TrainingError::Setting { setting: "test_share", value: test_share.to_string(), expected });
        }
        let split = match self {
            Self::Time { gap } => {
                let (times, gap) = (times(data)?, checked_gap(*gap)?);
                let mut sorted = times.to_vec();
                sorted.sort_unstable();
                let cut = sorted[((1.0 - test_share) * sorted.len() as f64) as usize];
                by_time(times, gap, cut, None)
            }
            Self::Group { seed } => {
                let groups = groups(data)?;
                by_row(data.rows(), |row| unit_of_group(*seed, groups[row]) < test_share)
            }
            Self::Random { seed } => {
                let order = shuffled(data.rows(), *seed);
                let first = ((data.rows() as f64 * test_share).round() as usize).clamp(1, data.rows());
                let mut is_test = vec![false; data.rows()];
                order.iter().take(first).for_each(|row| is_test[*row as usize] = true);
                by_row(data.rows(), |row| is_test[row])
            }
        };
        not_empty(split)
    }
}

fn times(data: &Dataset) -> Result<&[i64]> {
    data.times().ok_or(TrainingError::Needs { task: "a split by time", needs: "event times" })
}

fn groups(data: &Dataset) -> Result<&[u64]> {
    data.groups().ok_or(TrainingError::Needs { task: "a split by group", needs: "groups" })
}

fn checked_gap(gap: i64) -> Result<i64> {
    if gap < 0 {
        return Err(TrainingError::Setting { setting: "gap", value: gap.to_string(), expected: "not negative" });
    }
    Ok(gap)
}

fn not_empty(split: Split) -> Result<Split> {
    if split.train.is_empty() {
        return Err(TrainingError::NoRows { what: "the training side of the split" });
    }
    if split.test.is_empty() {
        return Err(TrainingError::NoRows { what: "the test side of the split" });
    }
    Ok(split)
}

/// Test rows from `cut` on and before `end`; training rows more than `gap` before the cut, or any time before it without a gap.
fn by_time(times: &[i64], gap: i64, cut: i64, end: Option<i64>) -> Split {
    let last = cut.saturating_sub(gap);
    let rows = |chosen: &dyn Fn(i64) -> bool| times.iter().zip(0..).filter(|(time, _)| chosen(**time)).map(|(_, row)| row).collect();
    Split { train: rows(&|time| time < last), test: rows(&|time| time >= cut && end.is_none_or(|end| time < end)) }
}

fn by_row(rows: usize, is_test: impl Fn(usize) -> bool) -> Split {
    let (test, train) = (0..rows as u32).partition(|row| is_test(*row as usize));
    Split { train, test }
}

/// A group's place between 0 and 1.
fn unit_of_group(seed: u64, group: u64) -> f64 {
    Stream::new(seed, Purpose::Split, mix(group)).unit()
}

fn shuffled(rows: usize, seed: u64) -> Vec<u32> {
    let mut order: Vec<_> = (0..rows as u32).collect();
    Stream::new(seed, Purpose::Split, 0).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests;
