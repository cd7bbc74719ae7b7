//! Newton's method.

use rayon::prelude::*;

use super::coefficients::coefficients;
use super::design::{Bound, Design, Scale};
use super::solve::Cholesky;
use super::{Logistic, LogisticSettings};
use crate::calibrate::logistic;
use crate::data::Dataset;
use crate::error::{Result, TrainingError};

/// The rows are summed in this many parts, whatever the threads, so that rounding is always the same.
const PARTS: usize = 8;

/// Gradient and curvature of the sum of log losses, without penalty. The intercept is the last column.
pub(super) struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    /// Row by row; only the lower triangle is filled.
    pub(super) curvature: Vec<f64>,
}

pub(super) fn fit(data: &Dataset, settings: &LogisticSettings) -> Result<Logistic> {
    settings.check()?;
    let base_rate = data.base_rate()?;
    let scale_of_numbers = Scale::of(settings);
    let design = Design::fit(data, scale_of_numbers)?;
    let size = design.columns() + 1;
    let rows = design.bind(data.frame(), scale_of_numbers)?;
    let penalty = |column: usize| if column + 1 < size { settings.l2 } else { 0.0 };
    let total = |sums: &Sums, weights: &[f64]| {
        sums.loss + weights.iter().enumerate().map(|(column, weight)| penalty(column) * weight * weight / 2.0).sum::<f64>()
    };
    let not_converged = || TrainingError::NotConverged {
        what: "logistic regression",
        remedy: "set l2 above 0, or leave out features that follow from others or that tell the classes apart entirely",
    };

    let mut weights = vec![0.0; size];
    weights[size - 1] = (base_rate / (1.0 - base_rate)).ln();
    let mut sums = sums_at(data, &rows, &weights);
    let scale: f64 = (0..data.rows()).map(|row| data.weight(row)).sum();
    for _ in 0..settings.max_iterations {
        let gradient: Vec<_> = sums.gradient.iter().enumerate().map(|(column, part)| part + penalty(column) * weights[column]).collect();
        let penalised = with_penalty(&sums.curvature, size, settings.l2);
        let step = Cholesky::of(&penalised, size).ok_or_else(not_converged)?.solve(&gradient);
        // What the quadratic model still promises, per row.
        let promised = step.iter().zip(&gradient).map(|(step, gradient)| step * gradient).sum::<f64>() / 2.0;
        if promised < 1e-12 * scale {
            // Separable classes drive the weights up for ever smaller gains; on standardised features this is beyond all reason.
            if weights.iter().any(|weight| weight.abs() > 30.0) && settings.l2 == 0.0 {
                return Err(not_converged());
            }
            let spread = match data.groups().filter(|_| settings.has_grouped_errors) {
                Some(groups) => grouped_spread(data, &rows, &weights, groups),
                None => sums.curvature.clone(),
            };
            let coefficients = coefficients(&design, &weights, &sums.curvature, &spread, settings)?;
            let intercept = weights.pop().unwrap_or_default();
            return Ok(Logistic { settings: settings.clone(), design, intercept, weights, coefficients });
        }
        let now = total(&sums, &weights);
        let mut part = 1.0;
        loop {
            let candidate: Vec<_> = weights.iter().zip(&step).map(|(weight, step)| weight - part * step).collect();
            let next = sums_at(data, &rows, &candidate);
            // Any fall will do: the loss is convex.
            if total(&next, &candidate) <= now || part < 1e-8 {
                (weights, sums) = (candidate, next);
                break;
            }
            part /= 2.0;
        }
    }
    Err(not_converged())
}

/// The curvature with the penalty on its diagonal.
pub(super) fn with_penalty(curvature: &[f64], size: usize, l2: f64) -> Vec<f64> {
    let mut penalised = curvature.to_vec();
    for column in 0..size - 1 {
        penalised[column * size + column] += l2;
        // A column of zeros (a constant feature) is held in place.
        if penalised[column * size + column] == 0.0 {
            penalised[column * size + column] = 1.0;
        }
    }
    penalised
}

fn sums_at(data: &Dataset, rows: &Bound<'_>, weights: &[f64]) -> Sums {
    let part = |part: usize| {
        let (begin, end) = (data.rows() * part / PARTS, data.rows() * (part + 1) / PARTS);
        sum_rows(data, rows, weights, begin..end)
    };
    let parts: Vec<_> = (0..PARTS).into_par_iter().map(part).collect();
    let empty = || Sums { loss: 0.0, gradient: vec![0.0; weights.len()], curvature: vec![0.0; weights.len().pow(2)] };
    parts.into_iter().fold(empty(), |mut sums, part| {
        sums.loss += part.loss;
        sums.gradient.iter_mut().zip(part.gradient).for_each(|(sum, part)| *sum += part);
        sums.curvature.iter_mut().zip(part.curvature).for_each(|(sum, part)| *sum += part);
        sums
    })
}

fn sum_rows(data: &Dataset, rows: &Bound<'_>, weights: &[f64], range: std::ops::Range<usize>) -> Sums {
    let size = weights.len();
    let mut sums = Sums { loss: 0.0, gradient: vec![0.0; size], curvature: vec![0.0; size * size] };
    let mut terms = Vec::new();
    for row in range {
        let weight = data.weight(row);
        if weight == 0.0 {
            continue;
        }
        rows.terms(row, &mut terms);
        terms.push(super::Term { column: size - 1, value: 1.0 });
        let log_odds: f64 = terms.iter().map(|term| weights[term.column] * term.value).sum();
        let target = f64::from(u8::from(data.labels()[row]));
        let probability = logistic(log_odds);
        sums.loss += weight * (log_odds.max(0.0) + (-log_odds.abs()).exp().ln_1p() - target * log_odds);
        let (slope, bend) = (weight * (probability - target), weight * probability * (1.0 - probability));
        for (place, term) in terms.iter().enumerate() {
            sums.gradient[term.column] += slope * term.value;
            for other in &terms[..=place] {
                let (high, low) = (term.column.max(other.column), term.column.min(other.column));
                sums.curvature[high * size + low] += bend * term.value * other.value;
            }
        }
    }
    sums
}

/// The products of each group's gradient with itself, summed; the lower triangle. Corrected for few groups by `groups / (groups - 1)`.
fn grouped_spread(data: &Dataset, rows: &Bound<'_>, weights: &[f64], groups: &[u64]) -> Vec<f64> {
    let size = weights.len();
    let mut order: Vec<u32> = (0..data.rows() as u32).collect();
    order.sort_by_key(|row| groups[*row as usize]);
    let (mut spread, mut count) = (vec![0.0; size * size], 0.0);
    let mut terms = Vec::new();
    for group in order.chunk_by(|one, other| groups[*one as usize] == groups[*other as usize]) {
        let mut gradient = vec![0.0; size];
        for row in group.iter().map(|row| *row as usize) {
            rows.terms(row, &mut terms);
            terms.push(super::Term { column: size - 1, value: 1.0 });
            let log_odds: f64 = terms.iter().map(|term| weights[term.column] * term.value).sum();
            let slope = data.weight(row) * (logistic(log_odds) - f64::from(u8::from(data.labels()[row])));
            terms.iter().for_each(|term| gradient[term.column] += slope * term.value);
        }
        for high in (0..size).filter(|high| gradient[*high] != 0.0) {
            (0..=high).for_each(|low| spread[high * size + low] += gradient[high] * gradient[low]);
        }
        count += 1.0;
    }
    let correction = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
    spread.iter_mut().for_each(|product| *product *= correction);
    spread
}
