//! A logistic function of the log odds.

use super::{bounded_log_odds, logistic};
use crate::error::{Result, TrainingError};
use crate::metrics::Scores;

const ROUNDS: usize = 100;

/// Slope and intercept with the least log loss.
pub(super) fn fit(scores: &Scores<'_>) -> Result<(f64, f64)> {
    let rate = scores.both_classes()?;
    let (mut positive, mut negative) = (0.0, 0.0);
    for (_, label, weight) in scores.iter() {
        if label > 0.5 { positive += weight } else { negative += weight }
    }
    // Targets short of 0 and 1, so that few rows cannot claim certainty.
    let targets = [1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)];
    let rows: Vec<_> = scores
        .iter()
        .map(|(probability, label, weight)| (bounded_log_odds(probability), targets[usize::from(label > 0.5)], weight))
        .collect();
    let loss = |slope: f64, intercept: f64| -> f64 {
        let one = |(score, target, weight): &(f64, f64, f64)| {
            let log_odds = slope * score + intercept;
            // ln(1 + e^x) - t x, without overflow.
            weight * (log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p() - target * log_odds)
        };
        rows.iter().map(one).sum()
    };
    let (mut slope, mut intercept) = (0.0, (rate / (1.0 - rate)).ln());
    let mut best = loss(slope, intercept);
    for _ in 0..ROUNDS {
        let (mut g, mut h) = ([0.0; 2], [1e-12, 0.0, 1e-12]);
        for (score, target, weight) in &rows {
            let probability = logistic(slope * score + intercept);
            let (difference, curvature) = (weight * (probability - target), weight * probability * (1.0 - probability));
            g = [g[0] + difference * score, g[1] + difference];
            h = [h[0] + curvature * score * score, h[1] + curvature * score, h[2] + curvature];
        }
        if g.iter().all(|part| part.abs() < 1e-10 * (positive + negative)) {
            return Ok((slope, intercept));
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        // All scores alike: only the intercept can move.
        let step = if determinant > 1e-12 * h[0] * h[2] {
            [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant]
        } else {
            [0.0, g[1] / h[2]]
        };
        let mut part = 1.0;
        loop {
            let candidate = loss(slope - part * step[0], intercept - part * step[1]);
            if candidate < best {
                (slope, intercept, best) = (slope - part * step[0], intercept - part * step[1], candidate);
                break;
            }
            part /= 2.0;
            if part < 1e-10 {
                // No step lowers the loss by as much as can be told apart.
                return Ok((slope, intercept));
            }
        }
    }
    Err(TrainingError::NotConverged { what: "Platt calibration", remedy: "use isotonic calibration or more rows" })
}
