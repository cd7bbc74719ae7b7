//! Scores from 1, the worst, to 5, the best.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::line::Rfm;
use crate::error::{Result, SegmentsError};

/// Scores run from 1 to this.
pub(super) const BEST: u8 = 5;

/// The three scores of a customer, each 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scores {
    /// 5 = the most recent.
    pub recency: u8,
    /// 5 = the most orders.
    pub frequency: u8,
    /// 5 = the highest amount.
    pub monetary: u8,
}

/// Where thresholds lie: four rising numbers per measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Thresholds", into = "Thresholds")]
pub struct Cuts(Thresholds);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Thresholds {
    recency_days: [i64; 4],
    frequency: [u64; 4],
    monetary: [i128; 4],
}

impl Cuts {
    /// With `recency_days` 7, 30, 90, 180 a customer scores 5 up to 7 days, 4 up to 30, 3 up to 90, 2 up to 180, then 1. With
    /// `frequency` 2, 3, 5, 10 it is 1 below 2 orders, 2 from 2, 3 from 3, 4 from 5, 5 from 10; `monetary` likewise, in the unit of the
    /// amounts.
    ///
    /// # Errors
    ///
    /// If the four numbers of a measure do not rise.
    pub fn new(recency_days: [i64; 4], frequency: [u64; 4], monetary: [i128; 4]) -> Result<Self> {
        Self::try_from(Thresholds { recency_days, frequency, monetary })
    }

    /// The scores that these thresholds give.
    pub fn scores(&self, rfm: &Rfm) -> Scores {
        let Thresholds { recency_days, frequency, monetary } = &self.0;
        Scores {
            recency: BEST - passed(recency_days, |cut| rfm.recency_days > *cut),
            frequency: 1 + passed(frequency, |cut| rfm.frequency >= *cut),
            monetary: 1 + passed(monetary, |cut| rfm.monetary >= *cut),
        }
    }
}

impl TryFrom<Thresholds> for Cuts {
    type Error = SegmentsError;

    fn try_from(thresholds: Thresholds) -> Result<Self> {
        let Thresholds { recency_days, frequency, monetary } = &thresholds;
        rising("recency_days", recency_days)?;
        rising("frequency", frequency)?;
        rising("monetary", monetary)?;
        Ok(Self(thresholds))
    }
}

impl From<Cuts> for Thresholds {
    fn from(cuts: Cuts) -> Self {
        cuts.0
    }
}

fn rising<T: Ord + std::fmt::Debug>(setting: &'static str, cuts: &[T; 4]) -> Result<()> {
    if cuts.is_sorted_by(|left, right| left < right) {
        Ok(())
    } else {
        Err(SegmentsError::Setting { setting, value: format!("{cuts:?}"), expected: "four rising numbers" })
    }
}

fn passed<T>(cuts: &[T; 4], is_passed: impl Fn(&T) -> bool) -> u8 {
    cuts.iter().fold(0, |count, cut| count + u8::from(is_passed(cut)))
}

/// How scores come about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scoring {
    /// Among all customers: see [`quantile_scores`].
    #[default]
    Quantiles,
    /// From the customer alone.
    Thresholds(Cuts),
}

/// 1 + 5 x the share of values that are lower, rounded down: 1 the lowest fifth, 5 the highest. Equal values have one score, so that a
/// fifth may be larger or smaller. For recency in days, where less is better, give the negated days.
pub fn quantile_scores<T: Ord + Copy + Hash>(values: &[T]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mut lower = HashMap::new();
    let mut before = 0;
    for same in sorted.chunk_by(|left, right| left == right) {
        lower.insert(same[0], before);
        before += same.len();
    }
    values.iter().map(|value| quantile_score(lower.get(value).copied().unwrap_or_default(), values.len())).collect()
}

/// The score of a value with so many lower ones among so many.
pub(super) fn quantile_score(lower: usize, all: usize) -> u8 {
    let best = usize::from(BEST);
    // At most 5, as fewer than all are lower.
    1 + (best * lower).checked_div(all).unwrap_or_default().min(best - 1) as u8
}
