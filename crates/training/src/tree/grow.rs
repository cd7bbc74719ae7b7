//! Growing one tree.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use rayon::prelude::*;

use super::cell::{Cell, Sample};
use super::criterion::Criterion;
use super::model::Tree;
use super::search::{Candidate, Histogram, best};
use crate::bins::{BINS, Matrix};
use crate::random::Stream;

/// Which features a node may split by.
pub(crate) enum Features {
    /// Every one; a node's sums are then its parent's minus its sibling's.
    All,
    /// As many as given, drawn anew at each node. Features in which the node's rows do not differ count, but at least one that
    /// differs is looked at, if there is one.
    Drawn(usize, Stream),
}

/// Which node is split next; it matters only if there is a limit to the leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Order {
    /// The newest: the fewest open nodes.
    DepthFirst,
    /// The one that gains most.
    BestFirst,
}

/// How far a tree grows.
pub(crate) struct Growth {
    pub(crate) max_depth: usize,
    pub(crate) max_leaves: usize,
    pub(crate) min_gain: f64,
    pub(crate) order: Order,
    /// Whether large nodes are summed on several threads.
    pub(crate) parallel: bool,
}

/// Sums per bin of every feature.
type Sums<C> = Vec<Histogram<C>>;

/// A tree and where its rows ended.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    /// Per leaf, its rows as a range of the samples, and its value.
    pub(crate) leaves: Vec<(Range<usize>, f32)>,
}

/// A node that may be split.
struct Open<C> {
    node: u32,
    range: Range<usize>,
    depth: usize,
    sum: C,
    histograms: Option<Sums<C>>,
    /// The best split and its feature.
    best: Option<(u32, Candidate<C>)>,
}

/// From what a node's sums follow: what its parent has and its sibling does not.
struct Rest<'a, C> {
    parent: Sums<C>,
    sibling: &'a Sums<C>,
}

/// An open node in the queue: by gain, older first among equals.
struct Ranked<C>(f64, Open<C>);

/// Below this many additions a thread is not worth waking.
const PARALLEL_WORK: usize = 1 << 18;

/// Grows a tree on these rows; afterwards the samples lie in the order of its leaves.
pub(crate) fn grow<S, K>(matrix: &Matrix, samples: &mut [S], criterion: &K, growth: &Growth, features: Features) -> Grown
where
    S: Sample,
    K: Criterion<Cell = S::Cell>,
{
    let mut sum = S::Cell::default();
    samples.iter().for_each(|sample| sum.add(sample.cell()));
    let tree = Tree::leaf(criterion.value(sum));
    let order = (0..matrix.features() as u32).collect();
    let scratch = vec![S::default(); samples.len()];
    let mut grower = Grower { matrix, samples, scratch, criterion, growth, features, order, spare: Vec::new(), tree };
    grower.run(sum)
}

struct Grower<'a, S: Sample, K> {
    matrix: &'a Matrix,
    samples: &'a mut [S],
    scratch: Vec<S>,
    criterion: &'a K,
    growth: &'a Growth,
    features: Features,
    /// Feature numbers, in the order of the last draw.
    order: Vec<u32>,
    /// Sums no longer needed, for their memory.
    spare: Vec<Sums<S::Cell>>,
    tree: Tree,
}

