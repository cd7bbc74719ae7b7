//! When requests are made: the weekly and daily rhythm, and how many fall on each day.

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use super::options::Law;
use crate::synthetic::draw::{Draws, Stream};

/// Microseconds in a day.
pub(super) const DAY: u64 = 86_400_000_000;

/// Requests per weekday, Monday first, relative to the mean.
const WEEK: [f64; 7] = [0.94, 0.93, 0.95, 0.97, 1.03, 1.10, 1.08];

/// Requests per hour of the day (UTC), relative to the largest: quiet at 9, busiest at 20 and still
/// busy past midnight, as traffic from the United States is.
const HOURS: [f64; 24] = [
    0.93, 0.88, 0.80, 0.68, 0.53, 0.39, 0.28, 0.22, 0.19, 0.18, 0.21, 0.29, 0.41, 0.52, 0.60, 0.66, 0.72, 0.79, 0.87, 0.95, 1.0, 0.99,
    0.97, 0.95,
];

/// How requests spread over days and hours.
pub(super) struct Calendar {
    /// Number of the first request of each day; one more entry than days.
    first: Vec<u64>,
    /// `2025-01-01`, per day.
    dates: Vec<String>,
    weekend: Vec<bool>,
    /// Share of a day's requests before each hour; 25 entries.
    before_hour: [f64; 25],
}

impl Calendar {
    /// `requests` over `days` days from `start_on`, and the same pace up to the day `end`.
    pub(super) fn new(seed: u64, law: Law, requests: u64, start_on: NaiveDate, days: u32, end: u32) -> Self {
        let known = days.max(end) + 6;
        let date = |day: u32| start_on.checked_add_days(Days::new(u64::from(day))).unwrap_or(start_on);
        let weight = |day: u32| match law {
            Law::Uniform => 1.0,
            Law::Realistic => {
                let noise = 0.1 * (Draws::new(seed, Stream::Day, u64::from(day)).fraction() - 0.5);
                WEEK[date(day).weekday().num_days_from_monday() as usize] * (1.0 + noise)
            }
        };
        let whole: f64 = (0..days).map(weight).sum();
        let mut before = 0.0;
        let mut first = Vec::new();
        for day in 0..=known {
            // Exactly `requests` fall into the first `days` days: before / whole is then exactly 1.
            first.push((before / whole * requests as f64) as u64);
            before += weight(day);
        }
        let mut before_hour = [0.0; 25];
        for hour in 0..24 {
            let weight = if law == Law::Realistic { HOURS[hour] } else { 1.0 };
            before_hour[hour + 1] = before_hour[hour] + weight;
        }
        let day_weight = before_hour[24];
        before_hour.iter_mut().for_each(|share| *share /= day_weight);
        Self {
            first,
            dates: (0..known).map(|day| date(day).to_string()).collect(),
            weekend: (0..known).map(|day| date(day).weekday().num_days_from_monday() >= 5).collect(),
            before_hour,
        }
    }

    /// Number of the day's first request.
    pub(super) fn first(&self, day: u32) -> u64 {
        self.first[day as usize]
    }

    /// How many requests are made on a day.
    pub(super) fn requests(&self, day: u32) -> u64 {
        self.first(day + 1) - self.first(day)
    }

    /// The day on which a request is made.
    pub(super) fn day_of(&self, request: u64) -> u32 {
        (self.first.partition_point(|first| *first <= request) - 1) as u32
    }

    /// The day's requests that belong to part `part` of `parts`.
    pub(super) fn part(&self, day: u32, part: u64, parts: u64) -> Range<u64> {
        let count = self.requests(day);
        let at = |part: u64| (u128::from(part) * u128::from(count) / u128::from(parts)) as u64;
        let first = self.first(day);
        first + at(part)..first + at(part + 1)
    }

    /// Microseconds into the day at which this share (0..1) of the day's requests are made.
    pub(super) fn time_at(&self, share: f64) -> u64 {
        let hour = self.before_hour.partition_point(|before| *before <= share).clamp(1, 24) - 1;
        let (from, to) = (self.before_hour[hour], self.before_hour[hour + 1]);
        let hours = hour as f64 + (share - from) / (to - from);
        ((hours * 3_600_000_000.0) as u64).min(DAY - 1)
    }

    /// The date, as `2025-01-01`.
    pub(super) fn date(&self, day: u32) -> &str {
        self.dates.get(day as usize).map_or("", String::as_str)
    }

    pub(super) fn is_weekend(&self, day: u32) -> bool {
        self.weekend[day as usize]
    }
}
