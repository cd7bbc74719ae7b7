#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::bins::Binner;
use crate::data::{Column, Frame};

const WHOLE: Growth = Growth { max_depth: 20, max_leaves: usize::MAX, min_gain: 0.0, order: Order::DepthFirst, parallel: false };
const GINI: Gini = Gini { min_samples_leaf: 1 };

fn draws(labels: &[bool]) -> Vec<Draw> {
    labels.iter().zip(0..).map(|(label, row)| Draw::new(row, 1, *label)).collect()
}

fn answers(frame: &Frame, labels: &[bool]) -> (Tree, Vec<f32>) {
    let matrix = Binner::fit(frame, 255, 0).unwrap().bin(frame).unwrap();
    let tree = grow(&matrix, &mut draws(labels), &GINI, &WHOLE, Features::All).tree;
    let answers = (0..labels.len()).map(|row| tree.predict(|feature| matrix.column(feature)[row])).collect();
    (tree, answers)
}

#[test]
fn missing_values_go_where_they_belong() {
    let nan = f64::NAN;
    for (labels, root_sends_missing_left) in
        [([true, true, false, false, true, true], true), ([true, true, false, false, false, false], false)]
    {
        let frame = Frame::new([("x", Column::from(vec![1.0, 2.0, 3.0, 4.0, nan, nan]))]).unwrap();
        let (tree, answers) = answers(&frame, &labels);
        assert_eq!(answers, labels.map(|label| f32::from(u8::from(label))));
        let (_, split, _) = tree.inner(0).unwrap();
        assert_eq!(split.goes_left(0), root_sends_missing_left);
        assert_eq!(tree.len(), 3);
    }
}

#[test]
fn missing_alone_can_be_told_from_the_rest() {
    let frame = Frame::new([("x", Column::from(vec![1.0, 2.0, 3.0, f64::NAN]))]).unwrap();
    let (tree, answers) = answers(&frame, &[false, false, false, true]);
    assert_eq!((answers, tree.len()), (vec![0.0, 0.0, 0.0, 1.0], 3));
}

#[test]
fn categories_in_no_order_take_one_split() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let clicked = [true, false, true, false, true, false];
    let rows: Vec<_> = names.iter().zip(clicked).cycle().take(120).collect();
    let frame = Frame::new([("c", Column::texts(rows.iter().map(|(name, _)| Some(**name))))]).unwrap();
    let labels: Vec<_> = rows.iter().map(|(_, label)| *label).collect();
    let (tree, answers) = answers(&frame, &labels);
    assert_eq!(tree.len(), 3, "one split");
    assert!(answers.iter().zip(labels).all(|(answer, label)| (*answer > 0.5) == label));
}

#[test]
fn limits_are_kept() {
    let values: Vec<f64> = (0..400).map(f64::from).collect();
    let labels: Vec<_> = (0..400).map(|i| i / 7 % 2 == 0).collect();
    let frame = Frame::new([("x", Column::from(values))]).unwrap();
    let matrix = Binner::fit(&frame, 255, 0).unwrap().bin(&frame).unwrap();
    let grown = |criterion: &Gini, growth: &Growth| grow(&matrix, &mut draws(&labels), criterion, growth, Features::All);
    let shallow = grown(&GINI, &Growth { max_depth: 2, ..WHOLE });
    assert!(shallow.leaves.len() <= 4 && shallow.leaves.len() > 1);
    for order in [Order::BestFirst, Order::DepthFirst] {
        assert_eq!(grown(&GINI, &Growth { max_leaves: 5, order, ..WHOLE }).leaves.len(), 5);
    }
    let wide = grown(&Gini { min_samples_leaf: 30 }, &WHOLE);
    assert!(wide.leaves.iter().all(|(range, _)| range.len() >= 30) && wide.leaves.len() > 3);
    let none = grown(&GINI, &Growth { min_gain: 1e9, ..WHOLE });
    assert_eq!((none.leaves.len(), none.tree.len()), (1, 1));
}

