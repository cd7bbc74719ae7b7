//! Shapley values from random orders, with a bound on how far they are off.

use rand_pcg::rand_core::Rng;
use rayon::prelude::*;

use super::sets::{Counts, Sets};
use super::{Pair, Sampling};
use crate::random::{Purpose, generator};

/// Pairs that are added up together, in order.
const BLOCK: usize = 16;

/// Sums over pairs of what a player added, and of its squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sum: Pair,
    squares: Pair,
}

/// What each player adds, as the mean over pairs of an order and its reverse, and the bound of each mean.
pub(super) fn values(sets: &Sets, sampling: &Sampling) -> (Vec<Pair>, Vec<Pair>) {
    let players = sets.players.len();
    let block = |block: usize| {
        let mut sums = vec![Sums::default(); players];
        for pair in block * BLOCK..((block + 1) * BLOCK).min(sampling.pairs) {
            let order = order(players, sampling.seed, pair as u64);
            let reverse: Vec<_> = order.iter().rev().copied().collect();
            let (forth, back) = (added(sets, &order), added(sets, &reverse));
            for (sums, (forth, back)) in sums.iter_mut().zip(forth.iter().zip(&back)) {
                let mean = Pair { conversions: (forth.conversions + back.conversions) / 2.0, value: (forth.value + back.value) / 2.0 };
                sums.sum = Pair { conversions: sums.sum.conversions + mean.conversions, value: sums.sum.value + mean.value };
                sums.squares.conversions += mean.conversions * mean.conversions;
                sums.squares.value += mean.value * mean.value;
            }
        }
        sums
    };
    let blocks: Vec<_> = (0..sampling.pairs.div_ceil(BLOCK)).into_par_iter().map(block).collect();
    let highest = sets.highest();
    let summary = |player: usize| {
        let all = |part: fn(&Sums) -> f64| blocks.iter().map(|block| part(&block[player])).sum::<f64>();
        let (conversions, value) = (all(|sums| sums.sum.conversions), all(|sums| sums.sum.value));
        let bound = |sum: f64, squares: f64, highest: f64| bernstein(sum, squares, highest, players, sampling);
        let bounds = Pair {
            conversions: bound(conversions, all(|sums| sums.squares.conversions), highest.conversions),
            value: bound(value, all(|sums| sums.squares.value), highest.value),
        };
        let pairs = sampling.pairs as f64;
        (Pair { conversions: conversions / pairs, value: value / pairs }, bounds)
    };
    (0..players).map(summary).unzip()
}

/// The empirical Bernstein bound (Maurer and Pontil, 2009, theorem 4) for means of independent pairs, to both sides and for conversions
/// and value of all players at once. What a player adds lies between minus and plus the highest worth.
fn bernstein(sum: f64, squares: f64, highest: f64, players: usize, sampling: &Sampling) -> f64 {
    let pairs = sampling.pairs as f64;
    let variance = ((squares - sum * sum / pairs) / (pairs - 1.0)).max(0.0);
    let statements = 4.0 * players as f64;
    let logarithm = (2.0 * statements / (1.0 - sampling.level)).ln();
    (2.0 * variance * logarithm / pairs).sqrt() + 7.0 * 2.0 * highest * logarithm / (3.0 * (pairs - 1.0))
}

/// A random order of players: by a random key each.
fn order(players: usize, seed: u64, pair: u64) -> Vec<u32> {
    let mut random = generator(seed, Purpose::Permutation, pair);
    let mut keyed: Vec<_> = (0..players as u32).map(|player| (random.next_u64(), player)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, player)| player).collect()
}

/// What each player adds to those before it in an order.
fn added(sets: &Sets, order: &[u32]) -> Vec<Pair> {
    let mut ranks = vec![0; order.len()];
    order.iter().enumerate().for_each(|(rank, player)| ranks[*player as usize] = rank);
    // A set is complete when the last of its members has come.
    let mut completed = vec![Counts::default(); order.len()];
    for (members, counts) in sets.members.iter().zip(&sets.counts) {
        if let Some(last) = members.iter().map(|member| ranks[*member as usize]).max() {
            completed[last].add(*counts);
        }
    }
    let mut within = Counts::default();
    let mut added = vec![Pair::default(); order.len()];
    for (player, completed) in order.iter().zip(completed) {
        let before = within.rate();
        within.add(completed);
        let after = within.rate();
        added[*player as usize] = Pair { conversions: after.conversions - before.conversions, value: after.value - before.value };
    }
    added
}
