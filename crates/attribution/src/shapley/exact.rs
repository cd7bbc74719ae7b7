//! Shapley values over all sets of up to 20 channels.

use rayon::prelude::*;

use super::Pair;
use super::sets::{Counts, Sets};

/// Sets that one thread adds up at a time; sums are taken block by block, so that threads do not show in them.
const BLOCK: usize = 1 << 14;

/// What each player adds on average. A set is a number whose bit `i` says that player `i` is in.
pub(super) fn values(sets: &Sets) -> Vec<Pair> {
    let players = sets.players.len();
    let worth: Vec<_> = within(sets).par_iter().map(Counts::rate).collect();
    // The chance that exactly a given set of `size` others came before a player: size! (n - size - 1)! / n!.
    let chances = (0..players).scan(1.0 / players as f64, |chance, size| {
        let own = *chance;
        *chance *= (size + 1) as f64 / (players as f64 - size as f64 - 1.0);
        Some(own)
    });
    let chances: Vec<f64> = chances.collect();
    let added = |player: usize| {
        let bit = 1_usize << player;
        let block = |block: usize| {
            let mut sum = Pair::default();
            for number in block * BLOCK..((block + 1) * BLOCK).min(worth.len() / 2) {
                // The set with that number among those without the player.
                let set = (number & (bit - 1)) | ((number & !(bit - 1)) << 1);
                let (chance, with) = (chances[set.count_ones() as usize], worth[set | bit]);
                sum.conversions += chance * (with.conversions - worth[set].conversions);
                sum.value += chance * (with.value - worth[set].value);
            }
            sum
        };
        let sums: Vec<_> = (0..(worth.len() / 2).div_ceil(BLOCK)).into_par_iter().map(block).collect();
        sums.iter().fold(Pair::default(), |all, sum| Pair { conversions: all.conversions + sum.conversions, value: all.value + sum.value })
    };
    (0..players).map(added).collect()
}

/// For each set of players the journeys within it: a zeta transform, one player at a time.
fn within(sets: &Sets) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); 1 << sets.players.len()];
    for (members, own) in sets.members.iter().zip(&sets.counts) {
        counts[members.iter().fold(0, |set, member| set | 1 << member)].add(*own);
    }
    for player in 0..sets.players.len() {
        let half = 1 << player;
        counts.par_chunks_mut(2 * half).with_min_len(BLOCK.div_ceil(2 * half)).for_each(|both| {
            let (without, with) = both.split_at_mut(half);
            with.par_iter_mut().zip(without).with_min_len(BLOCK).for_each(|(with, without)| with.add(*without));
        });
    }
    counts
}
