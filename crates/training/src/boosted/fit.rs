//! Growing trees one on the other.

use rayon::prelude::*;

use super::{Boosted, BoostedSettings};
use crate::bins::{Binner, Matrix};
use crate::calibrate::logistic;
use crate::data::Dataset;
use crate::error::{Result, TrainingError};
use crate::metrics::{Confidence, Scores, log_loss};
use crate::random::{Purpose, Stream};
use crate::tree::{Features, Graded, Growth, Newton, Order, Wide, add_answers, grow};

/// Boosted trees and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedBoosted {
    /// The trees.
    pub model: Boosted,
    /// The log loss of the validation rows after each tree grown, those dropped later included; empty without validation rows.
    pub validation_losses: Vec<f64>,
}

/// Rows whose gradients one thread works out at a time. Fixed, so that their sums round alike for any number of threads.
const CHUNK: usize = 16_384;

pub(super) fn fit(data: &Dataset, validation: Option<&Dataset>, settings: &BoostedSettings) -> Result<FittedBoosted> {
    settings.check()?;
    if settings.early_stopping.is_some() && validation.is_none() {
        return Err(TrainingError::Needs { task: "early stopping", needs: "validation rows" });
    }
    if data.rows() >= Wide::ROWS {
        return Err(TrainingError::TooManyRows { rows: data.rows(), limit: Wide::ROWS });
    }
    let rate = data.base_rate()?;
    let binner = Binner::fit(data.frame(), settings.max_bins, settings.seed)?;
    let matrix = binner.bin(data.frame())?;
    let start = (rate / (1.0 - rate)).ln();
    let mut watch = match validation {
        Some(rows) => Some(Watch { rows, matrix: binner.bin(rows.frame())?, log_odds: vec![start; rows.rows()], losses: Vec::new() }),
        None => None,
    };

    let mut log_odds = vec![start; data.rows()];
    let mut trees = Vec::new();
    let mut best = (f64::INFINITY, 0);
    for round in 0..settings.n_estimators {
        let gradients = Gradients::of(data, &log_odds);
        let mut samples = gradients.samples(data, settings, round);
        let criterion = Newton {
            gradient_unit: gradients.gradient_unit,
            hessian_unit: gradients.hessian_unit,
            l2: settings.l2,
            min_samples_leaf: u32::try_from(settings.min_samples_leaf).unwrap_or(u32::MAX),
            min_hessian_leaf: settings.min_hessian_leaf,
            learning_rate: settings.learning_rate,
        };
        let growth = Growth {
            max_depth: settings.max_depth.unwrap_or(usize::MAX),
            max_leaves: settings.max_leaves,
            min_gain: settings.min_gain,
            order: Order::BestFirst,
            parallel: true,
        };
        let grown = grow(&matrix, &mut samples, &criterion, &growth, Features::All);
        if samples.len() == data.rows() {
            for (range, value) in &grown.leaves {
                samples[range.clone()].iter().for_each(|sample| log_odds[sample.row_number()] += f64::from(*value));
            }
        } else {
            add_answers(std::slice::from_ref(&grown.tree), &matrix, &mut log_odds);
        }
        let is_stump = grown.tree.len() == 1;
        if let Some(watch) = &mut watch {
            let loss = watch.add(&grown.tree)?;
            if loss < best.0 {
                best = (loss, round + 1);
            }
        }
        trees.push(grown.tree);
        let waited = settings.early_stopping.is_some_and(|stopping| round + 1 - best.1 >= stopping.patience);
        // A tree without splits on all rows: every further one would be the same.
        if waited || is_stump && settings.subsample >= 1.0 {
            break;
        }
    }
    if settings.early_stopping.is_some() {
        trees.truncate(best.1);
    }
    let model = Boosted { settings: settings.clone(), start, binner, trees };
    Ok(FittedBoosted { model, validation_losses: watch.map(|watch| watch.losses).unwrap_or_default() })
}

/// First and second derivative of a row's log loss by its log odds.
type Derivatives = (f32, f32);

