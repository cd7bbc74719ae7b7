//! The best plan for curves that need not be concave.

use super::request::Bounds;

/// Parts that the budget above the minima is cut into.
const UNITS: usize = 120;

/// The daily spends within bounds that sum to at most `budget` and bring the most, where `worth` tells what a spend on a channel
/// brings. For curves of any shape: dynamic programming over the channels, exact on a grid of a 120th of the budget. The minima must
/// fit into the budget.
pub(super) fn allocate(budget: f64, bounds: &[Bounds], worth: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let free = (budget - bounds.iter().map(|bounds| bounds.min).sum::<f64>()).max(0.0);
    let unit = free / UNITS as f64;
    // The most that the channels so far bring with so many units, and what each channel takes of them.
    let mut best = vec![0.0; UNITS + 1];
    let mut taken: Vec<Vec<usize>> = Vec::with_capacity(bounds.len());
    let spend = |bounds: &Bounds, units: usize| (bounds.min + unit * units as f64).min(bounds.max);
    for (channel, bounds) in bounds.iter().enumerate() {
        let room = if unit > 0.0 { ((bounds.max - bounds.min) / unit).ceil().min(UNITS as f64) as usize } else { 0 };
        let worths: Vec<f64> = (0..=room).map(|units| worth(channel, spend(bounds, units))).collect();
        let most = |units: usize| {
            let sums = worths.iter().take(units + 1).enumerate().map(|(own, worth)| (own, best[units - own] + worth));
            // Of equals the cheapest.
            sums.fold((0, f64::NEG_INFINITY), |most, sum| if sum.1 > most.1 { sum } else { most })
        };
        let (take, next): (Vec<usize>, Vec<f64>) = (0..=UNITS).map(most).unzip();
        best = next;
        taken.push(take);
    }
    let mut left = UNITS;
    let mut plan: Vec<f64> = Vec::with_capacity(bounds.len());
    for (take, bounds) in taken.iter().zip(bounds).rev() {
        plan.push(spend(bounds, take[left]));
        left -= take[left];
    }
    plan.reverse();
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_s_curve_is_filled_or_left_empty() {
        // Marginal returns begin at 0, so that climbing from an even split would end in the middle.
        let worth = |_: usize, spend: f64| spend.powi(2) / (1.0 + spend.powi(2));
        let plan = allocate(2.0, &[Bounds::default(); 4], worth);
        let used = plan.iter().filter(|spend| **spend > 0.0).count();
        assert!((plan.iter().sum::<f64>() - 2.0).abs() < 1e-9 && used == 2, "{plan:?}");
    }

    #[test]
    fn concave_curves_are_levelled() {
        // Marginal returns a / (1 + x): equal at x = 2 and x = 5 for a = 1 and 2.
        let plan = allocate(7.0, &[Bounds::default(); 2], |channel, spend| (1.0 + channel as f64) * (1.0 + spend).ln());
        assert!((plan[0] - 2.0).abs() <= 7.0 / 120.0, "{plan:?}");
        let bounds = [Bounds { min: 3.0, max: 3.5 }, Bounds { min: 0.0, max: 2.0 }];
        assert_eq!(allocate(7.0, &bounds, |_, spend| spend), [3.5, 2.0]);
        assert_eq!(allocate(3.0, &bounds, |_, spend| spend), [3.0, 0.0]);
    }
}
