//! What drives churn, by a logistic regression.

use serde::{Deserialize, Serialize};
use training::metrics::Estimate;
use training::{Coefficient, CoefficientPart, Logistic};

use super::words::{Unit, words};

/// What one part of a feature does to the odds of churn, all other features held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// The feature.
    pub feature: String,
    /// What of it: a number's doubling (of 1 + its size), a level against the most frequent one, or being missing.
    pub part: CoefficientPart,
    /// The factor of the odds.
    pub odds_ratio: Estimate,
    /// The weight of the standardised logarithm of a number, in log odds; of other parts the weight.
    pub standardised: Estimate,
    /// Of the standardised weight, customers taken for what is independent.
    pub standard_error: f64,
    /// How likely a weight as far from 0 would be by chance.
    pub p_value: f64,
    /// It in words.
    pub sentence: String,
}

impl Driver {
    /// All parts of all features, the strongest standardised weight first.
    pub fn all(model: &Logistic) -> Vec<Self> {
        let deviations: Vec<(&str, f64)> = model.deviations().collect();
        let of = |coefficient: &Coefficient| {
            let feature = coefficient.feature.as_deref()?;
            // A weight of a doubling is that of a deviation, scaled.
            let scale = match coefficient.part {
                CoefficientPart::PerDoubling => {
                    deviations.iter().find(|(name, _)| *name == feature).map(|(_, deviation)| deviation / std::f64::consts::LN_2)?
                }
                _ => 1.0,
            };
            let scaled = |factor: f64| Estimate {
                value: coefficient.estimate * factor,
                low: coefficient.low * factor,
                high: coefficient.high * factor,
            };
            let odds_ratio = Estimate { value: coefficient.estimate.exp(), low: coefficient.low.exp(), high: coefficient.high.exp() };
            Some(Self {
                feature: feature.to_owned(),
                part: coefficient.part.clone(),
                odds_ratio,
                standardised: scaled(scale),
                standard_error: coefficient.standard_error * scale,
                p_value: coefficient.p_value,
                sentence: sentence(feature, &coefficient.part, &odds_ratio),
            })
        };
        let mut drivers: Vec<Self> = model.coefficients().iter().filter_map(of).collect();
        drivers.sort_by(|a, b| b.standardised.value.abs().total_cmp(&a.standardised.value.abs()));
        drivers
    }

    /// Whether it is about a value that is missing.
    pub fn is_of_missing(&self) -> bool {
        self.part == CoefficientPart::Missing
    }

    /// Whether chance hardly explains it: the interval is on one side.
    pub fn is_clear(&self) -> bool {
        !self.odds_ratio.contains(1.0)
    }
}

fn sentence(feature: &str, part: &CoefficientPart, odds_ratio: &Estimate) -> String {
    let (words, unit) = words(feature);
    let step = match (part, unit) {
        (CoefficientPart::Level(level), _) => format!("{words} {level} instead of the most frequent one"),
        (CoefficientPart::Missing, _) => format!("{words}: having none yet"),
        (_, Unit::Doubling) => format!("{words}: each doubling"),
        (_, Unit::Share) => format!("{words}: all instead of none"),
        (_, Unit::Flag) => format!("{words}: yes instead of no"),
    };
    let percent = |ratio: f64| ((ratio - 1.0).abs() * 100.0).round();
    let (verb, low, high) =
        if odds_ratio.value >= 1.0 { ("raises", odds_ratio.low, odds_ratio.high) } else { ("lowers", odds_ratio.high, odds_ratio.low) };
    let signed = |ratio: f64| if (ratio >= 1.0) == (odds_ratio.value >= 1.0) { percent(ratio) } else { -percent(ratio) } + 0.0;
    format!("{step} {verb} the odds of churn by {} % ({} to {})", percent(odds_ratio.value), signed(low), signed(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_told_in_percent_whichever_way_they_go() {
        let ratio = |value, low, high| Estimate { value, low, high };
        let found = sentence("recency_days", &CoefficientPart::PerDoubling, &ratio(1.35, 1.28, 1.42));
        assert_eq!(found, "days since the last purchase: each doubling raises the odds of churn by 35 % (28 to 42)");
        let found = sentence("reorder_ratio", &CoefficientPart::PerDoubling, &ratio(0.7, 0.6, 1.05));
        assert_eq!(found, "share of products bought before: all instead of none lowers the odds of churn by 30 % (-5 to 40)");
        let found = sentence("country", &CoefficientPart::Level("France".to_owned()), &ratio(0.5, 0.25, 1.0));
        assert_eq!(found, "country France instead of the most frequent one lowers the odds of churn by 50 % (0 to 75)");
    }
}
