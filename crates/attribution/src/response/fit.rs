//! Curves of all channels, drawn from what the days leave possible.

use super::baseline::Baseline;
use super::curve::Curve;
use super::history::History;
use super::posterior::Posterior;
use super::sampling::{draw, most_probable};
use crate::error::{AttributionError, Result};
use crate::random::{Purpose, generator};

/// How curves are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResponseSettings {
    /// Curves drawn from the posterior, at least 20.
    pub draws: usize,
    /// Days that say what is spent at present: the last ones of the history.
    pub present_days: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for ResponseSettings {
    fn default() -> Self {
        Self { draws: 100, present_days: 28, seed: 0 }
    }
}

/// What spend brings, as far as the days tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The channels' names.
    pub names: Vec<String>,
    /// Possible curves, by draw and channel. All draws are equally probable.
    pub draws: Vec<Vec<Curve>>,
    /// The most probable curves.
    pub best: Vec<Curve>,
    /// Present spend of each channel a day: the mean of the last days.
    pub present: Vec<f64>,
    /// Spend carried out of the history, by draw and channel.
    pub carried: Vec<Vec<f64>>,
    /// Standard deviation of a day's outcomes around the best fit.
    pub noise: f64,
}

impl Response {
    /// Fits the curves of all channels to the days of all channels at once.
    ///
    /// # Errors
    /// Fewer than 28 days, no channels, series of different lengths, or numbers below 0.
    pub fn fit(history: &History, settings: &ResponseSettings) -> Result<Self> {
        history.check()?;
        if settings.draws < 20 {
            return Err(AttributionError::Setting { setting: "draws", value: settings.draws.to_string(), expected: "at least 20" });
        }
        let days = history.outcomes.len();
        if settings.present_days == 0 || settings.present_days > days {
            let value = settings.present_days.to_string();
            return Err(AttributionError::Setting {
                setting: "present_days",
                value,
                expected: "at least 1 and at most the history's days",
            });
        }
        let remedy = "give a longer history";
        let baseline = Baseline::new(days).ok_or(AttributionError::Singular { what: "the baseline of the response curves", remedy })?;
        let posterior = Posterior::new(history, baseline);
        let (best, local) = most_probable(&posterior, posterior.prior_mean());
        let random = &mut generator(settings.seed, Purpose::Curves, 0);
        let draws = draw(&posterior, &best, &local, settings.draws, random);
        let channels = history.channels.len();
        let curves = |parameters: &Vec<f64>| (0..channels).map(|channel| posterior.curve(channel, parameters)).collect::<Vec<_>>();
        let carried = |curves: &Vec<Curve>| -> Vec<f64> {
            let last = |(curve, channel): (&Curve, &super::ChannelHistory)| curve.carried(&channel.spend).last().copied().unwrap_or(0.0);
            curves.iter().zip(&history.channels).map(last).collect()
        };
        let noise = posterior.noise(&best);
        let draws: Vec<Vec<Curve>> = draws.iter().map(curves).collect();
        let present = |spend: &[f64]| spend[days - settings.present_days..].iter().sum::<f64>() / settings.present_days as f64;
        Ok(Self {
            names: history.channels.iter().map(|channel| channel.name.clone()).collect(),
            carried: draws.iter().map(carried).collect(),
            draws,
            best: curves(&best),
            present: history.channels.iter().map(|channel| present(&channel.spend)).collect(),
            noise,
        })
    }

    /// Outcomes that a constant spend on a channel brings, on average over all draws.
    pub fn expected(&self, channel: usize, daily: f64, days: usize) -> f64 {
        self.by_draw(channel, daily, days).sum::<f64>() / self.draws.len() as f64
    }

    /// The same for each draw.
    pub fn by_draw(&self, channel: usize, daily: f64, days: usize) -> impl Iterator<Item = f64> {
        self.draws.iter().zip(&self.carried).map(move |(curves, carried)| curves[channel].total(carried[channel], daily, days))
    }
}
