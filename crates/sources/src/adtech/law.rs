//! The law by which an impression gets a click. The module's documentation states it in words.

use serde::Serialize;

use super::campaigns::{CAMPAIGNS, CPC, CPI, CPM, MOBILE};
use super::draw::{Draws, Stream};
use super::people::{APPS, GENRES, PRICES, SHOPPING, VIDEOS};

/// Share of impressions that get a click under the realistic law.
const MEAN: f64 = 0.10;
/// ROC-AUC that a perfect model reaches, in the middle of what is promised.
const BEST_AUC: f64 = 0.82;
/// Most scores that the law is fitted to.
const QUANTILES: usize = 4000;
/// Click probability of an impression with a known campaign under the uniform law.
pub(super) const UNIFORM: f64 = 0.2;

const POSITION: [f64; 5] = [0.8, 0.4, 0.0, -0.4, -0.8];
const DEVICE: [f64; 3] = [0.25, 0.0, -0.5];
const PRICE: [f64; PRICES.len()] = [-0.35, -0.1, 0.15, 0.4];
const CAMPAIGN_DEVIATION: f64 = 0.8;
const APP_DEVIATION: f64 = 0.6;
const PAIR_DEVIATION: f64 = 0.3;

/// What an impression's click depends on. Numbers count from 0.
pub(super) struct Circumstances {
    pub(super) genre: usize,
    pub(super) app: usize,
    pub(super) campaign: usize,
    pub(super) campaign_type: usize,
    pub(super) position: usize,
    /// 0 to 23, UTC.
    pub(super) hour: usize,
    pub(super) is_weekend: bool,
    pub(super) device: usize,
    pub(super) price: usize,
}

/// The two numbers that fit the law to its targets: log-odds of a click = intercept + scale ×
/// score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClickLaw {
    /// Log-odds of a click where all terms are 0.
    pub intercept: f64,
    /// What the sum of the terms is multiplied with.
    pub scale: f64,
}

impl ClickLaw {
    pub(super) fn probability(&self, score: f64) -> f64 {
        1.0 / (1.0 + (-self.intercept - self.scale * score).exp())
    }

    /// Finds the law with the promised mean and best AUC over a sample of scores.
    pub(super) fn fit(mut scores: Vec<f64>) -> Self {
        scores.sort_unstable_by(f64::total_cmp);
        // Some thousand quantiles stand for all of them.
        let step = scores.len().div_ceil(QUANTILES).max(1);
        let scores: Vec<f64> = scores.into_iter().skip(step / 2).step_by(step).collect();
        // A larger scale tells clicks and others further apart, so bisection finds it; likewise the
        // intercept and the mean.
        let (mut low, mut high) = (0.0, 8.0);
        for _ in 0..24 {
            let scale = (low + high) / 2.0;
            if auc(&scores, Self::with_mean(&scores, scale)) < BEST_AUC { low = scale } else { high = scale }
        }
        Self::with_mean(&scores, (low + high) / 2.0)
    }

    fn with_mean(scores: &[f64], scale: f64) -> Self {
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..32 {
            let law = Self { intercept: (low + high) / 2.0, scale };
            let sum: f64 = scores.iter().map(|score| law.probability(*score)).sum();
            if sum < MEAN * scores.len() as f64 { low = law.intercept } else { high = law.intercept }
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

/// The effects of campaigns, apps and their pairs, drawn once per seed.
pub(super) struct Effects {
    campaign: Vec<f64>,
    app: Vec<f64>,
    /// Campaign × genre.
    pair: Vec<f64>,
    hour: [f64; 24],
}

impl Effects {
    pub(super) fn new(seed: u64) -> Self {
        let mut index = 0;
        let mut effects = |count: usize, deviation: f64| -> Vec<f64> {
            let effect = |_| {
                index += 1;
                deviation * Draws::new(seed, Stream::Affinity, index).normal()
            };
            (0..count).map(effect).collect()
        };
        Self {
            campaign: effects(CAMPAIGNS, CAMPAIGN_DEVIATION),
            app: effects(APPS, APP_DEVIATION),
            pair: effects(CAMPAIGNS * GENRES.len(), PAIR_DEVIATION),
            hour: std::array::from_fn(|hour| 0.5 * ((hour as f64 - 20.0) * std::f64::consts::PI / 12.0).cos()),
        }
    }

    /// The sum of all terms.
    pub(super) fn score(&self, at: &Circumstances) -> f64 {
        affinity(at.genre, at.campaign_type)
            + POSITION[at.position]
            + self.hour[at.hour]
            + DEVICE[at.device]
            + PRICE[at.price]
            + together(at)
            + self.campaign[at.campaign]
            + self.app[at.app]
            + self.pair[at.campaign * GENRES.len() + at.genre]
    }
}

/// How well a genre's users and a way of advertising go together.
fn affinity(genre: usize, campaign_type: usize) -> f64 {
    const GAMES: usize = 0;
    const NEWS: usize = 4;
    match (genre, campaign_type) {
        (VIDEOS, CPM) | (SHOPPING, CPC) => 1.1,
        (GAMES, CPI) => 0.7,
        (NEWS, CPI) => -0.5,
        _ => 0.0,
    }
}

/// Terms of two circumstances that count only together.
fn together(at: &Circumstances) -> f64 {
    let mut sum = 0.0;
    if at.device == MOBILE && at.campaign_type == CPI {
        sum += 0.4;
    }
    if at.price == PRICES.len() - 1 && at.genre == SHOPPING {
        sum += 0.4;
    }
    if at.genre == VIDEOS && (18..24).contains(&at.hour) {
        sum += 0.4;
    }
    if at.is_weekend && at.position == 0 {
        sum += 0.2;
    }
    sum
}

/// ROC-AUC and mean of a stream of true probabilities, in constant memory: probabilities are
/// counted in fine bins, and two in the same bin count as tied.
pub(super) struct BestAuc {
    clicks: Vec<f64>,
    others: Vec<f64>,
}

impl BestAuc {
    const BINS: usize = 1_000_000;

    pub(super) fn new() -> Self {
        Self { clicks: vec![0.0; Self::BINS], others: vec![0.0; Self::BINS] }
    }

    pub(super) fn add(&mut self, probability: f64) {
        let bin = ((probability * Self::BINS as f64) as usize).min(Self::BINS - 1);
        self.clicks[bin] += probability;
        self.others[bin] += 1.0 - probability;
    }

    /// The mean probability, and the AUC if there is something to order.
    pub(super) fn finish(&self) -> (f64, Option<f64>) {
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
