//! How the conversions that need several channels are shared among them.

use super::history::CHANNELS;

/// Shapley values (1953) of the game in which a set of channels (a bit each) wins if the conversion `comes` with these alone, relative to
/// none: each channel's contribution, averaged over all orders in which the channels may be switched on. Exact.
pub(super) fn values(players: &[usize], comes: impl Fn(usize) -> bool) -> [f64; CHANNELS] {
    let size = players.len();
    let channels = |set: usize| players.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, channel)| 1 << channel).sum();
    let wins: Vec<bool> = (0..1_usize << size).map(|set| comes(channels(set))).collect();
    let mut values = [0.0; CHANNELS];
    if wins.iter().all(|won| *won == wins[0]) {
        return values;
    }
    for (at, player) in players.iter().enumerate() {
        for set in (0..wins.len()).filter(|set| set >> at & 1 == 0) {
            let gain = f64::from(u8::from(wins[set | 1 << at])) - f64::from(u8::from(wins[set]));
            values[*player] += gain * weight(set.count_ones() as usize, size);
        }
    }
    values
}

/// s! (n − s − 1)! / n!
fn weight(others: usize, size: usize) -> f64 {
    let choose = (0..others).fold(1.0, |product, at| product * (size - 1 - at) as f64 / (at + 1) as f64);
    1.0 / (size as f64 * choose)
}
