//! What trees tell of their features.

use serde::{Deserialize, Serialize};

use crate::bins::{Binner, FeatureBins};
use crate::tree::Tree;

/// How much a feature matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature's name.
    pub feature: String,
    /// Its share; all together are 1 (or all 0, if no tree has a split).
    pub share: f64,
}

impl Importance {
    /// Shares of the gains, in the model's order of features. With `per_tree` every tree counts the same.
    pub(crate) fn of_trees(binner: &Binner, trees: &[Tree], per_tree: bool) -> Vec<Self> {
        let mut shares = vec![0.0; binner.features().len()];
        for tree in trees {
            let mut gains = vec![0.0; shares.len()];
            tree.add_gains(&mut gains);
            let all = if per_tree { gains.iter().sum() } else { 1.0 };
            if all > 0.0 {
                shares.iter_mut().zip(gains).for_each(|(share, gain)| *share += gain / all);
            }
        }
        let all = shares.iter().sum::<f64>();
        let all = if all > 0.0 { all } else { 1.0 };
        let named = |(feature, share): (&FeatureBins, f64)| Self { feature: feature.name().to_owned(), share: share / all };
        binner.features().iter().zip(shares).map(named).collect()
    }
}

/// How one row's answer came about: `base` and all that was moved add up to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributions {
    /// Where every row starts.
    pub base: f64,
    /// How far each feature moved the answer, in the model's order of features.
    pub moved: Vec<(String, f64)>,
}

impl Contributions {
    pub(crate) fn of_trees(binner: &Binner, trees: &[Tree], bins: &[u8], scale: f64, start: f64) -> Self {
        let mut moved = vec![0.0; bins.len()];
        let base: f64 = trees.iter().map(|tree| tree.contribute(|feature| bins[feature], &mut moved)).sum();
        let names = binner.features().iter().map(|feature| feature.name().to_owned());
        Self { base: start + base * scale, moved: names.zip(moved.into_iter().map(|moved| moved * scale)).collect() }
    }

    /// The answer: the base and all that was moved.
    pub fn sum(&self) -> f64 {
        self.base + self.moved.iter().map(|(_, moved)| moved).sum::<f64>()
    }
}
