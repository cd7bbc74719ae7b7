//! A sorted bag that says how many of its values are lower than a given one.

use std::cmp::Ordering;

/// A treap: a search tree by value that is also a heap by random priorities, which keeps it shallow (Seidel, Aragon: Randomized search
/// trees, 1996). Priorities are a function of the order in which nodes came, so the same events make the same tree.
#[derive(Debug, Clone, Default)]
pub struct Ranks<K> {
    nodes: Vec<Node<K>>,
    free: Vec<usize>,
    root: Option<usize>,
}

#[derive(Debug, Clone)]
struct Node<K> {
    key: K,
    priority: u64,
    /// How often the key is there.
    count: usize,
    /// All below this node and in it.
    total: usize,
    children: [Option<usize>; 2],
}

const LOWER: usize = 0;
const HIGHER: usize = 1;

impl<K: Ord + Copy> Ranks<K> {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.total(self.root)
    }

    /// Number of values below the key.
    pub fn lower(&self, key: &K) -> usize {
        let (mut place, mut lower) = (self.root, 0);
        while let Some(index) = place {
            let node = &self.nodes[index];
            match key.cmp(&node.key) {
                Ordering::Less => place = node.children[LOWER],
                Ordering::Equal => return lower + self.total(node.children[LOWER]),
                Ordering::Greater => {
                    lower += node.total - self.total(node.children[HIGHER]);
                    place = node.children[HIGHER];
                }
            }
        }
        lower
    }

    /// Puts a value in.
    pub fn insert(&mut self, key: K) {
        if self.change_count(&key, 1) {
            return;
        }
        let (lower, higher) = self.split(self.root, &key);
        let node = self.node(key);
        let lower = self.merge(lower, Some(node));
        self.root = self.merge(lower, higher);
    }

    /// Takes a value out; nothing happens if it is not there.
    pub fn remove(&mut self, key: &K) {
        if !self.change_count(key, -1) {
            return;
        }
        let (mut parent, mut place) = (None, self.root);
        while let Some(index) = place {
            let node = &self.nodes[index];
            let side = match key.cmp(&node.key) {
                Ordering::Less => LOWER,
                Ordering::Greater => HIGHER,
                Ordering::Equal => {
                    if node.count == 0 {
                        self.take_out(parent, index);
                    }
                    return;
                }
            };
            parent = Some((index, side));
            place = node.children[side];
        }
    }

    /// Counts a key that is there once more or less, on the whole way to it.
    fn change_count(&mut self, key: &K, by: isize) -> bool {
        let mut way = Vec::new();
        let mut place = self.root;
        while let Some(index) = place {
            way.push(index);
            match key.cmp(&self.nodes[index].key) {
                Ordering::Less => place = self.nodes[index].children[LOWER],
                Ordering::Greater => place = self.nodes[index].children[HIGHER],
                Ordering::Equal => {
                    let count = &mut self.nodes[index].count;
                    *count = count.saturating_add_signed(by);
                    for index in way {
                        let total = &mut self.nodes[index].total;
                        *total = total.saturating_add_signed(by);
                    }
                    return true;
                }
            }
        }
        false
    }

    fn take_out(&mut self, parent: Option<(usize, usize)>, index: usize) {
        let [lower, higher] = self.nodes[index].children;
        let merged = self.merge(lower, higher);
        match parent {
            Some((parent, side)) => self.nodes[parent].children[side] = merged,
            None => self.root = merged,
        }
        self.free.push(index);
    }

    fn node(&mut self, key: K) -> usize {
        let node = |priority| Node { key, priority, count: 1, total: 1, children: [None; 2] };
        if let Some(index) = self.free.pop() {
            self.nodes[index] = node(self.nodes[index].priority);
            return index;
        }
        let index = self.nodes.len();
        self.nodes.push(node(fastrand::Rng::with_seed(index as u64).u64(..)));
        index
    }

    /// The keys below a key, and the others.
    fn split(&mut self, tree: Option<usize>, key: &K) -> (Option<usize>, Option<usize>) {
        let Some(index) = tree else { return (None, None) };
        if self.nodes[index].key < *key {
            let (lower, higher) = self.split(self.nodes[index].children[HIGHER], key);
            self.nodes[index].children[HIGHER] = lower;
            self.count_again(index);
            (Some(index), higher)
        } else {
            let (lower, higher) = self.split(self.nodes[index].children[LOWER], key);
            self.nodes[index].children[LOWER] = higher;
            self.count_again(index);
            (lower, Some(index))
        }
    }

    /// One tree from two of which the first has the lower keys.
    fn merge(&mut self, lower: Option<usize>, higher: Option<usize>) -> Option<usize> {
        let (Some(left), Some(right)) = (lower, higher) else { return lower.or(higher) };
        let (top, side, first, second) = if self.nodes[left].priority > self.nodes[right].priority {
            (left, HIGHER, self.nodes[left].children[HIGHER], higher)
        } else {
            (right, LOWER, lower, self.nodes[right].children[LOWER])
        };
        self.nodes[top].children[side] = self.merge(first, second);
        self.count_again(top);
        Some(top)
    }

    fn count_again(&mut self, index: usize) {
        let node = &self.nodes[index];
        let total = node.count + node.children.iter().map(|child| self.total(*child)).sum::<usize>();
        self.nodes[index].total = total;
    }

    fn total(&self, tree: Option<usize>) -> usize {
        tree.map_or(0, |index| self.nodes[index].total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_a_sorted_list_does() {
        let mut dice = fastrand::Rng::with_seed(1);
        let (mut ranks, mut list) = (Ranks::default(), Vec::new());
        for step in 0..20_000 {
            let key = dice.i32(-60..60);
            if dice.bool() || list.is_empty() {
                ranks.insert(key);
                list.push(key);
            } else {
                ranks.remove(&key);
                if let Some(index) = list.iter().position(|known| *known == key) {
                    list.swap_remove(index);
                }
            }
            assert_eq!((step, ranks.len()), (step, list.len()));
            assert_eq!((step, ranks.lower(&key)), (step, list.iter().filter(|known| **known < key).count()));
        }
    }

    #[test]
    fn sorted_values_make_no_deep_tree() {
        let mut ranks = Ranks::default();
        (0..100_000).for_each(|key| ranks.insert(key));
        assert!((0..100_000).step_by(997).all(|key| ranks.lower(&key) == key));
        let depth = |ranks: &Ranks<usize>| {
            let (mut deepest, mut places) = (0, vec![(ranks.root, 0)]);
            while let Some((place, depth)) = places.pop() {
                deepest = deepest.max(depth);
                if let Some(index) = place {
                    places.extend(ranks.nodes[index].children.map(|child| (child, depth + 1)));
                }
            }
            deepest
        };
        // Random trees of this size are about 40 deep.
        assert!(depth(&ranks) < 80, "{}", depth(&ranks));
    }
}
