//! What the model may be told.

use crate::error::{AttributionError, Result};

/// How the incremental model sees time, and how sure its intervals are.
#[derive(Debug, Clone, PartialEq)]
pub struct IncrementalSettings {
    /// Ends of the windows since the last contact, in days, ascending; behind the last one a contact is forgotten.
    pub windows: Vec<f64>,
    /// Users in a channel's holdout with an occasion, from which on its effect is read off the holdout.
    pub least_held_out: u64,
    /// The share of intervals that hold the truth.
    pub level: f64,
}

impl Default for IncrementalSettings {
    fn default() -> Self {
        Self { windows: vec![1.0, 3.0, 7.0, 14.0, 30.0], least_held_out: 50, level: 0.95 }
    }
}

impl IncrementalSettings {
    /// Whether these make sense.
    ///
    /// # Errors
    /// Windows that do not ascend from above 0, or more than 16; a level out of range.
    pub fn check(&self) -> Result<()> {
        let complain = |setting, value: String, expected| Err(AttributionError::Setting { setting, value, expected });
        let is_ascending =
            self.windows.windows(2).all(|pair| pair[0] < pair[1]) && self.windows.iter().all(|end| end.is_finite() && *end > 0.0);
        if self.windows.is_empty() || self.windows.len() > 16 || !is_ascending {
            return complain("windows", format!("{:?}", self.windows), "1 to 16 ascending numbers of days above 0");
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return complain("level", self.level.to_string(), "above 0 and below 1");
        }
        Ok(())
    }
}
