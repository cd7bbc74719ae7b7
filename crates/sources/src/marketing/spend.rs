//! What is spent on which day, and what it buys.

use super::channels::LAWS;
use super::history::CHANNELS;
use crate::synthetic::draw::{Draws, Stream};

/// Usual spend on each day of the week, the first day's first.
const WEEK: [f64; 7] = [1.0, 1.0, 1.05, 1.1, 1.1, 0.9, 0.85];
/// Days for which a level of spend is kept.
const FLIGHT: u32 = 10;

/// Spend of each channel and day, as a multiple of the usual one.
pub(super) struct Spend {
    multiples: Vec<Vec<f64>>,
    most: Vec<f64>,
}

impl Spend {
    pub(super) fn new(seed: u64, days: u32) -> Self {
        let of_channel = |channel: usize| {
            let on_day = |day: u32| {
                let index = |at: u32| u64::from(at) * CHANNELS as u64 + channel as u64;
                let flight = Draws::new(seed, Stream::Budget, index(day / FLIGHT) << 1).normal();
                let noise = Draws::new(seed, Stream::Budget, index(day) << 1 | 1).normal();
                WEEK[(day % 7) as usize] * (0.35 * flight + 0.2 * noise).exp()
            };
            (0..days).map(on_day).collect::<Vec<_>>()
        };
        let multiples: Vec<Vec<f64>> = (0..CHANNELS).map(of_channel).collect();
        let most = (0..CHANNELS).map(|channel| multiples[channel].iter().map(|m| reach(channel, *m)).fold(0.0, f64::max)).collect();
        Self { multiples, most }
    }

    /// How many of the usual touches there are at a time given in days: 1 at the usual spend.
    pub(super) fn reach(&self, channel: usize, at: f64) -> f64 {
        self.multiples.get(channel).map_or(1.0, |days| reach(channel, days[(at as usize).min(days.len() - 1)]))
    }

    /// The highest of all days.
    pub(super) fn most_reach(&self, channel: usize) -> f64 {
        self.most.get(channel).copied().unwrap_or(1.0)
    }

    /// The price of a touch that is paid for, in millionths of a dollar: spend grows in proportion, reach more slowly.
    pub(super) fn price_micros(&self, channel: usize, day: usize) -> i64 {
        let Some(multiple) = self.multiples.get(channel).and_then(|days| days.get(day)) else { return 0 };
        (LAWS[channel].price * multiple / reach(channel, *multiple) * 1e6) as i64
    }
}

fn reach(channel: usize, multiple: f64) -> f64 {
    let saturation = LAWS[channel].saturation;
    if saturation == 0.0 { 1.0 } else { (1.0 - (-saturation * multiple).exp()) / (1.0 - (-saturation).exp()) }
}
