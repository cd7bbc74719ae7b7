//! What was spent and what came of it, day by day.

use crate::error::{AttributionError, Result};

/// A channel's spend on each day, in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelHistory {
    /// The channel.
    pub name: String,
    /// Spend of each day, 0 or more; refunds belong to the day they correct.
    pub spend: Vec<f64>,
}

/// Days without gaps, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Conversions or value of each day, whatever they came from.
    pub outcomes: Vec<f64>,
    /// All channels that were spent on.
    pub channels: Vec<ChannelHistory>,
}

/// Fewest days from which anything can be learnt.
pub const LEAST_DAYS: usize = 28;

impl History {
    pub(super) fn check(&self) -> Result<()> {
        if self.channels.is_empty() {
            return Err(AttributionError::Empty { what: "the list of channels with spend" });
        }
        let days = self.outcomes.len();
        if days < LEAST_DAYS {
            let expected = "a history of at least 28 days";
            return Err(AttributionError::Setting { setting: "the number of days with outcomes", value: days.to_string(), expected });
        }
        check_numbers("an outcome", &self.outcomes)?;
        for channel in &self.channels {
            if channel.spend.len() != days {
                return Err(AttributionError::Lengths { what: "a channel's spend", expected: days, found: channel.spend.len() });
            }
            check_numbers("the spend", &channel.spend)?;
        }
        Ok(())
    }
}

fn check_numbers(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().enumerate().find(|(_, value)| !(value.is_finite() && **value >= 0.0)) {
        Some((row, value)) => {
            Err(AttributionError::Value { what, row, value: *value, expected: "a number of 0 or more; net refunds out of their day" })
        }
        None => Ok(()),
    }
}
