//! Weights as people read them.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::LogisticSettings;
use super::design::{Design, Kind, Scale};
use super::fit::with_penalty;
use super::solve::Cholesky;
use crate::error::{Result, TrainingError};

/// One weight, in log odds per unit of its feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The feature; `None` for the intercept.
    pub feature: Option<String>,
    /// What of the feature.
    pub part: CoefficientPart,
    /// The weight.
    pub estimate: f64,
    /// Its standard error. With a penalty it is that of the penalised estimate, which is drawn towards 0: the error does not know that
    /// (le Cessie, van Houwelingen: Ridge estimators in logistic regression, 1992).
    pub standard_error: f64,
    /// The lower end of its confidence interval.
    pub low: f64,
    /// The upper end of its confidence interval.
    pub high: f64,
    /// How likely a weight as far from 0 would be if the true one were 0 (Wald's test).
    pub p_value: f64,
}

/// What of a feature a weight is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoefficientPart {
    /// Each unit of a number.
    PerUnit,
    /// Each doubling of `1 + |x|`, where numbers enter by their logarithm.
    PerDoubling,
    /// A level, against the reference level.
    Level(String),
    /// Being missing.
    Missing,
    /// The reference level of every category with every number 0.
    Intercept,
}

/// Rows of the design in units of the features, each with its standard error from the sandwich `A⁻¹ B A⁻¹` of the curvature with (A) and
/// without (B) penalty; B is the `spread` of the gradients where that is of groups.
pub(super) fn coefficients(
    design: &Design,
    weights: &[f64],
    curvature: &[f64],
    spread: &[f64],
    settings: &LogisticSettings,
) -> Result<Vec<Coefficient>> {
    let size = weights.len();
    let unknown = || TrainingError::NotConverged { what: "the standard errors", remedy: "set l2 above 0" };
    let bread = Cholesky::of(&with_penalty(curvature, size, settings.l2), size).ok_or_else(unknown)?;
    let filled = |row: usize, column: usize| spread[row.max(column) * size + row.min(column)];
    let normal = Normal::standard();
    let z = normal.inverse_cdf(0.5 + settings.level / 2.0);
    // A weight in the feature's units is a sum of weights of the design: `combination` holds (column, factor).
    let coefficient = |feature: Option<&str>, part: CoefficientPart, combination: &[(usize, f64)]| {
        let mut direction = vec![0.0; size];
        combination.iter().for_each(|(column, factor)| direction[*column] = *factor);
        let half = bread.solve(&direction);
        let variance: f64 = (0..size)
            .filter(|row| half[*row] != 0.0)
            .map(|row| half[row] * (0..size).map(|column| filled(row, column) * half[column]).sum::<f64>())
            .sum();
        let estimate: f64 = combination.iter().map(|(column, factor)| weights[*column] * factor).sum();
        let error = variance.max(0.0).sqrt();
        let p_value = if error > 0.0 { 2.0 * normal.sf((estimate / error).abs()) } else { 1.0 };
        let (low, high) = (estimate - z * error, estimate + z * error);
        Coefficient { feature: feature.map(str::to_owned), part, estimate, standard_error: error, low, high, p_value }
    };

    let mut intercept = vec![(size - 1, 1.0)];
    let mut found = Vec::new();
    for feature in &design.features {
        let name = Some(feature.name.as_str());
        let missing = match &feature.kind {
            Kind::Numeric { mean, deviation, column, missing } => {
                intercept.push((*column, -mean / deviation));
                found.push(match Scale::of(settings) {
                    Scale::Plain => coefficient(name, CoefficientPart::PerUnit, &[(*column, 1.0 / deviation)]),
                    Scale::Logarithmic => coefficient(name, CoefficientPart::PerDoubling, &[(*column, std::f64::consts::LN_2 / deviation)]),
                });
                // A missing number is the mean in the design; in units of the feature it is 0 and this.
                missing.map(|missing| vec![(missing, 1.0), (*column, mean / deviation)])
            }
            Kind::Categorical { levels, missing } => {
                for (level, column) in levels {
                    found.extend(column.map(|column| coefficient(name, CoefficientPart::Level(level.clone()), &[(column, 1.0)])));
                }
                missing.map(|missing| vec![(missing, 1.0)])
            }
        };
        found.extend(missing.map(|combination| coefficient(name, CoefficientPart::Missing, &combination)));
    }
    found.insert(0, coefficient(None, CoefficientPart::Intercept, &intercept));
    Ok(found)
}
