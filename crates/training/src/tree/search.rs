//! The best split of a node by one feature, from the sums per bin.

use super::cell::Cell;
use super::criterion::Criterion;
use super::model::NodeSplit;
use crate::bins::{BINS, MISSING_BIN};

/// Sums per bin of one feature.
pub(crate) type Histogram<C> = [C; BINS];

/// A split of a node's rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<C> {
    pub(crate) gain: f64,
    pub(crate) split: NodeSplit,
    pub(crate) left: C,
}

/// The best split by a feature; `None` if there is none that gains. The second part says whether the node's rows differ in it at all.
pub(super) fn best<K: Criterion>(
    criterion: &K,
    histogram: &Histogram<K::Cell>,
    node: K::Cell,
    is_categorical: bool,
) -> (Option<Candidate<K::Cell>>, bool) {
    if is_categorical { by_category(criterion, histogram, node) } else { by_number(criterion, histogram, node) }
}

/// Categories are ordered by what they are to be told apart by, so that their best cut gains even where all are alike: of what chance
/// gives each of them (a squared normal number), the part that lies between the halves of the order.
const LUCK_OF_ORDER: f64 = std::f64::consts::FRAC_2_PI;

/// Remembers the best split shown to it.
struct Best<'a, K: Criterion> {
    criterion: &'a K,
    node: K::Cell,
    score: f64,
    /// The best children's score, and the left one with how to get there.
    found: Option<(f64, K::Cell, u8, bool)>,
}

impl<'a, K: Criterion> Best<'a, K> {
    fn new(criterion: &'a K, node: K::Cell) -> Self {
        Self { criterion, node, score: criterion.score(node), found: None }
    }

    #[inline]
    fn try_cut(&mut self, left: K::Cell, at: u8, missing_left: bool) {
        let right = self.node.minus(left);
        let score = self.criterion.score(left) + self.criterion.score(right);
        if self.found.as_ref().is_none_or(|(best, ..)| score > *best) && self.criterion.admits(left) && self.criterion.admits(right) {
            self.found = Some((score, left, at, missing_left));
        }
    }

    fn gain(&self, score: f64) -> Option<f64> {
        let gain = score - self.score;
        // Less than this is rounding.
        (gain > 1e-12 * self.score.abs()).then_some(gain)
    }
}

fn by_number<K: Criterion>(criterion: &K, histogram: &Histogram<K::Cell>, node: K::Cell) -> (Option<Candidate<K::Cell>>, bool) {
    let missing = histogram[MISSING_BIN as usize];
    let some_missing = missing.count() > 0;
    let mut best = Best::new(criterion, node);
    let mut left = K::Cell::default();
    let mut last = 0;
    let mut differs = false;
    for (bin, cell) in histogram.iter().enumerate().skip(1) {
        if cell.count() == 0 {
            continue;
        }
        if last > 0 {
            differs = true;
            // Half-way through the empty bins between this and the last: rows to come fall to the nearer side.
            let at = ((last + bin) / 2) as u8;
            best.try_cut(left, at, false);
            if some_missing {
                let mut with_missing = left;
                with_missing.add(missing);
                best.try_cut(with_missing, at, true);
            }
        }
        left.add(*cell);
        last = bin;
    }
    if some_missing && last > 0 {
        // All that is known against what is missing.
        differs = true;
        best.try_cut(left, u8::MAX, false);
    }
    let candidate = best.found.and_then(|(score, left, bin, missing_left)| {
        let missing_left = if some_missing { missing_left } else { left.count() >= node.minus(left).count() };
        Some(Candidate { gain: best.gain(score)?, split: NodeSplit::Number { bin, missing_left }, left })
    });
    (candidate, differs)
}

fn by_category<K: Criterion>(criterion: &K, histogram: &Histogram<K::Cell>, node: K::Cell) -> (Option<Candidate<K::Cell>>, bool) {
    let mut order = [(0.0, 0_u8); BINS];
    let mut present = 0;
    for (bin, cell) in histogram.iter().enumerate().filter(|(_, cell)| cell.count() > 0) {
        order[present] = (criterion.rank(*cell, node), bin as u8);
        present += 1;
    }
    let order = &mut order[..present];
    order.sort_unstable_by(|(a, a_bin), (b, b_bin)| a.total_cmp(b).then(a_bin.cmp(b_bin)));
    let mut best = Best::new(criterion, node);
    let mut left = K::Cell::default();
    for (place, (_, bin)) in order.iter().enumerate().take(present.saturating_sub(1)) {
        left.add(histogram[*bin as usize]);
        best.try_cut(left, place as u8, false);
    }
    let candidate = best.found.and_then(|(score, left, place, _)| {
        let gain = Some(best.gain(score)? - LUCK_OF_ORDER * (present - 1) as f64 * criterion.luck(node)).filter(|gain| *gain > 0.0)?;
        // Categories that this node did not see follow the larger child.
        let unseen_left = left.count() >= node.minus(left).count();
        let mut set = if unseen_left { [u64::MAX; 4] } else { [0; 4] };
        for (at, (_, bin)) in order.iter().enumerate() {
            let bit = 1 << (bin % 64);
            let word = &mut set[(bin / 64) as usize];
            if at <= place as usize { *word |= bit } else { *word &= !bit }
        }
        Some(Candidate { gain, split: NodeSplit::Categories { left: set }, left })
    });
    (candidate, present > 1)
}
