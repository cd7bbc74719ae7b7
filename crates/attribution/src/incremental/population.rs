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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
}

/// Users and the channels they could meet.
#[derive(Debug, Clone, Copy)]
pub struct Population<'a> {
    /// How many channels there are.
    pub channels: usize,
    /// All users who could have met one, converted or not.
    pub users: &'a [User],
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
            if let Some(odd) = user.exposures.iter().find(|exposure| exposure.channel >= self.channels) {
                let value = odd.channel as f64;
                return Err(AttributionError::Value { what: "the channel's number", row, value, expected: "below the number of channels" });
            }
        }
        Ok(())
    }
}
