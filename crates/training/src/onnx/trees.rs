//! Forests and boosted trees. Numbers are compared with the upper edges of bins, categories are the numbers of their bins.

use super::MISSING_TEXTS;
use super::calibrated::logistic;
use super::ensemble::{Ensemble, Place, Question};
use super::graph::Graph;
use crate::bins::{Binner, FeatureBins, MISSING_BIN, Value};
use crate::boosted::Boosted;
use crate::error::{Result, TrainingError};
use crate::forest::Forest;
use crate::tree::{NodeSplit, Tree};

/// The mean of a forest's trees, N by 1.
pub(super) fn forest(graph: &mut Graph, model: &Forest) -> Result<String> {
    let sums = sums(graph, model.binner(), model.trees())?;
    let count = graph.number(model.trees().len() as f64);
    Ok(graph.op("Div", &[&sums, &count]))
}

/// The probabilities of boosted trees, N by 1.
pub(super) fn boosted(graph: &mut Graph, model: &Boosted) -> Result<String> {
    let sums = sums(graph, model.binner(), model.trees())?;
    let start = graph.number(model.start());
    let log_odds = graph.op("Add", &[&start, &sums]);
    Ok(logistic(graph, &log_odds))
}

/// The sums of the trees' answers, N by 1.
fn sums(graph: &mut Graph, binner: &Binner, trees: &[Tree]) -> Result<String> {
    let columns: Vec<_> = binner.features().iter().map(|feature| column(graph, feature)).collect();
    let rows = graph.beside(&columns);
    let mut ensemble = Ensemble::default();
    for tree in trees {
        add(&mut ensemble, binner, tree)?;
    }
    if trees.is_empty() {
        add_constant(&mut ensemble, 0.0);
    }
    Ok(ensemble.sums(graph, &rows))
}

fn column(graph: &mut Graph, feature: &FeatureBins) -> String {
    let Some(levels) = feature.levels() else { return graph.numbers(feature.name()) };
    let mut texts: Vec<_> = levels.iter().map(String::as_str).collect();
    let mut bins: Vec<_> = levels.iter().map(|level| feature.bin(Value::Category(level))).collect();
    let others = feature.unseen_bin();
    if others != MISSING_BIN {
        let missing: Vec<_> = MISSING_TEXTS.into_iter().filter(|text| !texts.contains(text)).collect();
        bins.extend(missing.iter().map(|_| MISSING_BIN));
        texts.extend(missing);
    }
    let bins: Vec<_> = bins.into_iter().map(f64::from).collect();
    graph.texts(feature.name(), &texts, &bins, f64::from(others))
}

fn add(ensemble: &mut Ensemble, binner: &Binner, tree: &Tree) -> Result<()> {
    if tree.inner(0).is_none() {
        add_constant(ensemble, tree.value(0).map_or(0.0, f64::from));
        return Ok(());
    }
    let places = places(ensemble, tree);
    ensemble.root(ensemble.next_node());
    for (feature, split, left) in (0..tree.len()).filter_map(|node| tree.inner(node)) {
        let feature_bins = &binner.features()[feature];
        let (question, yes_is_left) = question(feature_bins, split)?;
        let (yes, no) = if yes_is_left { (left, left + 1) } else { (left + 1, left) };
        ensemble.node(feature, &question, places[yes], places[no]);
    }
    let leaves = (0..tree.len()).rev().filter(|node| tree.inner(*node).is_none());
    leaves.filter_map(|node| tree.value(node)).for_each(|value| ensemble.leaf(f64::from(value)));
    Ok(())
}

/// Where each node of a tree will be. A tree's leaves come last to first: ONNX Runtime (1.23, for one) takes a root for a leaf if its two
/// children have one number, even where one is a node and the other a leaf, and so they never have.
fn places(ensemble: &Ensemble, tree: &Tree) -> Vec<Place> {
    let leaf_count = (0..tree.len()).filter(|node| tree.inner(*node).is_none()).count();
    let (mut node, mut leaf) = (ensemble.next_node(), ensemble.next_leaf() + leaf_count);
    let mut place = |at: usize| {
        if tree.inner(at).is_some() {
            node += 1;
            Place::Node(node - 1)
        } else {
            leaf -= 1;
            Place::Leaf(leaf)
        }
    };
    (0..tree.len()).map(&mut place).collect()
}

/// A tree of one leaf; as the operator has no such trees, a node whose two leaves say the same.
fn add_constant(ensemble: &mut Ensemble, answer: f64) {
    let leaf = ensemble.next_leaf();
    ensemble.root(ensemble.next_node());
    let any = Question::AtMost { threshold: 0.0, or_missing: false };
    ensemble.node(0, &any, Place::Leaf(leaf), Place::Leaf(leaf + 1));
    ensemble.leaf(answer);
    ensemble.leaf(answer);
}

/// What to ask, and whether those with the answer yes go left.
fn question(feature: &FeatureBins, split: NodeSplit) -> Result<(Question, bool)> {
    match (feature.edges(), split) {
        (Some(edges), NodeSplit::Number { bin, missing_left }) => {
            let threshold = match bin.checked_sub(1) {
                // A bin beyond the last edge takes every number.
                Some(edge) => edges.get(usize::from(edge)).copied().unwrap_or(f64::INFINITY),
                None => f64::NEG_INFINITY,
            };
            Ok((Question::AtMost { threshold, or_missing: missing_left }, true))
        }
        (Some(_), NodeSplit::Categories { .. }) => {
            Err(TrainingError::DamagedModel { problem: format!("a tree splits `{}`, a number, by categories", feature.name()) })
        }
        (None, split) => Ok(membership(feature, split)),
    }
}

/// The smaller of the two sets.
fn membership(feature: &FeatureBins, split: NodeSplit) -> (Question, bool) {
    let bins = 0..=feature.last_bin();
    let (left, right): (Vec<u8>, Vec<u8>) = bins.partition(|bin| split.goes_left(*bin));
    let yes_is_left = left.len() <= right.len();
    let members = if yes_is_left { left } else { right };
    if members.is_empty() {
        // No bin is below the first.
        return (Question::AtMost { threshold: -1.0, or_missing: false }, yes_is_left);
    }
    (Question::OneOf(members.into_iter().map(f64::from).collect()), yes_is_left)
}
