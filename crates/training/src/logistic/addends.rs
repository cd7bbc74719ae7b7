//! A fitted model feature by feature, for those who write it down in another form.

use super::Logistic;
use super::design::{Feature, Kind};

/// What one feature adds to the log odds.
pub(crate) enum Addend<'a> {
    /// `weight * ((number - mean) / deviation)`; `missing` where it is no finite number.
    Number { mean: f64, deviation: f64, weight: f64, missing: f64 },
    /// By level; `others` for those that were not seen, and for missing ones.
    Category { levels: Vec<(&'a str, f64)>, others: f64 },
}

impl Logistic {
    pub(crate) fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Each feature's name and what it adds.
    pub(crate) fn addends(&self) -> impl Iterator<Item = (&str, Addend<'_>)> {
        self.design.features.iter().map(|feature| (feature.name.as_str(), self.addend(feature)))
    }

    fn addend<'a>(&self, feature: &'a Feature) -> Addend<'a> {
        let weight = |column: &Option<usize>| column.map_or(0.0, |column| self.weights[column]);
        match &feature.kind {
            Kind::Numeric { mean, deviation, column, missing } => {
                Addend::Number { mean: *mean, deviation: *deviation, weight: self.weights[*column], missing: weight(missing) }
            }
            Kind::Categorical { levels, missing } => {
                let levels = levels.iter().map(|(level, column)| (level.as_str(), weight(column))).collect();
                Addend::Category { levels, others: weight(missing) }
            }
        }
    }
}
