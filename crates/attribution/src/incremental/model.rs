//! The fitted model and what it says.

use statrs::distribution::{ContinuousCDF, Normal};

use super::effects::Effects;
use super::joint::shares;
use super::poisson::Fit;
use super::population::{DAY, Population, User};
use super::settings::IncrementalSettings;
use super::stretches::{Layout, cut};
use super::totals::Totals;
use crate::error::{AttributionError, Result};
use crate::interval::Estimate;

/// What a channel's effect rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Users in a holdout drawn by chance, who had the same occasions.
    Holdout {
        /// How many of them had an occasion.
        users: u64,
    },
    /// Users and times without a contact, alike in everything else the model sees. Intent that it does not see is taken for an
    /// effect.
    Comparison,
    /// Nobody had a contact.
    None,
}

/// What one channel caused.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelEffect {
    /// The share of all conversions that it caused, 0 to 1; where several channels were needed, shared as Shapley values. The
    /// interval's upper end allows in part for effects of several channels that add up in place of multiplying.
    pub share: Estimate,
    /// The same in conversions.
    pub conversions: Estimate,
    /// What the conversions that it caused are worth, where the population says what conversions are worth.
    pub value: Estimate,
    /// By how much a contact multiplies the rate of conversions, as a logarithm, by window since the contact: as credited, never
    /// below 0 and never growing.
    pub effects: Vec<f64>,
    /// What this rests on.
    pub evidence: Evidence,
}

/// How one conversion is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Credit {
    /// Per channel, 0 to 1; their sum is at most 1.
    pub channels: Vec<f64>,
    /// Per exposure of the user, in the order given; ghosts have none. Sums to the channels' shares.
    pub exposures: Vec<f64>,
    /// What would have come anyway.
    pub baseline: f64,
}

/// The incremental model of a population.
#[derive(Debug, Clone, PartialEq)]
pub struct Incremental {
    /// Each channel.
    pub channels: Vec<ChannelEffect>,
    /// The share of the conversions that would have come anyway. The interval's lower end allows for effects of several channels that add
    /// up in place of multiplying.
    pub baseline: Estimate,
    /// Conversions in the time observed.
    pub conversions: u64,
    /// What they are worth.
    pub value: f64,
    /// What those that would have come anyway are worth.
    pub baseline_value: Estimate,
    settings: IncrementalSettings,
}

impl Incremental {
    /// Learns what contacts do to the rate of conversions, by comparing times after a contact with times after an occasion that
    /// the holdout left without one, and times without either.
    ///
    /// # Errors
    /// Settings or users that make no sense, no conversions, or more columns than the users can tell apart.
    pub fn fit(population: &Population<'_>, settings: &IncrementalSettings) -> Result<Self> {
        settings.check()?;
        population.check()?;
        let evidence: Vec<Evidence> = (0..population.channels).map(|channel| evidence(population, channel)).collect();
        let enough = |evidence: &Evidence| matches!(evidence, Evidence::Holdout { users } if *users >= settings.least_held_out);
        let is_randomised = evidence.iter().map(enough).collect();
        let layout = Layout { channels: population.channels, windows: settings.windows.len(), is_randomised };
        if layout.columns() > 2000 {
            let (found, remedy) = (layout.columns() as u64, "group small channels, or use fewer windows");
            return Err(AttributionError::TooMany { what: "the list of the incremental model's columns", found, limit: 2000, remedy });
        }
        let parts = cut(population, &layout, settings);
        let fit = Fit::new(&parts, &layout)?;
        let effects = Effects::new(&fit, &parts, &layout);
        let counted = Totals::new(&parts, &layout, &effects, |stretch| f64::from(stretch.conversions));
        let valued = Totals::new(&parts, &layout, &effects, |stretch| stretch.value);
        Ok(Self::new([&counted, &valued], &effects, &evidence, &layout, settings))
    }

    fn new(
        [counted, valued]: [&Totals; 2],
        effects: &Effects,
        evidence: &[Evidence],
        layout: &Layout,
        settings: &IncrementalSettings,
    ) -> Self {
        let z = Normal::standard().inverse_cdf(0.5 + settings.level / 2.0);
        let times = |share: Estimate, whole: f64| Estimate { value: share.value * whole, low: share.low * whole, high: share.high * whole };
        let channel = |number: usize| {
            let share = counted.share(number, z);
            let windows = number * layout.windows..(number + 1) * layout.windows;
            let evidence = match evidence[number] {
                Evidence::Holdout { .. } if !layout.is_randomised[number] => Evidence::Comparison,
                evidence => evidence,
            };
            ChannelEffect {
                share,
                conversions: times(share, counted.whole),
                value: times(valued.share(number, z), valued.whole),
                effects: effects.credited[windows].to_vec(),
                evidence,
            }
        };
        let channels: Vec<ChannelEffect> = (0..layout.channels).map(channel).collect();
        Self {
            channels,
            baseline: counted.baseline(z),
            conversions: counted.whole as u64,
            value: valued.whole,
            baseline_value: times(valued.baseline(z), valued.whole),
            settings: settings.clone(),
        }
    }

    /// How a conversion of a user is shared among the channels and their contacts. Only contacts before it count.
    pub fn credit(&self, user: &User, at: i64) -> Credit {
        let days = |exposure: i64| (at - exposure) as f64 / DAY;
        let mut latest: Vec<Option<i64>> = vec![None; self.channels.len()];
        let counts = |exposure: &super::Exposure| !exposure.is_ghost && exposure.at < at && exposure.channel < self.channels.len();
        for exposure in user.exposures.iter().filter(|exposure| counts(exposure)) {
            latest[exposure.channel] = latest[exposure.channel].max(Some(exposure.at));
        }
        let window_of = |exposure: i64| self.settings.windows.iter().position(|end| days(exposure) <= *end);
        let effect = |channel: usize| Some((channel, self.channels[channel].effects[window_of(latest[channel]?)?]));
        let (met, effects): (Vec<usize>, Vec<f64>) = (0..self.channels.len()).filter_map(effect).unzip();
        let mut credit = Credit { channels: vec![0.0; self.channels.len()], exposures: vec![0.0; user.exposures.len()], baseline: 1.0 };
        for (channel, share) in met.iter().zip(shares(&effects)).filter(|(_, share)| *share > 0.0) {
            credit.channels[*channel] = share;
            credit.baseline -= share;
            // Within a channel by what each contact would do if it were the latest.
            let own = || user.exposures.iter().enumerate().filter(|(_, exposure)| counts(exposure) && exposure.channel == *channel);
            let windows: Vec<(usize, usize)> = own().filter_map(|(number, exposure)| Some((number, window_of(exposure.at)?))).collect();
            let effects = &self.channels[*channel].effects;
            let count = |window: usize| windows.iter().filter(|(_, other)| *other == window).count() as f64;
            let total: f64 = effects.iter().enumerate().map(|(window, effect)| effect * count(window)).sum();
            for (number, window) in windows {
                credit.exposures[number] = share * effects[window] / total;
            }
        }
        credit
    }
}

fn evidence(population: &Population<'_>, channel: usize) -> Evidence {
    let met = |user: &User, is_ghost: bool| user.exposures.iter().any(|e| e.channel == channel && e.is_ghost == is_ghost);
    let held_out = population.users.iter().filter(|user| met(user, true)).count() as u64;
    let is_met = population.users.iter().any(|user| met(user, false));
    match (held_out, is_met) {
        (_, false) => Evidence::None,
        (0, true) => Evidence::Comparison,
        (users, true) => Evidence::Holdout { users },
    }
}
