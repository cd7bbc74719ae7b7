//! How much richer in positives the best-scored rows are.

use serde::{Deserialize, Serialize};

use super::{Confidence, Estimate, Scores};
use crate::error::Result;

/// A tenth of the rows by score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LiftDecile {
    /// 1 holds the highest scores, 10 the lowest.
    pub decile: u8,
    /// The share of positives over that of all rows. The interval is Wilson's, with the rate of all rows taken as known.
    pub lift: Estimate,
    /// The share of all positives that is in this decile or a better one.
    pub cumulative_gain: f64,
}

/// The lift of each tenth of the weight. Rows of equal score are spread evenly over the deciles they reach into.
///
/// # Errors
/// Only one class has weight; a confidence out of range.
pub fn lift_by_decile(scores: &Scores<'_>, confidence: &Confidence) -> Result<Vec<LiftDecile>> {
    confidence.check()?;
    let base_rate = scores.both_classes()?;
    let mut order = scores.ascending();
    order.reverse();
    let all = scores.weight_sum();
    // Per decile: weight, positive weight, squares of weights.
    let mut deciles = [(0.0, 0.0, 0.0); 10];
    let mut above = 0.0;
    for tie in scores.ties(&order) {
        let (mut weight, mut positive, mut squares) = (0.0, 0.0, 0.0);
        for row in tie.iter().map(|row| *row as usize) {
            let one = scores.weight(row);
            weight += one;
            squares += one * one;
            positive += if scores.labels()[row] { one } else { 0.0 };
        }
        for (number, decile) in deciles.iter_mut().enumerate() {
            let (begin, end) = (all * number as f64 / 10.0, all * (number + 1) as f64 / 10.0);
            let inside = (end.min(above + weight) - begin.max(above)).max(0.0);
            if inside > 0.0 {
                let part = inside / weight;
                *decile = (decile.0 + inside, decile.1 + part * positive, decile.2 + part * squares);
            }
        }
        above += weight;
    }
    let mut gained = 0.0;
    let lift = |(number, (weight, positive, squares)): (usize, (f64, f64, f64))| {
        gained += positive;
        let rate = confidence.share((positive / weight).clamp(0.0, 1.0), weight * weight / squares);
        let over = |rate: f64| rate / base_rate;
        LiftDecile {
            decile: number as u8 + 1,
            lift: Estimate { value: over(rate.value), low: over(rate.low), high: over(rate.high) },
            cumulative_gain: gained / (base_rate * all),
        }
    };
    Ok(deciles.into_iter().filter(|(weight, ..)| *weight > 0.0).enumerate().map(lift).collect())
}
