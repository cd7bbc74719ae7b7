//! Trees as the operator `TreeEnsemble` has them: nodes that ask and leaves that answer, each numbered over all trees.

use super::graph::Graph;
use super::proto::{AttributeProto, TensorProto};

/// Modes of nodes.
const AT_MOST: u8 = 0;
const ONE_OF: u8 = 6;

/// What a node asks of a row's value in one column.
pub(super) enum Question {
    /// Whether it is at most so much.
    AtMost {
        threshold: f64,
        /// The answer for NaN.
        or_missing: bool,
    },
    /// Whether it is one of these. Not empty.
    OneOf(Vec<f64>),
}

/// A child: a node or a leaf, by its number.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Node(usize),
    Leaf(usize),
}

impl Place {
    fn number(self) -> i64 {
        match self {
            Self::Node(number) | Self::Leaf(number) => number as i64,
        }
    }

    fn is_leaf(self) -> i64 {
        i64::from(matches!(self, Self::Leaf(_)))
    }
}

#[derive(Default)]
pub(super) struct Ensemble {
    roots: Vec<i64>,
    columns: Vec<i64>,
    modes: Vec<u8>,
    thresholds: Vec<f64>,
    missing: Vec<i64>,
    /// The sets of all nodes that ask for one, each ended by NaN.
    members: Vec<f64>,
    /// Where to go when the answer is yes.
    yes: Vec<Place>,
    no: Vec<Place>,
    leaves: Vec<f64>,
}

impl Ensemble {
    /// The number of the next node.
    pub(super) fn next_node(&self) -> usize {
        self.columns.len()
    }

    /// The number of the next leaf.
    pub(super) fn next_leaf(&self) -> usize {
        self.leaves.len()
    }

    /// Says that a tree begins at a node.
    pub(super) fn root(&mut self, node: usize) {
        self.roots.push(node as i64);
    }

    pub(super) fn node(&mut self, column: usize, question: &Question, yes: Place, no: Place) {
        let (mode, threshold, missing) = match question {
            Question::AtMost { threshold, or_missing } => (AT_MOST, *threshold, i64::from(*or_missing)),
            Question::OneOf(members) => {
                self.members.extend(members);
                self.members.push(f64::NAN);
                (ONE_OF, 0.0, 0)
            }
        };
        self.columns.push(column as i64);
        self.modes.push(mode);
        self.thresholds.push(threshold);
        self.missing.push(missing);
        self.yes.push(yes);
        self.no.push(no);
    }

    pub(super) fn leaf(&mut self, answer: f64) {
        self.leaves.push(answer);
    }

    /// The operator: for each row of a matrix, the sum of the leaves it falls into.
    pub(super) fn sums(self, graph: &mut Graph, rows: &str) -> String {
        let numbers = |places: &[Place]| places.iter().map(|place| place.number()).collect();
        let leaves = |places: &[Place]| places.iter().map(|place| place.is_leaf()).collect();
        let mut attributes = vec![
            AttributeProto::int("n_targets", 1),
            AttributeProto::ints("tree_roots", self.roots),
            AttributeProto::ints("nodes_featureids", self.columns),
            AttributeProto::tensor("nodes_modes", TensorProto::bytes(self.modes)),
            AttributeProto::tensor("nodes_splits", TensorProto::doubles(&self.thresholds)),
            AttributeProto::ints("nodes_missing_value_tracks_true", self.missing),
            AttributeProto::ints("nodes_truenodeids", numbers(&self.yes)),
            AttributeProto::ints("nodes_trueleafs", leaves(&self.yes)),
            AttributeProto::ints("nodes_falsenodeids", numbers(&self.no)),
            AttributeProto::ints("nodes_falseleafs", leaves(&self.no)),
            AttributeProto::ints("leaf_targetids", vec![0; self.leaves.len()]),
            AttributeProto::tensor("leaf_weights", TensorProto::doubles(&self.leaves)),
        ];
        if !self.members.is_empty() {
            attributes.push(AttributeProto::tensor("membership_values", TensorProto::doubles(&self.members)));
        }
        graph.ml("TreeEnsemble", rows, attributes)
    }
}
