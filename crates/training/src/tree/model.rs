//! A grown tree.

use serde::{Deserialize, Serialize};

use crate::bins::{BINS, MISSING_BIN};

/// How a node sends rows to its children, in terms of a feature's bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NodeSplit {
    /// Numbers up to the upper edge of a bin go left.
    Number {
        /// The last bin that goes left; 255 sends every number left.
        bin: u8,
        /// Where missing values go.
        missing_left: bool,
    },
    /// Categories of a set go left.
    Categories {
        /// One bit per bin, from the lowest bit of the first word; bin 0 is missing.
        left: [u64; 4],
    },
}

impl NodeSplit {
    /// Whether a bin goes left.
    #[inline]
    pub fn goes_left(&self, bin: u8) -> bool {
        match self {
            Self::Number { bin: last, missing_left } => {
                if bin == MISSING_BIN {
                    *missing_left
                } else {
                    bin <= *last
                }
            }
            Self::Categories { left } => left[(bin / 64) as usize] >> (bin % 64) & 1 == 1,
        }
    }

    /// The decision for every bin.
    pub(super) fn table(&self) -> [bool; BINS] {
        std::array::from_fn(|bin| self.goes_left(bin as u8))
    }
}

/// A binary tree. Node 0 is the root; a node's children come after it, side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// What the node would say as a leaf.
    value: f32,
    inner: Option<Inner>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Inner {
    feature: u32,
    split: NodeSplit,
    left: u32,
    gain: f32,
}

impl Tree {
    /// A tree of one leaf.
    pub(super) fn leaf(value: f64) -> Self {
        Self { nodes: vec![Node { value: value as f32, inner: None }] }
    }

    /// Splits a leaf; gives the left child, the right one is the next.
    pub(super) fn split(&mut self, node: u32, feature: u32, split: NodeSplit, gain: f64, values: [f64; 2]) -> u32 {
        let left = self.nodes.len() as u32;
        self.nodes.extend(values.map(|value| Node { value: value as f32, inner: None }));
        self.nodes[node as usize].inner = Some(Inner { feature, split, left, gain: gain as f32 });
        left
    }

    /// How many nodes it has, leaves included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: a tree has a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node says as a leaf, and what rows it has seen say on average.
    pub fn value(&self, node: usize) -> Option<f32> {
        self.nodes.get(node).map(|node| node.value)
    }

    /// A node's feature (its number in the model), split and left child; `None` for leaves.
    pub fn inner(&self, node: usize) -> Option<(usize, NodeSplit, usize)> {
        let inner = self.nodes.get(node)?.inner?;
        Some((inner.feature as usize, inner.split, inner.left as usize))
    }

    /// The answer for a row whose feature `f` has bin `bin(f)`.
    #[inline]
    pub(crate) fn predict(&self, bin: impl Fn(usize) -> u8) -> f32 {
        let mut node = &self.nodes[0];
        while let Some(inner) = &node.inner {
            let right = u32::from(!inner.split.goes_left(bin(inner.feature as usize)));
            node = &self.nodes[(inner.left + right) as usize];
        }
        node.value
    }

    /// Adds to each feature how far its splits moved the answer for one row; gives the root's value, from which they start.
    pub(crate) fn contribute(&self, bin: impl Fn(usize) -> u8, moved: &mut [f64]) -> f64 {
        let mut node = &self.nodes[0];
        while let Some(inner) = &node.inner {
            let feature = inner.feature as usize;
            let right = u32::from(!inner.split.goes_left(bin(feature)));
            let child = &self.nodes[(inner.left + right) as usize];
            moved[feature] += f64::from(child.value) - f64::from(node.value);
            node = child;
        }
        f64::from(self.nodes[0].value)
    }

    /// Adds each split's gain to that of its feature.
    pub(crate) fn add_gains(&self, gains: &mut [f64]) {
        for inner in self.nodes.iter().filter_map(|node| node.inner) {
            gains[inner.feature as usize] += f64::from(inner.gain);
        }
    }
}

/// Checks that stored trees name no feature beyond those of their model.
pub(crate) fn check_trees(trees: &[Tree], features: usize) -> Result<(), String> {
    let inner = |tree: &Tree| tree.nodes.iter().filter_map(|node| node.inner).any(|inner| inner.feature as usize >= features);
    match trees.iter().position(inner) {
        Some(tree) => Err(format!("tree {tree} asks for a feature that the model does not have")),
        None => Ok(()),
    }
}

/// A tree as it is written: leaves and splits in the order of the nodes, column by column.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// One per node.
    value: Vec<f32>,
    /// One per node: the feature of its split, or -1 for a leaf.
    feature: Vec<i64>,
    /// From here on, one per split.
    left: Vec<u32>,
    gain: Vec<f32>,
    /// Last bin that goes left, for numbers; -1 for categories.
    bin: Vec<i16>,
    /// Whether missing values go left; 0 for categories.
    missing_left: Vec<u8>,
    /// One per split by categories.
    sets: Vec<[u64; 4]>,
}

impl From<Tree> for Stored {
    fn from(tree: Tree) -> Self {
        let inner = || tree.nodes.iter().filter_map(|node| node.inner);
        let number = |inner: Inner| match inner.split {
            NodeSplit::Number { bin, missing_left } => (i16::from(bin), u8::from(missing_left)),
            NodeSplit::Categories { .. } => (-1, 0),
        };
        let set = |inner: Inner| match inner.split {
            NodeSplit::Number { .. } => None,
            NodeSplit::Categories { left } => Some(left),
        };
        Self {
            value: tree.nodes.iter().map(|node| node.value).collect(),
            feature: tree.nodes.iter().map(|node| node.inner.map_or(-1, |inner| i64::from(inner.feature))).collect(),
            left: inner().map(|inner| inner.left).collect(),
            gain: inner().map(|inner| inner.gain).collect(),
            bin: inner().map(|inner| number(inner).0).collect(),
            missing_left: inner().map(|inner| number(inner).1).collect(),
            sets: inner().filter_map(set).collect(),
        }
    }
}

impl TryFrom<Stored> for Tree {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        const SHORT: &str = "a tree has fewer splits than nodes that split";
        let count = stored.value.len();
        if count == 0 || stored.feature.len() != count {
            return Err("a tree has no nodes, or not one feature per node");
        }
        let mut splits = stored.left.into_iter().zip(stored.gain).zip(stored.bin).zip(stored.missing_left);
        let mut sets = stored.sets.into_iter();
        let mut nodes = Vec::with_capacity(count);
        for (number, (value, feature)) in stored.value.into_iter().zip(stored.feature).enumerate() {
            let inner = match u32::try_from(feature) {
                Err(_) => None,
                Ok(feature) => {
                    let (((left, gain), bin), missing_left) = splits.next().ok_or(SHORT)?;
                    let split = match u8::try_from(bin) {
                        Ok(bin) => NodeSplit::Number { bin, missing_left: missing_left == 1 },
                        Err(_) => NodeSplit::Categories { left: sets.next().ok_or(SHORT)? },
                    };
                    // Children after their parent: following them always ends.
                    if left as usize <= number || left as usize + 1 >= count {
                        return Err("a tree's node has no proper children");
                    }
                    Some(Inner { feature, split, left, gain })
                }
            };
            nodes.push(Node { value, inner });
        }
        Ok(Self { nodes })
    }
}