impl<S: Sample, K: Criterion<Cell = S::Cell>> Grower<'_, S, K> {
    fn run(&mut self, sum: S::Cell) -> Grown {
        let root = Open { node: 0, range: 0..self.samples.len(), depth: 0, sum, histograms: None, best: None };
        let root = self.judged(root, None);
        let mut leaves = Vec::new();
        let mut queue = Queue::new(self.growth.order);
        queue.push(root);
        let mut count = 1;
        while let Some(open) = queue.pop() {
            let Open { node, range, depth, histograms, best, sum } = open;
            let chosen = best.filter(|(_, candidate)| count < self.growth.max_leaves && candidate.gain >= self.growth.min_gain);
            let Some((feature, candidate)) = chosen else {
                leaves.push((range, self.tree.value(node as usize).unwrap_or_default()));
                self.spare.extend(histograms);
                continue;
            };
            count += 1;
            let (left, right) = (candidate.left, sum.minus(candidate.left));
            let values = [self.criterion.value(left), self.criterion.value(right)];
            let child = self.tree.split(node, feature, candidate.split, candidate.gain, values);
            let middle = self.partition(range.clone(), feature as usize, &candidate.split.table());
            let open = |node, range, sum| Open { node, range, depth: depth + 1, sum, histograms: None, best: None };
            let (left, right) = (open(child, range.start..middle, left), open(child + 1, middle..range.end, right));
            let (left, right) = self.judged_children(left, right, histograms);
            queue.push(right);
            queue.push(left);
        }
        leaves.sort_unstable_by_key(|(range, _)| range.start);
        Grown { tree: std::mem::replace(&mut self.tree, Tree::leaf(0.0)), leaves }
    }

    /// Finds the children's best splits. The smaller is summed, the larger is what the parent has left.
    fn judged_children(
        &mut self,
        left: Open<S::Cell>,
        right: Open<S::Cell>,
        parent: Option<Sums<S::Cell>>,
    ) -> (Open<S::Cell>, Open<S::Cell>) {
        let Some(parent) = parent else {
            return (self.judged(left, None), self.judged(right, None));
        };
        let left_is_smaller = left.range.len() <= right.range.len();
        let (smaller, larger) = if left_is_smaller { (left, right) } else { (right, left) };
        if !self.may_split(&smaller) && !self.may_split(&larger) {
            self.spare.push(parent);
            return if left_is_smaller { (smaller, larger) } else { (larger, smaller) };
        }
        let smaller = self.judged(smaller, None);
        let larger = match &smaller.histograms {
            Some(sums) => self.judged(larger, Some(Rest { parent, sibling: sums })),
            None => self.judged(larger, None),
        };
        if left_is_smaller { (smaller, larger) } else { (larger, smaller) }
    }

    fn may_split(&self, open: &Open<S::Cell>) -> bool {
        open.depth < self.growth.max_depth && open.sum.count() >= 2
    }

    /// Finds a node's best split. With all features its sums are kept, and found from the parent's where they are at hand.
    fn judged(&mut self, mut open: Open<S::Cell>, parent: Option<Rest<'_, S::Cell>>) -> Open<S::Cell> {
        if let Features::Drawn(..) = self.features {
            if self.may_split(&open) {
                open.best = self.best_of_drawn(&open);
            }
            return open;
        }
        // A leaf's sums are needed if its sibling is to be found from them.
        let (mut histograms, sibling) = match parent {
            Some(Rest { parent, sibling }) => (parent, Some(sibling)),
            None => (self.spare.pop().unwrap_or_else(|| vec![[S::Cell::default(); BINS]; self.matrix.features()]), None),
        };
        let samples = &self.samples[open.range.clone()];
        let (criterion, matrix, sum) = (self.criterion, self.matrix, open.sum);
        let fill = |(feature, histogram): (usize, &mut Histogram<S::Cell>)| {
            match sibling.and_then(|sibling| sibling.get(feature)) {
                Some(sibling) => histogram.iter_mut().zip(sibling).for_each(|(cell, other)| *cell = cell.minus(*other)),
                None => add_up(histogram, matrix.column(feature), samples),
            }
            let (candidate, _) = best(criterion, histogram, sum, matrix.is_categorical(feature));
            candidate.map(|candidate| (feature as u32, candidate))
        };
        // `max_by` would take the last of equals; the first feature is the one to take.
        let better = |a: Option<(u32, Candidate<S::Cell>)>, b: Option<(u32, Candidate<S::Cell>)>| match (&a, &b) {
            (Some((_, first)), Some((_, second))) if second.gain > first.gain => b,
            (None, _) => b,
            _ => a,
        };
        let found = if self.growth.parallel && samples.len() * histograms.len() > PARALLEL_WORK {
            histograms.par_iter_mut().enumerate().map(fill).reduce(|| None, better)
        } else {
            histograms.iter_mut().enumerate().map(fill).fold(None, better)
        };
        open.best = if self.may_split(&open) { found } else { None };
        open.histograms = Some(histograms);
        open
    }

    fn best_of_drawn(&mut self, open: &Open<S::Cell>) -> Option<(u32, Candidate<S::Cell>)> {
        let Features::Drawn(wanted, stream) = &mut self.features else { return None };
        let samples = &self.samples[open.range.clone()];
        let mut found: Option<(u32, Candidate<S::Cell>)> = None;
        let mut some_differ = false;
        let mut histogram = [S::Cell::default(); BINS];
        for place in 0..self.order.len() {
            if place >= *wanted && some_differ {
                break;
            }
            let other = place + stream.below(self.order.len() - place);
            self.order.swap(place, other);
            let feature = self.order[place];
            add_up(&mut histogram, self.matrix.column(feature as usize), samples);
            let (candidate, differs) = best(self.criterion, &histogram, open.sum, self.matrix.is_categorical(feature as usize));
            some_differ |= differs;
            if let Some(candidate) = candidate
                && found.as_ref().is_none_or(|(_, best)| candidate.gain > best.gain)
            {
                found = Some((feature, candidate));
            }
        }
        found
    }

    /// Brings the rows that go left to the front, both sides keeping their order; gives where the right side begins.
    fn partition(&mut self, range: Range<usize>, feature: usize, goes_left: &[bool; BINS]) -> usize {
        let column = self.matrix.column(feature);
        let samples = &mut self.samples[range.clone()];
        let scratch = &mut self.scratch[range.clone()];
        let (mut left, mut right) = (0, 0);
        for place in 0..samples.len() {
            let sample = samples[place];
            let is_left = goes_left[column[sample.row() as usize] as usize];
            // Both are written and one counts: no branch that the processor could not foresee.
            samples[left] = sample;
            scratch[right] = sample;
            left += usize::from(is_left);
            right += usize::from(!is_left);
        }
        samples[left..].copy_from_slice(&scratch[..right]);
        range.start + left
    }
}

fn add_up<S: Sample>(histogram: &mut Histogram<S::Cell>, column: &[u8], samples: &[S]) {
    *histogram = [S::Cell::default(); BINS];
    for sample in samples {
        histogram[column[sample.row() as usize] as usize].add(sample.cell());
    }
}

/// The open nodes.
enum Queue<C> {
    Stack(Vec<Open<C>>),
    Heap(BinaryHeap<Ranked<C>>),
}

impl<C> Queue<C> {
    fn new(order: Order) -> Self {
        match order {
            Order::DepthFirst => Self::Stack(Vec::new()),
            Order::BestFirst => Self::Heap(BinaryHeap::new()),
        }
    }

    fn push(&mut self, open: Open<C>) {
        match self {
            Self::Stack(stack) => stack.push(open),
            Self::Heap(heap) => heap.push(Ranked(open.best.as_ref().map_or(f64::NEG_INFINITY, |(_, best)| best.gain), open)),
        }
    }

    fn pop(&mut self) -> Option<Open<C>> {
        match self {
            Self::Stack(stack) => stack.pop(),
            Self::Heap(heap) => heap.pop().map(|Ranked(_, open)| open),
        }
    }
}

impl<C> Ord for Ranked<C> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then_with(|| other.1.node.cmp(&self.1.node))
    }
}

impl<C> PartialOrd for Ranked<C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C> PartialEq for Ranked<C> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<C> Eq for Ranked<C> {}