#[test]
fn a_stored_tree_that_would_lead_nowhere_is_refused() {
    let good = r#"{"value":[0.5,0.0,1.0],"feature":[0,-1,-1],"left":[1],"gain":[1.0],"bin":[3],"missing_left":[0],"sets":[]}"#;
    let tree: Tree = serde_json::from_str(good).unwrap();
    assert!(check_trees(std::slice::from_ref(&tree), 1).is_ok() && check_trees(&[tree], 0).is_err());
    let bad =
        [("[1]", "[0]"), ("[1]", "[2]"), ("[0,-1,-1]", "[0,0,-1]"), ("[0,-1,-1]", "[0,-1]"), ("[3]", "[-1]"), ("[0.5,0.0,1.0]", "[]")];
    for (from, to) in bad {
        assert!(serde_json::from_str::<Tree>(&good.replacen(from, to, 1)).is_err(), "{from} to {to}");
    }
}

/// The best first split's Gini score by trying every threshold and both sides for missing values, by hand.
fn brute_force(values: &[Option<u8>], labels: &[bool]) -> f64 {
    let mut best = f64::NEG_INFINITY;
    for threshold in 0..=10_u8 {
        for missing_left in [false, true] {
            let mut sums = [[0.0; 2]; 2];
            for (value, label) in values.iter().zip(labels) {
                let left = value.map_or(missing_left, |value| value <= threshold);
                sums[usize::from(left)][usize::from(*label)] += 1.0;
            }
            let score = |[negative, positive]: [f64; 2]| -2.0 * negative * positive / (negative + positive);
            let [right, left] = sums;
            if left != [0.0; 2] && right != [0.0; 2] {
                best = best.max(score(left) + score(right));
            }
        }
    }
    best
}

proptest! {
    /// The first split is the best there is.
    #[test]
    fn the_split_found_is_the_best(rows in prop::collection::vec((prop::option::weighted(0.8, 0_u8..10), any::<bool>()), 2..60)) {
        let (values, labels): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        prop_assume!(values.iter().any(Option::is_some));
        let numbers: Vec<_> = values.iter().map(|value| value.map_or(f64::NAN, f64::from)).collect();
        let frame = Frame::new([("x", Column::from(numbers))]).unwrap();
        let matrix = Binner::fit(&frame, 255, 0).unwrap().bin(&frame).unwrap();
        let grown = grow(&matrix, &mut draws(&labels), &GINI, &Growth { max_depth: 1, ..WHOLE }, Features::All);
        let best = brute_force(&values, &labels);
        let score = |range: &std::ops::Range<usize>, value: f32| {
            let (n, p) = (range.len() as f64, f64::from(value));
            -2.0 * n * p * (1.0 - p)
        };
        let all = labels.iter().filter(|label| **label).count() as f64;
        let parent = -2.0 * all * (labels.len() as f64 - all) / labels.len() as f64;
        let found: f64 = grown.leaves.iter().map(|(range, value)| score(range, *value)).sum();
        prop_assert!((found - best.max(parent)).abs() < 1e-4, "{found} {best} {parent}");
    }

    /// Sums by subtraction and sums made anew give one tree, whichever node comes first.
    #[test]
    fn siblings_by_subtraction_change_nothing(rows in prop::collection::vec((0_u8..20, any::<bool>()), 2..200), is_text: bool) {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let (values, labels): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        prop_assume!(values.iter().any(|value| *value < 7));
        let column = if is_text {
            Column::texts(values.iter().map(|value| names.get(*value as usize).copied()))
        } else {
            Column::from(values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>())
        };
        let frame = Frame::new([("x", column)]).unwrap();
        let matrix = Binner::fit(&frame, 255, 0).unwrap().bin(&frame).unwrap();
        let subtracted = grow(&matrix, &mut draws(&labels), &GINI, &WHOLE, Features::All);
        // Features that are drawn are summed for each node anew.
        let stream = crate::random::Stream::new(0, crate::random::Purpose::Features, 0);
        let anew = grow(&matrix, &mut draws(&labels), &GINI, &WHOLE, Features::Drawn(1, stream));
        prop_assert_eq!(&subtracted.tree, &anew.tree);
        let best_first = grow(&matrix, &mut draws(&labels), &GINI, &Growth { order: Order::BestFirst, ..WHOLE }, Features::All);
        prop_assert_eq!(best_first.leaves, subtracted.leaves);
    }
}
