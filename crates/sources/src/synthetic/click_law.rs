//! Scores as click probabilities, and how well these can be known.

use serde::Serialize;

/// Most scores that a law is fitted to.
const QUANTILES: usize = 4000;

/// The two numbers that fit a law to its targets: log-odds of a click = intercept + scale × score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClickLaw {
    /// Log-odds of a click where all terms are 0.
    pub intercept: f64,
    /// What the sum of the terms is multiplied with.
    pub scale: f64,
}

impl ClickLaw {
    /// The probability of a click.
    pub(crate) fn probability(&self, score: f64) -> f64 {
        1.0 / (1.0 + (-self.intercept - self.scale * score).exp())
    }

    /// The law by which a sample of scores has this mean probability, and the probabilities
    /// themselves this ROC-AUC.
    pub(crate) fn fit(mut scores: Vec<f64>, mean: f64, best_auc: f64) -> Self {
        scores.sort_unstable_by(f64::total_cmp);
        // Some thousand quantiles stand for all of them.
        let step = scores.len().div_ceil(QUANTILES).max(1);
        let scores: Vec<f64> = scores.into_iter().skip(step / 2).step_by(step).collect();
        // A larger scale tells clicks and others further apart, so bisection finds it; likewise the
        // intercept and the mean.
        let (mut low, mut high) = (0.0, 8.0);
        for _ in 0..24 {
            let scale = (low + high) / 2.0;
            if auc(&scores, Self::with_mean(&scores, mean, scale)) < best_auc { low = scale } else { high = scale }
        }
        Self::with_mean(&scores, mean, (low + high) / 2.0)
    }

    fn with_mean(scores: &[f64], mean: f64, scale: f64) -> Self {
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..32 {
            let law = Self { intercept: (low + high) / 2.0, scale };
            let sum: f64 = scores.iter().map(|score| law.probability(*score)).sum();
            if sum < mean * scores.len() as f64 { low = law.intercept } else { high = law.intercept }
        }
        Self { intercept: (low + high) / 2.0, scale }
    }
}

/// Expected ROC-AUC of the true probability itself, for ascending scores.
fn auc(scores: &[f64], law: ClickLaw) -> f64 {
    let (mut clicks, mut others, mut ordered) = (0.0, 0.0, 0.0);
    for score in scores {
        let probability = law.probability(*score);
        ordered += probability * others;
        clicks += probability;
        others += 1.0 - probability;
    }
    ordered / (clicks * others)
}

/// ROC-AUC and mean of a stream of true probabilities, in constant memory: probabilities are
/// counted in fine bins, and two in the same bin count as tied.
pub(crate) struct BestAuc {
    clicks: Vec<f64>,
    others: Vec<f64>,
}

impl BestAuc {
    const BINS: usize = 1_000_000;

    pub(crate) fn new() -> Self {
        Self { clicks: vec![0.0; Self::BINS], others: vec![0.0; Self::BINS] }
    }

    pub(crate) fn add(&mut self, probability: f64) {
        let bin = ((probability * Self::BINS as f64) as usize).min(Self::BINS - 1);
        self.clicks[bin] += probability;
        self.others[bin] += 1.0 - probability;
    }

    /// The mean probability, and the AUC if there is something to order.
    pub(crate) fn finish(&self) -> (f64, Option<f64>) {
        let (mut clicks, mut others, mut ordered) = (0.0, 0.0, 0.0);
        for (click, other) in self.clicks.iter().zip(&self.others) {
            ordered += click * (others + other / 2.0);
            clicks += click;
            others += other;
        }
        let mean = if clicks + others > 0.0 { clicks / (clicks + others) } else { 0.0 };
        (mean, (clicks * others > 0.0).then(|| ordered / (clicks * others)))
    }
}
