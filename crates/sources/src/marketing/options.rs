//! What to generate.

use chrono::{Days, NaiveDate};

use super::GenerateError;

/// What to generate.
#[derive(Debug, Clone)]
pub struct MarketingOptions {
    /// Users, at least 1.
    pub users: u64,
    /// Days, at least 1.
    pub days: u32,
    /// The first day.
    pub start_on: NaiveDate,
    /// Share of the users, drawn anew for each channel, to whom the channel is never shown: 0 to 0.9.
    pub holdout: f64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Replace what an earlier run left in the folder.
    pub overwrite: bool,
}

impl Default for MarketingOptions {
    fn default() -> Self {
        let start_on = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default();
        Self { users: 50_000, days: 60, start_on, holdout: 0.2, seed: 42, overwrite: false }
    }
}

impl MarketingOptions {
    pub(super) fn check(&self) -> Result<(), GenerateError> {
        if self.users == 0 {
            return Err(GenerateError::NoShoppers);
        }
        if self.users > u64::from(u32::MAX) {
            return Err(GenerateError::TooManyUsers { users: self.users });
        }
        if self.days == 0 {
            return Err(GenerateError::NoDays { first: 0, end: 0 });
        }
        // Corrections arrive up to two weeks after the last day.
        let last = self.start_on.checked_add_days(Days::new(u64::from(self.days) + 14));
        if last.is_none_or(|last| last > NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)) {
            return Err(GenerateError::TooLate { end: self.days });
        }
        if !(0.0..=0.9).contains(&self.holdout) {
            return Err(GenerateError::Holdout { holdout: self.holdout });
        }
        Ok(())
    }
}
