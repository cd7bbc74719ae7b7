//! What makes a split good, and what a leaf says.

use super::cell::{Cell, Packed, Wide};

/// Judges sums of rows.
pub(crate) trait Criterion: Sync {
    type Cell: Cell;
    /// How well one answer serves these rows; a split gains the children's scores minus the parent's.
    fn score(&self, cell: Self::Cell) -> f64;
    /// The answer of a leaf with these rows.
    fn value(&self, cell: Self::Cell) -> f64;
    /// Whether a leaf may hold just these rows.
    fn admits(&self, cell: Self::Cell) -> bool;
    /// What a category whose rate is the node's own adds to the gain by chance.
    fn luck(&self, node: Self::Cell) -> f64;
    /// By what categories are ordered: the rate of positives, drawn towards that of the node by `SMOOTHING` rows.
    fn rank(&self, cell: Self::Cell, node: Self::Cell) -> f64;
}

/// As many rows at the node's own rate are added to each category before ordering, so that a category of two rows does not come
/// out at an end by luck.
const SMOOTHING: f64 = 10.0;

/// Gini impurity of draws; a leaf says the share of positive draws.
pub(crate) struct Gini {
    pub(crate) min_samples_leaf: u32,
}

impl Criterion for Gini {
    type Cell = Packed;

    #[inline]
    fn score(&self, cell: Packed) -> f64 {
        gini_score(f64::from(cell.positive()), f64::from(cell.count()))
    }

    fn value(&self, cell: Packed) -> f64 {
        f64::from(cell.positive()) / f64::from(cell.count()).max(1.0)
    }

    #[inline]
    fn admits(&self, cell: Packed) -> bool {
        cell.count() >= self.min_samples_leaf
    }

    fn luck(&self, node: Packed) -> f64 {
        let rate = self.value(node);
        2.0 * rate * (1.0 - rate)
    }

    fn rank(&self, cell: Packed, node: Packed) -> f64 {
        (f64::from(cell.positive()) + SMOOTHING * self.value(node)) / (f64::from(cell.count()) + SMOOTHING)
    }
}

/// Gini impurity of weights; a leaf says the share of positive weight.
pub(crate) struct WeightedGini {
    pub(crate) min_samples_leaf: u32,
}

impl Criterion for WeightedGini {
    type Cell = Wide;

    #[inline]
    fn score(&self, cell: Wide) -> f64 {
        gini_score(cell.first(), cell.second())
    }

    fn value(&self, cell: Wide) -> f64 {
        cell.first() / cell.second().max(1.0)
    }

    #[inline]
    fn admits(&self, cell: Wide) -> bool {
        cell.count() >= self.min_samples_leaf && cell.second() > 0.0
    }

    fn luck(&self, node: Wide) -> f64 {
        let rate = self.value(node);
        2.0 * rate * (1.0 - rate) * node.second() / f64::from(node.count().max(1))
    }

    fn rank(&self, cell: Wide, node: Wide) -> f64 {
        let row = node.second() / f64::from(node.count().max(1));
        (cell.first() + SMOOTHING * row * self.value(node)) / (cell.second() + SMOOTHING * row).max(1.0)
    }
}

/// Minus the Gini impurity 2p(1-p), times the weight.
#[inline]
fn gini_score(positive: f64, all: f64) -> f64 {
    -2.0 * positive * (all - positive) / all
}

/// Second-order expansion of a loss (Chen, Guestrin: `XGBoost`, KDD 2016, equations 5 to 7); a leaf says the Newton step.
pub(crate) struct Newton {
    /// What one unit of the fixed-point gradient sum is worth.
    pub(crate) gradient_unit: f64,
    /// What one unit of the fixed-point hessian sum is worth.
    pub(crate) hessian_unit: f64,
    pub(crate) l2: f64,
    pub(crate) min_samples_leaf: u32,
    pub(crate) min_hessian_leaf: f64,
    pub(crate) learning_rate: f64,
}

impl Criterion for Newton {
    type Cell = Wide;

    #[inline]
    fn score(&self, cell: Wide) -> f64 {
        let gradient = cell.first() * self.gradient_unit;
        gradient * gradient / (cell.second() * self.hessian_unit + self.l2).max(f64::MIN_POSITIVE)
    }

    fn value(&self, cell: Wide) -> f64 {
        let hessian = cell.second() * self.hessian_unit + self.l2;
        if hessian > 0.0 { -self.learning_rate * cell.first() * self.gradient_unit / hessian } else { 0.0 }
    }

    #[inline]
    fn admits(&self, cell: Wide) -> bool {
        cell.count() >= self.min_samples_leaf && cell.second() * self.hessian_unit >= self.min_hessian_leaf
    }

    /// The variance of a gradient is its hessian.
    fn luck(&self, _node: Wide) -> f64 {
        1.0
    }

    fn rank(&self, cell: Wide, node: Wide) -> f64 {
        let per_row = |sum: f64| sum / f64::from(node.count().max(1));
        let (gradient, hessian) = (per_row(node.first()), per_row(node.second()));
        -(cell.first() + SMOOTHING * gradient) / (cell.second() + SMOOTHING * hessian).max(1.0)
    }
}
