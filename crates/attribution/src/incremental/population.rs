//! Who was observed, when, and what they saw and did.

use crate::error::{AttributionError, Result};

/// Microseconds in a day.
pub(super) const DAY: f64 = 86_400_000_000.0;

/// A contact with a channel, or one that the user's holdout prevented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// Microseconds since any fixed instant.
    pub at: i64,
    /// The channel, from 0.
    pub channel: usize,
    /// Nothing was shown, because chance had put the user into the channel's holdout; it was written down that there was an
    /// occasion (a "ghost ad": Johnson, Lewis, Nubbemeyer, Journal of Marketing Research 54, 2017).
    pub is_ghost: bool,
}

/// One user, converted or not. The order of the entries has no meaning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// When the user began to be observed.
    pub from: i64,
    /// When this ended; conversions after `from` up to here are counted.
    pub until: i64,
    /// Contacts. Clicks that follow a logged impression are left out: they come with it.
    pub exposures: Vec<Exposure>,
    /// What tells of intent and is no advertising, such as visits of one's own accord.
    pub signals: Vec<i64>,
    /// Instants of conversions.
    pub conversions: Vec<i64>,
    /// What each of them is worth, in the same order; empty where nothing is known, which counts as 0.
    pub values: Vec<f64>,
}

/// Users and the channels they could meet.
#[derive(Debug, Clone, Copy)]
pub struct Population<'a> {
    /// How many channels there are.
    pub channels: usize,
    /// All users who could have met one, converted or not.
    pub users: &'a [User],
}

impl User {
    /// Conversions in the time observed with their values, in the order of time.
    pub fn converted(&self) -> Vec<(i64, f64)> {
        let values = self.values.iter().copied().chain(std::iter::repeat(0.0));
        let within = |(at, _): &(i64, f64)| (self.from.saturating_add(1)..=self.until).contains(at);
        let mut found: Vec<(i64, f64)> = self.conversions.iter().copied().zip(values).filter(within).collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
        found
    }
}

impl Population<'_> {
    pub(super) fn check(&self) -> Result<()> {
        if self.users.is_empty() {
            return Err(AttributionError::Empty { what: "the population of the incremental model" });
        }
        for (row, user) in self.users.iter().enumerate() {
            if user.until <= user.from {
                let value = (user.until - user.from) as f64;
                return Err(AttributionError::Value { what: "the time observed, in microseconds,", row, value, expected: "more than 0" });
            }
            if !user.values.is_empty() && user.values.len() != user.conversions.len() {
                let what = "the values of a user's conversions";
                return Err(AttributionError::Lengths { what, expected: user.conversions.len(), found: user.values.len() });
            }
            if let Some(value) = user.values.iter().copied().find(|value| !value.is_finite() || *value < 0.0) {
                return Err(AttributionError::Value {
                    what: "the value of a conversion",
                    row,
                    value,
                    expected: "a finite number from 0 on",
                });
            }
            if let Some(odd) = user.exposures.iter().find(|exposure| exposure.channel >= self.channels) {
                let value = odd.channel as f64;
                return Err(AttributionError::Value { what: "the channel's number", row, value, expected: "below the number of channels" });
            }
        }
        Ok(())
    }
}
