//! What to generate.

use std::ops::Range;

use chrono::{Days, NaiveDate};

use crate::synthetic::GenerateError;

/// How clicks come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Law {
    /// Traffic with a rhythm, heavy-tailed users and campaigns, and clicks by the logistic law in
    /// the module's documentation.
    #[default]
    Realistic,
    /// Half the requests get an impression, a fifth of the impressions with a known campaign a
    /// click, independent of everything.
    Uniform,
}

/// What to generate. [`AdtechOptions::default`] is the size that the documentation speaks of.
#[derive(Debug, Clone)]
pub struct AdtechOptions {
    /// Distinct requests made in the first `days` days; further days continue at the same pace.
    pub requests: u64,
    /// Users who may make a request.
    pub users: u64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// How clicks come about.
    pub law: Law,
    /// Also damage about one row in two thousand; `truth/malformed.csv` lists them.
    pub malformed: bool,
    /// The first day, UTC.
    pub start_on: NaiveDate,
    /// Days over which `requests` are spread.
    pub days: u32,
    /// The days to write, counted from `start_on`; `None` is all of `0..days`. A row stands with
    /// the day it arrives, so
    /// `90..91` holds that day's rows and late rows of the three days before. Users, apps and campaigns are written with day 0.
    pub day_range: Option<Range<u32>>,
    /// One file per day (`requests-2025-01-01.csv`) in place of one per table, for the tables that
    /// grow.
    pub by_day: bool,
    /// Replace what an earlier run left in the folder.
    pub overwrite: bool,
}

impl Default for AdtechOptions {
    fn default() -> Self {
        Self {
            requests: 5_000_000,
            users: 500_000,
            seed: 42,
            law: Law::Realistic,
            malformed: false,
            start_on: NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default(),
            days: 90,
            day_range: None,
            by_day: false,
            overwrite: false,
        }
    }
}

impl AdtechOptions {
    /// The days to write.
    pub(super) fn range(&self) -> Range<u32> {
        self.day_range.clone().unwrap_or(0..self.days)
    }

    pub(super) fn check(&self) -> Result<(), GenerateError> {
        let Range { start, end } = self.range();
        if start >= end || self.days == 0 {
            return Err(GenerateError::NoDays { first: start, end });
        }
        // Rows may be stamped a few days after the last one.
        let end = end.max(self.days);
        let last = self.start_on.checked_add_days(Days::new(u64::from(end) + 5));
        if last.is_none_or(|last| last > NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()) {
            return Err(GenerateError::TooLate { end });
        }
        if self.users == 0 && self.requests > 0 {
            return Err(GenerateError::NoUsers { requests: self.requests });
        }
        if self.users > u64::from(u32::MAX) {
            return Err(GenerateError::TooManyUsers { users: self.users });
        }
        Ok(())
    }
}
