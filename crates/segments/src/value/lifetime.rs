//! What customers will spend, discounted.

use super::bg_nbd::BgNbd;
use super::gamma_gamma::GammaGamma;
use super::histories::Histories;
use crate::error::{Result, SegmentsError};

/// How far ahead value is counted, and how much less later money is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Number of periods, such as 12 months; at least 1.
    pub periods: u32,
    /// Length of one in the unit of the ages: 30 or 30.4375 for months in days, 4.345 in weeks.
    pub period: f64,
    /// Share by which money is worth less per period, 0 or more: 0.01 is 1 %.
    pub discount_rate: f64,
}

/// More periods than this are taken for a mistake.
const MOST_PERIODS: u32 = 1200;

impl Horizon {
    fn checked(&self) -> Result<()> {
        let wrong = |setting, value, expected| Err(SegmentsError::Setting { setting, value, expected });
        if !(1..=MOST_PERIODS).contains(&self.periods) {
            return wrong("periods", self.periods.to_string(), "a number from 1 to 1200");
        }
        if !(self.period.is_finite() && self.period > 0.0) {
            return wrong("period", self.period.to_string(), "a time above 0");
        }
        if !(self.discount_rate.is_finite() && self.discount_rate >= 0.0) {
            return wrong("discount_rate", self.discount_rate.to_string(), "0 or a share above");
        }
        Ok(())
    }
}

/// Each customer's expected value within the horizon: the expected order value times the sum over periods of
/// (E(period end) - E(period begin)) / (1 + discount rate)^period, the first period counted as 1.
///
/// E is [`BgNbd::expected_purchases`]. Money comes at the end of its period, as in the Python package `lifetimes`.
///
/// # Errors
///
/// As [`BgNbd::expected_purchases`] and [`GammaGamma::expected_order_values`]; also if the horizon is no such.
pub fn customer_values(
    purchases: &BgNbd,
    spending: &GammaGamma,
    histories: &Histories,
    order_values: &[f64],
    horizon: &Horizon,
) -> Result<Vec<f64>> {
    horizon.checked()?;
    let expected_values = spending.expected_order_values(histories, order_values)?;
    let ends: Vec<_> = (1..=horizon.periods).map(|period| f64::from(period) * horizon.period).collect();
    let discount = 1.0 / (1.0 + horizon.discount_rate);
    // Summed by parts: a period's end is counted with its own discount and, as the next one's begin, without the next one's.
    let weights: Vec<_> = (1..=horizon.periods)
        .map(|period| {
            let own = discount.powf(f64::from(period));
            if period == horizon.periods { own } else { own * (1.0 - discount) }
        })
        .collect();
    purchases.each_outlook(histories, &ends, |row, expected| {
        let discounted: f64 = expected.iter().zip(&weights).map(|(purchases, weight)| purchases * weight).sum();
        discounted * expected_values[row]
    })
}
