//! What is asked for.

use crate::error::{AttributionError, Result};

/// Bounds of a channel's daily spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// At least this.
    pub min: f64,
    /// At most this; infinite for none.
    pub max: f64,
}

impl Default for Bounds {
    /// Anything from 0.
    fn default() -> Self {
        Self { min: 0.0, max: f64::INFINITY }
    }
}

/// A budget and what binds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// To be spent over all days, on all channels.
    pub budget: f64,
    /// How many days the plan is for.
    pub days: usize,
    /// Bounds of each channel's daily spend.
    pub bounds: Vec<Bounds>,
    /// What outcomes are called: `conversions`.
    pub outcome: String,
    /// How probable it must be that a move is right: 0.5 follows the mean whatever the doubt, 1 never moves.
    pub least_sure: f64,
    /// The share of intervals that hold the truth.
    pub level: f64,
}

impl Request {
    /// A budget without bounds.
    pub fn new(budget: f64, days: usize, channels: usize) -> Self {
        let bounds = vec![Bounds::default(); channels];
        Self { budget, days, bounds, outcome: "conversions".to_owned(), least_sure: 0.55, level: 0.95 }
    }

    /// Budget of a day.
    pub(super) fn daily(&self) -> f64 {
        self.budget / self.days as f64
    }

    pub(super) fn check(&self, names: &[String]) -> Result<()> {
        let complain = |setting, value: String, expected| Err(AttributionError::Setting { setting, value, expected });
        if !(self.budget.is_finite() && self.budget >= 0.0) {
            return complain("budget", self.budget.to_string(), "0 or more");
        }
        if self.days == 0 || self.days > 3660 {
            return complain("horizon", format!("{} days", self.days), "1 to 3660 days");
        }
        if !(0.5..1.0).contains(&self.least_sure) {
            return complain("least_sure", self.least_sure.to_string(), "at least 0.5 and below 1");
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return complain("level", self.level.to_string(), "above 0 and below 1");
        }
        if self.bounds.len() != names.len() {
            return Err(AttributionError::Lengths { what: "the list of bounds", expected: names.len(), found: self.bounds.len() });
        }
        for (bounds, name) in self.bounds.iter().zip(names) {
            if !(bounds.min.is_finite() && bounds.min >= 0.0 && bounds.max >= bounds.min) {
                let value = format!("{} to {} for {name}", bounds.min, bounds.max);
                return complain("bounds", value, "a minimum of 0 or more and a maximum not below it");
            }
        }
        let least: f64 = self.bounds.iter().map(|bounds| bounds.min).sum();
        // A hair's breadth is rounding.
        if least > self.daily() * (1.0 + 1e-9) {
            let value = format!("{} for {} days, {:.2} a day, while the minima sum to {least:.2}", self.budget, self.days, self.daily());
            return complain("budget", value, "room for the minima: raise the budget or lower a minimum");
        }
        Ok(())
    }

    /// The spends in proportion to `mix`, within bounds, that use up the daily budget as far as the bounds allow.
    pub(super) fn scaled(&self, mix: &[f64]) -> Vec<f64> {
        let even = mix.iter().all(|spend| *spend <= 0.0);
        let weight = |at: usize| if even { 1.0 } else { mix[at] };
        let at = |scale: f64| -> Vec<f64> {
            self.bounds.iter().enumerate().map(|(at, bounds)| (scale * weight(at)).max(bounds.min).min(bounds.max)).collect()
        };
        let daily = self.daily();
        let smallest = (0..mix.len()).map(weight).filter(|weight| *weight > 0.0).fold(f64::INFINITY, f64::min);
        let (mut low, mut high) = (0.0, daily / smallest.max(f64::MIN_POSITIVE));
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            if at(middle).iter().sum::<f64>() <= daily { low = middle } else { high = middle }
        }
        at(low)
    }
}
