//! The best rising curve.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::metrics::Scores;

/// A rising curve through knots: straight between them, flat beyond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Knots")]
pub struct Isotonic {
    /// The model's probabilities at the knots, ascending.
    given: Vec<f64>,
    /// The true ones there, ascending too.
    calibrated: Vec<f64>,
}

#[derive(Deserialize)]
struct Knots {
    given: Vec<f64>,
    calibrated: Vec<f64>,
}

impl TryFrom<Knots> for Isotonic {
    type Error = &'static str;

    fn try_from(Knots { given, calibrated }: Knots) -> Result<Self, Self::Error> {
        let rises =
            |values: &[f64]| values.windows(2).all(|pair| pair[0] <= pair[1]) && values.iter().all(|value| (0.0..=1.0).contains(value));
        if given.is_empty() || given.len() != calibrated.len() || !rises(&given) || !rises(&calibrated) {
            return Err("a calibration curve that does not rise");
        }
        Ok(Self { given, calibrated })
    }
}

/// Neighbouring rows with one answer.
struct Block {
    first: f64,
    last: f64,
    weight: f64,
    positive: f64,
}

impl Isotonic {
    /// Pools adjacent violators. The curve stays as far from 0 and 1 as one more row of the other class would hold it.
    pub(super) fn fit(scores: &Scores<'_>) -> Result<Self> {
        scores.both_classes()?;
        let order = scores.ascending();
        let mut blocks: Vec<Block> = Vec::new();
        for tie in scores.ties(&order) {
            let Some(first) = tie.first() else { continue };
            let given = scores.probabilities()[*first as usize];
            let mut block = Block { first: given, last: given, weight: 0.0, positive: 0.0 };
            for row in tie.iter().map(|row| *row as usize) {
                block.weight += scores.weight(row);
                block.positive += if scores.labels()[row] { scores.weight(row) } else { 0.0 };
            }
            if block.weight == 0.0 {
                continue;
            }
            while let Some(below) = blocks.pop_if(|below| below.positive * block.weight >= block.positive * below.weight) {
                block = Block {
                    first: below.first,
                    last: block.last,
                    weight: below.weight + block.weight,
                    positive: below.positive + block.positive,
                };
            }
            blocks.push(block);
        }
        let nearest = 1.0 / (scores.weight_sum() + 2.0);
        let (mut given, mut calibrated) = (Vec::new(), Vec::new());
        for block in blocks {
            let value = (block.positive / block.weight).clamp(nearest, (1.0 - nearest).max(nearest));
            let ends = if block.first == block.last { vec![block.first] } else { vec![block.first, block.last] };
            calibrated.extend(ends.iter().map(|_| value));
            given.extend(ends);
        }
        Ok(Self { given, calibrated })
    }

    /// The model's probabilities at the knots with the true ones there, both ascending; at least one.
    pub(crate) fn knots(&self) -> impl Iterator<Item = (f64, f64)> {
        self.given.iter().copied().zip(self.calibrated.iter().copied())
    }

    pub(super) fn apply(&self, probability: f64) -> f64 {
        if probability.is_nan() {
            return probability;
        }
        let above = self.given.partition_point(|knot| *knot < probability);
        let at = |place: usize| Some((*self.given.get(place)?, *self.calibrated.get(place)?));
        match (above.checked_sub(1).and_then(at), at(above)) {
            (Some((x0, y0)), Some((x1, y1))) => (y0 + (y1 - y0) * ((probability - x0) / (x1 - x0))).clamp(y0, y1),
            (None, Some((_, value))) | (Some((_, value)), None) => value,
            (None, None) => probability,
        }
    }
}
