//! One channel's curve.

/// Outcomes a day of a carried spend x: most × x^shape / (half^shape + x^shape) (Hill 1910), where the carried spend is
/// carry × that of the day before + (1 − carry) × the day's spend (Broadbent's adstock, 1979, in the spend's own unit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Outcomes a day that no spend exceeds, above 0.
    pub most: f64,
    /// The spend a day that brings half of them, above 0.
    pub half: f64,
    /// Above 1 the curve is S-shaped: small spends bring little.
    pub shape: f64,
    /// Share of the carried spend left on the next day, 0 to 1.
    pub carry: f64,
}

/// Carried spend below this share of where it began brings nothing worth counting.
const FADED: f64 = 1e-3;
/// Most days after a plan that are looked at.
const MOST_DAYS_AFTER: usize = 60;

impl Curve {
    /// Outcomes of a day with this carried spend.
    pub fn outcome(&self, carried: f64) -> f64 {
        if carried <= 0.0 {
            return 0.0;
        }
        self.most / (1.0 + (self.shape * (self.half / carried).ln()).exp())
    }

    /// The carried spend after each day.
    pub fn carried(&self, spend: &[f64]) -> Vec<f64> {
        // Before the first day, spend is taken to have been as on the first days.
        let week = &spend[..spend.len().min(7)];
        let mut carried = week.iter().sum::<f64>() / week.len().max(1) as f64;
        let next = |spend: &f64| {
            carried = self.carry * carried + (1.0 - self.carry) * spend;
            carried
        };
        spend.iter().map(next).collect()
    }

    /// Outcomes of so many days with the same spend, from a carried spend on, together with those after them for which the spend is
    /// carried on when nothing more is spent.
    pub fn total(&self, mut carried: f64, daily: f64, days: usize) -> f64 {
        let mut sum = 0.0;
        for day in 0..days {
            carried = self.carry * carried + (1.0 - self.carry) * daily;
            let outcome = self.outcome(carried);
            // Once settled, all days are alike.
            if (carried - daily).abs() <= 1e-6 * daily {
                sum += outcome * (days - day) as f64;
                break;
            }
            sum += outcome;
        }
        let faded = carried * FADED;
        for _ in 0..MOST_DAYS_AFTER {
            carried *= self.carry;
            if carried <= faded {
                break;
            }
            sum += self.outcome(carried);
        }
        sum
    }
}
