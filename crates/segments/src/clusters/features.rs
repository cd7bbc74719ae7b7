//! What customers are compared by, brought to one scale.

use serde::{Deserialize, Serialize};

use super::points::Points;
use crate::error::{Result, SegmentsError};

/// A number known of every customer, and the words for those who have little or much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name, such as a column's.
    pub name: String,
    /// What customers with little of it are, such as `rare`.
    pub low: String,
    /// What customers with much of it are, such as `frequent`.
    pub high: String,
    /// Whether it is compared by its logarithm, sign(x) ln(1 + |x|), as amounts and counts should be.
    pub is_logged: bool,
}

impl Feature {
    /// Recency in days, number of orders and amount, all logged.
    pub fn rfm() -> [Self; 3] {
        let named = [
            ("recency_days", "recent", "long gone"),
            ("order_count", "rare", "frequent"),
            ("net_amount", "small spenders", "big spenders"),
        ];
        named.map(|names| {
            let (name, low, high) = names;
            Self { name: name.to_owned(), low: low.to_owned(), high: high.to_owned(), is_logged: true }
        })
    }

    pub(super) fn transformed(&self, value: f64) -> f64 {
        if self.is_logged { value.abs().ln_1p().copysign(value) } else { value }
    }

    fn original(&self, value: f64) -> f64 {
        if self.is_logged { value.abs().exp_m1().copysign(value) } else { value }
    }
}

/// A feature with its mean and standard deviation among the customers learned from, after the logarithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scale {
    pub feature: Feature,
    pub mean: f64,
    /// 1 where all values are equal.
    pub deviation: f64,
}

impl Scale {
    /// From transformed values (the standard deviation of a population, as scikit-learn's `StandardScaler` has it).
    pub fn of(feature: Feature, values: impl Iterator<Item = f64> + Clone) -> Self {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let mean = sum / count;
        let variance = values.clone().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        // What rounding leaves of equal values is no deviation.
        let is_constant = variance.sqrt() <= 1e-12 * mean.abs();
        Self { feature, mean, deviation: if is_constant { 1.0 } else { variance.sqrt() } }
    }

    /// A transformed value in standard deviations from the mean.
    pub fn standard(&self, transformed: f64) -> f64 {
        (transformed - self.mean) / self.deviation
    }

    /// The value of the feature itself.
    pub fn original(&self, standard: f64) -> f64 {
        self.feature.original(standard * self.deviation + self.mean)
    }
}

/// One row per customer, transformed but not yet scaled.
pub(super) fn transformed<'a>(features: impl ExactSizeIterator<Item = &'a Feature>, columns: &[&[f64]]) -> Result<Points> {
    let width = features.len();
    if width == 0 {
        return Err(SegmentsError::TooFew { what: "features", found: 0, needed: 1 });
    }
    if columns.len() != width {
        return Err(SegmentsError::Lengths { what: "columns".to_owned(), expected: width, found: columns.len() });
    }
    let rows = columns[0].len();
    let mut values = vec![0.0; rows * width];
    for (index, (feature, column)) in features.zip(columns).enumerate() {
        if column.len() != rows {
            return Err(SegmentsError::Lengths { what: feature.name.clone(), expected: rows, found: column.len() });
        }
        for (row, value) in column.iter().enumerate() {
            if !value.is_finite() {
                let (what, expected) = (feature.name.clone(), "a finite number: fill it or leave the customer out");
                return Err(SegmentsError::Value { what, row, value: *value, expected });
            }
            values[row * width + index] = feature.transformed(*value);
        }
    }
    Points::new(width, values)
}
