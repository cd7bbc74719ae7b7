//! The best plan for curves that need not be concave.

/// Levels that the budget is cut into.
const UNITS: usize = 120;

/// Bounds of a channel's daily spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// At least this.
    pub min: f64,
    /// At most this; infinite for none.
    pub max: f64,
}

/// The daily spends within bounds that sum to at most `budget` and bring the most, where `worth` tells what a spend on a channel
/// brings. Exact on a grid of budget / 120 above the minima, by dynamic programming over the channels, for curves of any shape;
/// what is left between grid and bounds goes where it brings most. The minima must fit into the budget.
pub fn allocate(budget: f64, bounds: &[Bounds], worth: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let free = (budget - bounds.iter().map(|bounds| bounds.min).sum::<f64>()).max(0.0);
    let unit = free / UNITS as f64;
    // best[u]: the most that the channels so far bring with u units; taken[c][u]: what channel c takes of them.
    let mut best = vec![0.0; UNITS + 1];
    let mut taken = Vec::with_capacity(bounds.len());
    for (channel, bounds) in bounds.iter().enumerate() {
        let room = if unit > 0.0 { (((bounds.max - bounds.min) / unit).ceil()).min(UNITS as f64) as usize } else { 0 };
        let spend = |units: usize| (bounds.min + unit * units as f64).min(bounds.max);
        let worths: Vec<f64> = (0..=room).map(|units| worth(channel, spend(units))).collect();
        let mut next = vec![f64::NEG_INFINITY; UNITS + 1];
        let mut take = vec![0; UNITS + 1];
        for (units, next) in next.iter_mut().enumerate() {
            for (own, worth) in worths.iter().enumerate().take(units + 1) {
                let sum = best[units - own] + worth;
                if sum > *next {
                    *next = sum;
                    take[units] = own;
                }
            }
        }
        best = next;
        taken.push((take, bounds));
    }
    let mut left = UNITS;
    let mut plan: Vec<f64> = taken
        .iter()
        .rev()
        .map(|(take, bounds)| {
            let own = take[left];
            left -= own;
            (bounds.min + unit * own as f64).min(bounds.max)
        })
        .collect();
    plan.reverse();
    plan
}
