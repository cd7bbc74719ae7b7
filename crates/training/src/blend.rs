//! Learners of different kinds, averaged.

use serde::{Deserialize, Serialize};

use crate::boosted::{Boosted, BoostedSettings};
use crate::calibrate::logistic;
use crate::data::{Dataset, Frame};
use crate::error::Result;
use crate::forest::{Forest, ForestSettings};
use crate::logistic::{Logistic, LogisticSettings};
use crate::predict::Predict;
use crate::stored::Learned;

/// A member's probability counts as no surer than this: one that is certain would outvote all others.
pub(crate) const SUREST: f64 = 1e-3;

/// What the members of a blend are fitted with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlendSettings {
    /// The logistic regression, which sees what is smooth.
    pub logistic: LogisticSettings,
    /// The boosted trees.
    pub boosted: BoostedSettings,
    /// The forest.
    pub forest: ForestSettings,
}

/// A logistic regression, boosted trees and a forest, whose log odds are averaged with equal weights: where data is scarce, each errs in
/// its own way, and weights that were learned would err once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Blend {
    members: Vec<Learned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    members: Vec<Learned>,
}

impl TryFrom<Stored> for Blend {
    type Error = &'static str;

    fn try_from(Stored { members }: Stored) -> std::result::Result<Self, Self::Error> {
        if members.is_empty() || members.iter().any(|member| matches!(member, Learned::Blend(_))) {
            return Err("a blend without members, or of blends");
        }
        Ok(Self { members })
    }
}

impl Blend {
    /// Fits all members to the same rows.
    ///
    /// # Errors
    /// What any of them cannot do.
    pub fn fit(data: &Dataset, settings: &BlendSettings) -> Result<Self> {
        let members = vec![
            Learned::Logistic(Logistic::fit(data, &settings.logistic)?),
            Learned::Boosted(Boosted::fit(data, None, &settings.boosted)?.model),
            Learned::Forest(Forest::fit(data, &settings.forest)?.forest),
        ];
        Ok(Self { members })
    }

    /// Its members, at least one.
    pub fn members(&self) -> &[Learned] {
        &self.members
    }
}

impl Predict for Blend {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        let mut sums = vec![0.0; frame.rows()];
        for member in &self.members {
            for (sum, probability) in sums.iter_mut().zip(member.predict(frame)?) {
                let bounded = probability.clamp(SUREST, 1.0 - SUREST);
                *sum += (bounded / (1.0 - bounded)).ln();
            }
        }
        Ok(sums.into_iter().map(|sum| logistic(sum / self.members.len() as f64)).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::forest::tests::clicks;

    #[test]
    fn log_odds_are_the_mean_of_the_members() {
        let (data, _) = clicks(300, 4);
        let blend = Blend::fit(&data, &BlendSettings::default()).unwrap();
        let found = blend.predict(data.frame()).unwrap();
        let members: Vec<_> = blend.members().iter().map(|member| member.predict(data.frame()).unwrap()).collect();
        for (row, probability) in found.into_iter().enumerate() {
            let log_odds = |p: f64| (p.clamp(SUREST, 1.0 - SUREST) / (1.0 - p.clamp(SUREST, 1.0 - SUREST))).ln();
            let mean = members.iter().map(|member| log_odds(member[row])).sum::<f64>() / 3.0;
            assert!((log_odds(probability) - mean).abs() < 1e-9);
        }
    }

    #[test]
    fn a_blend_of_nothing_or_of_blends_is_no_blend() {
        let (data, _) = clicks(100, 5);
        let blend = Learned::Blend(Blend::fit(&data, &BlendSettings::default()).unwrap());
        for members in [vec![], vec![blend]] {
            let text = serde_json::json!({ "members": members });
            assert!(serde_json::from_value::<Blend>(text).is_err());
        }
    }
}
