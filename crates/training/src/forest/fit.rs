//! Growing the trees of a forest.

use rayon::prelude::*;

use super::bootstrap::Bootstrap;
use super::out_of_bag::out_of_bag;
use super::weights::row_weights;
use super::{Forest, ForestSettings};
use crate::bins::{Binner, Matrix};
use crate::data::Dataset;
use crate::error::{Result, TrainingError};
use crate::random::{Purpose, Stream};
use crate::tree::{Draw, Features, Gini, Graded, Growth, Order, Tree, WeightedGini, Wide, grow};

/// A forest and what only its training can tell.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedForest {
    /// The forest.
    pub forest: Forest,
    /// If asked for: per training row the mean of the trees that did not see it, `None` where all did.
    pub out_of_bag: Option<Vec<Option<f64>>>,
}

pub(super) fn fit(data: &Dataset, settings: &ForestSettings) -> Result<FittedForest> {
    settings.check()?;
    let base_rate = data.base_rate()?;
    let binner = Binner::fit(data.frame(), settings.max_bins, settings.seed)?;
    let matrix = binner.bin(data.frame())?;
    let weights = row_weights(data, settings.class_weight, base_rate);
    let (negative, positive) = settings.class_weight.of(base_rate);
    let drawn_rate = base_rate * positive / (base_rate * positive + (1.0 - base_rate) * negative);

    let grower = Grower { matrix: &matrix, labels: data.labels(), settings };
    let mut bagged = None;
    let trees = match weights {
        _ if settings.bootstrap => {
            let bootstrap = Bootstrap::new(data.rows(), weights.as_deref(), settings.seed);
            let trees = grower.bootstrapped(&bootstrap);
            bagged = settings.out_of_bag.then(|| out_of_bag(&matrix, &trees, &bootstrap));
            trees
        }
        None => grower.unweighted(),
        Some(weights) => grower.weighted(&weights)?,
    };
    let forest = Forest { settings: settings.clone(), base_rate, drawn_rate, binner, trees };
    Ok(FittedForest { forest, out_of_bag: bagged })
}

struct Grower<'a> {
    matrix: &'a Matrix,
    labels: &'a [bool],
    settings: &'a ForestSettings,
}

impl Grower<'_> {
    fn growth(&self) -> Growth {
        Growth {
            max_depth: self.settings.max_depth.unwrap_or(usize::MAX),
            max_leaves: usize::MAX,
            min_gain: 0.0,
            order: Order::DepthFirst,
            parallel: false,
        }
    }

    fn features(&self, tree: usize) -> Features {
        let all = self.matrix.features();
        match self.settings.max_features.of(all) {
            wanted if wanted == all => Features::All,
            wanted => Features::Drawn(wanted, Stream::new(self.settings.seed, Purpose::Features, tree as u64)),
        }
    }

    fn min_samples_leaf(&self) -> u32 {
        u32::try_from(self.settings.min_samples_leaf).unwrap_or(u32::MAX)
    }

    fn each_tree(&self, tree: impl Fn(usize) -> Tree + Send + Sync) -> Vec<Tree> {
        (0..self.settings.n_estimators).into_par_iter().with_max_len(1).map(tree).collect()
    }

    fn bootstrapped(&self, bootstrap: &Bootstrap) -> Vec<Tree> {
        let criterion = Gini { min_samples_leaf: self.min_samples_leaf() };
        self.each_tree(|tree| {
            let mut draws = bootstrap.draws(tree, self.labels);
            grow(self.matrix, &mut draws, &criterion, &self.growth(), self.features(tree)).tree
        })
    }

    fn unweighted(&self) -> Vec<Tree> {
        let criterion = Gini { min_samples_leaf: self.min_samples_leaf() };
        let rows: Vec<_> = self.labels.iter().zip(0..).map(|(label, row)| Draw::new(row, 1, *label)).collect();
        self.each_tree(|tree| grow(self.matrix, &mut rows.clone(), &criterion, &self.growth(), self.features(tree)).tree)
    }

    fn weighted(&self, weights: &[f64]) -> Result<Vec<Tree>> {
        if weights.len() >= Wide::ROWS {
            return Err(TrainingError::TooManyRows { rows: weights.len(), limit: Wide::ROWS });
        }
        let criterion = WeightedGini { min_samples_leaf: self.min_samples_leaf() };
        let largest = weights.iter().copied().fold(0.0, f64::max);
        // The largest unit in which neither one row nor their sum overflows, rounding up included.
        let unit = (Wide::SECOND as f64 / weights.iter().sum::<f64>()).min(f64::from(1 << 30) / largest) * 0.99;
        let row = |((weight, label), row): ((&f64, &bool), u32)| {
            let weight = (weight * unit).round() as u32;
            (weight > 0).then(|| Graded::new(row, if *label { weight as i32 } else { 0 }, weight))
        };
        let rows: Vec<_> = weights.iter().zip(self.labels).zip(0..).filter_map(row).collect();
        Ok(self.each_tree(|tree| grow(self.matrix, &mut rows.clone(), &criterion, &self.growth(), self.features(tree)).tree))
    }
}
