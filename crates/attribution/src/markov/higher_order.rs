//! Orders 2 to 4: states are runs of touches, many and with few followers each.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Rates, Solution};
use crate::journey::{Journeys, Tally};

/// What may be left of all walks when a solution is read, as a part of those that convert.
const LEFT: f64 = 1e-16;

/// The chain whose states are runs of `order` touches.
#[derive(Debug)]
pub(crate) struct HigherOrder {
    order: usize,
    /// Channels of each state, packed; in order.
    states: Vec<u64>,
    /// The state of each path's steps, path by path, repeats left out; state 0 is the start.
    visits: Vec<u32>,
    /// Where each path's visits begin, and where the last one's end.
    offsets: Vec<usize>,
    /// Pairs of states that follow each other, in order.
    moves: Vec<(u32, u32)>,
    /// The move that each visit is made by.
    made_by: Vec<u32>,
}

/// Up to four touches in 16 bits each; 0 is no touch.
fn packed(run: &[u32]) -> u64 {
    run.iter().fold(0, |key, step| (key << 16) | (u64::from(*step) + 1))
}

/// The channels of a packed state.
fn channels(state: u64) -> impl Iterator<Item = usize> {
    (0..4).map(move |place| (state >> (16 * place)) & 0xFFFF).filter(|touch| *touch > 0).map(|touch| touch as usize - 1)
}

/// The states of a path, one for each stay.
fn runs(path: &[u32], order: usize) -> Vec<u64> {
    let mut runs: Vec<_> = match path.len() {
        0 => Vec::new(),
        length if length <= order => vec![packed(path)],
        _ => path.windows(order).map(packed).collect(),
    };
    runs.dedup();
    runs
}

/// Distinct items in order, and the place of each.
fn numbered<T: Copy + Ord + std::hash::Hash + Send + Sync>(items: &[T]) -> (Vec<T>, HashMap<T, u32>) {
    let distinct: std::collections::HashSet<T> = items.iter().copied().collect();
    let mut distinct: Vec<_> = distinct.into_iter().collect();
    distinct.par_sort_unstable();
    let places = distinct.iter().enumerate().map(|(place, item)| (*item, place as u32)).collect();
    (distinct, places)
}

impl HigherOrder {
    pub fn new(journeys: &Journeys, order: usize) -> Self {
        let paths = journeys.paths();
        let runs: Vec<_> = (0..paths.len()).into_par_iter().map(|path| runs(paths.get(path), order)).collect();
        let mut offsets = vec![0];
        offsets.extend(runs.iter().scan(0, |end, runs| {
            *end += runs.len();
            Some(*end)
        }));
        let runs: Vec<_> = runs.into_iter().flatten().collect();
        let (mut states, places) = numbered(&runs);
        let visits: Vec<_> = runs.par_iter().map(|run| places[run] + 1).collect();
        states.insert(0, 0);
        let steps = |path: &[usize]| {
            let path = &visits[path[0]..path[1]];
            std::iter::once(0).chain(path.iter().copied()).zip(path.iter().copied())
        };
        let made: Vec<_> = offsets.windows(2).flat_map(steps).collect();
        let (moves, places) = numbered(&made);
        let made_by = made.par_iter().map(|made| places[made]).collect();
        Self { order, states, visits, offsets, moves, made_by }
    }

    pub fn order(&self) -> usize {
        self.order
    }

    pub(super) fn solve(&self, channels: usize, tally: Tally<'_>) -> Solution {
        let filled = self.filled(tally);
        let rates = filled.walk(&vec![false; self.states.len()]);
        let removed = |channel: usize| {
            let gone: Vec<_> = self.states.iter().map(|state| self::channels(*state).any(|met| met == channel)).collect();
            if !gone.contains(&true) {
                return Rates::default();
            }
            let left = filled.walk(&gone);
            Rates { conversions: rates.conversions - left.conversions, value: rates.value - left.value }
        };
        let lost = (0..channels).into_par_iter().map(removed).collect();
        Solution { states: self.states.len() - 1, rates, lost }
    }

    /// The chain's probabilities for counts of each path.
    fn filled(&self, tally: Tally<'_>) -> Filled {
        let states = self.states.len();
        let mut moves = vec![0_u64; self.moves.len()];
        let (mut conversions, mut value, mut out) = (vec![0_u64; states], vec![0_u128; states], vec![0_u64; states]);
        for (path, ends) in self.offsets.windows(2).enumerate() {
            let journeys = tally.conversions[path] + tally.nulls[path];
            self.made_by[ends[0]..ends[1]].iter().for_each(|made| moves[*made as usize] += journeys);
            let last = if ends[0] < ends[1] { self.visits[ends[1] - 1] as usize } else { 0 };
            conversions[last] += tally.conversions[path];
            value[last] += tally.value[path];
            out[last] += journeys;
        }
        self.moves.iter().zip(&moves).for_each(|((from, _), count)| out[*from as usize] += count);
        let per = |count: f64, state: usize| if out[state] > 0 { count / out[state] as f64 } else { 0.0 };
        let mut first = vec![0; states + 1];
        self.moves.iter().for_each(|(from, _)| first[*from as usize + 1] += 1);
        (0..states).for_each(|state| first[state + 1] += first[state]);
        let sum = |counts: &[u64]| counts.iter().map(|count| *count as f64).sum::<f64>();
        let (converted, all) = (sum(tally.conversions), sum(tally.conversions) + sum(tally.nulls));
        Filled {
            conversion_rate: if all > 0.0 { converted / all } else { 0.0 },
            first,
            next: self.moves.iter().zip(&moves).map(|((from, to), count)| (*to, per(*count as f64, *from as usize))).collect(),
            ends: (0..states)
                .map(|state| Rates { conversions: per(conversions[state] as f64, state), value: per(value[state] as f64, state) })
                .collect(),
        }
    }
}

/// Probabilities of a chain.
struct Filled {
    /// Where each state's moves begin in `next`.
    first: Vec<usize>,
    next: Vec<(u32, f64)>,
    /// What ends in each state.
    ends: Vec<Rates>,
    /// The part of journeys that convert.
    conversion_rate: f64,
}

impl Filled {
    /// What walks from the start bring if those that enter a state that is gone are lost.
    ///
    /// This is the solution of the visits' linear system as a sum of positive terms: the walks that are in a state are pushed on to its
    /// followers, state by state, until fewer than [`LEFT`] of them are under way. What is under way bounds what is still missing.
    fn walk(&self, gone: &[bool]) -> Rates {
        let states = self.ends.len();
        let (mut here, mut visits) = (vec![0.0; states], vec![0.0; states]);
        here[0] = 1.0;
        let enough = LEFT * self.conversion_rate;
        // States that hold less than their part of what may be left wait for more.
        let little = enough / (2 * states) as f64;
        while self.conversion_rate > 0.0 && here.iter().sum::<f64>() > enough {
            for state in 0..states {
                let walks = here[state];
                if walks <= little {
                    continue;
                }
                here[state] = 0.0;
                visits[state] += walks;
                for (next, probability) in &self.next[self.first[state]..self.first[state + 1]] {
                    if !gone[*next as usize] {
                        here[*next as usize] += walks * probability;
                    }
                }
            }
        }
        let brought = |rate: fn(&Rates) -> f64| visits.iter().zip(&self.ends).map(|(visits, end)| visits * rate(end)).sum();
        Rates { conversions: brought(|end| end.conversions), value: brought(|end| end.value) }
    }
}
