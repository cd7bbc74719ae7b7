//! The law by which an impression gets a click. The module's documentation states it in words.

use super::campaigns::{CAMPAIGNS, CPC, CPI, CPM, MOBILE};
use super::people::{APPS, GENRES, PRICES, SHOPPING, VIDEOS};
use crate::synthetic::draw::{Draws, Stream};

/// Share of impressions that get a click under the realistic law.
pub(super) const MEAN: f64 = 0.10;
/// ROC-AUC that a perfect model reaches, in the middle of what is promised.
pub(super) const BEST_AUC: f64 = 0.82;
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