/// The derivatives of all rows.
struct Gradients {
    rows: Vec<Derivatives>,
    /// What one step of the fixed-point numbers is worth.
    gradient_unit: f64,
    hessian_unit: f64,
}

impl Gradients {
    fn of(data: &Dataset, log_odds: &[f64]) -> Self {
        let mut rows = vec![(0.0, 0.0); data.rows()];
        let chunk = |chunk: usize, rows: &mut [Derivatives], log_odds: &[f64]| {
            let (mut largest, mut largest_hessian, mut hessians) = (0.0_f64, 0.0_f64, 0.0);
            for (offset, (derivatives, log_odds)) in rows.iter_mut().zip(log_odds).enumerate() {
                let row = chunk * CHUNK + offset;
                let (probability, weight) = (logistic(*log_odds), data.weight(row));
                let gradient = weight * (probability - f64::from(u8::from(data.labels()[row])));
                let hessian = weight * probability * (1.0 - probability);
                *derivatives = (gradient as f32, hessian as f32);
                largest = largest.max(gradient.abs());
                largest_hessian = largest_hessian.max(hessian);
                hessians += hessian;
            }
            (largest, largest_hessian, hessians)
        };
        let chunks = rows.par_chunks_mut(CHUNK).zip(log_odds.par_chunks(CHUNK)).enumerate();
        let sums: Vec<_> = chunks.map(|(number, (rows, log_odds))| chunk(number, rows, log_odds)).collect();
        let largest = sums.iter().map(|sums| sums.0).fold(0.0, f64::max);
        let largest_hessian = sums.iter().map(|sums| sums.1).fold(0.0, f64::max);
        let hessians: f64 = sums.iter().map(|sums| sums.2).sum();
        // The smallest units in which nothing overflows, with room for rounding.
        let hessian_unit = (hessians / (0.98 * Wide::SECOND as f64)).max(largest_hessian / f64::from(1 << 30));
        let unit = |unit: f64| if unit > 0.0 { unit } else { 1.0 };
        Self { rows, gradient_unit: unit(largest / f64::from(1 << 30)), hessian_unit: unit(hessian_unit) }
    }

    /// The rows that a round learns from.
    fn samples(&self, data: &Dataset, settings: &BoostedSettings, round: usize) -> Vec<Graded> {
        let sample = |(row, (gradient, hessian)): (usize, &Derivatives)| {
            let gradient = (f64::from(*gradient) / self.gradient_unit).round() as i32;
            Graded::new(row as u32, gradient, (f64::from(*hessian) / self.hessian_unit).round() as u32)
        };
        if settings.subsample >= 1.0 {
            return self.rows.par_iter().enumerate().map(sample).collect();
        }
        let mut stream = Stream::new(settings.seed, Purpose::Subsample, round as u64);
        let mut wanted = ((data.rows() as f64 * settings.subsample).round() as usize).max(1);
        // Each row with the chance that fills what is wanted from what is left (Knuth's algorithm S).
        let mut left = data.rows();
        let mut chosen = |_: &(usize, &Derivatives)| {
            let is_chosen = stream.below(left) < wanted;
            left -= 1;
            wanted -= usize::from(is_chosen);
            is_chosen
        };
        self.rows.iter().enumerate().filter(|row| chosen(row)).map(sample).collect()
    }
}

/// The validation rows as trees are added.
struct Watch<'a> {
    rows: &'a Dataset,
    matrix: Matrix,
    log_odds: Vec<f64>,
    losses: Vec<f64>,
}

impl Watch<'_> {
    fn add(&mut self, tree: &crate::tree::Tree) -> Result<f64> {
        add_answers(std::slice::from_ref(tree), &self.matrix, &mut self.log_odds);
        let probabilities: Vec<_> = self.log_odds.iter().map(|log_odds| logistic(*log_odds)).collect();
        let scores = Scores::new(&probabilities, self.rows.labels(), self.rows.weights())?;
        let loss = log_loss(&scores, &Confidence::default())?.value;
        self.losses.push(loss);
        Ok(loss)
    }
}
