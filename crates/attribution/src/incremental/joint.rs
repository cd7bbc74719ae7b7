//! How a conversion that several channels made more probable is shared among them.

use std::sync::LazyLock;

/// Nodes on 0..1 and weights by which polynomials up to degree 31 are integrated exactly.
static NODES: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(16));

/// The share of a conversion that each channel caused, when channel c multiplies the rate by e^(effect c) and `effects` lists
/// those with a contact: the Shapley value (1953) of the rate as a game of the channels that are on, over the full rate. The
/// shares sum to 1 − e^(−sum of effects); the rest would have come anyway. Computed by the multilinear extension (Owen 1972):
/// value c = ∫ (e^(effect c) − 1) Π over others (1 + t (e^(effect) − 1)) dt, exact for up to 32 channels at once.
pub(super) fn shares(effects: &[f64]) -> Vec<f64> {
    let gains: Vec<f64> = effects.iter().map(|effect| effect.exp_m1()).collect();
    let mut shares = vec![0.0; effects.len()];
    for (t, weight) in NODES.iter() {
        let scaled = product(&gains, *t) * weight;
        for (share, gain) in shares.iter_mut().zip(&gains) {
            *share += scaled * gain / (1.0 + t * gain);
        }
    }
    shares
}

/// What [`shares`] gives, and its derivatives: row c, column k is that of share c by effect k.
pub(super) fn shares_and_slopes(effects: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let shares = shares(effects);
    let size = effects.len();
    let gains: Vec<f64> = effects.iter().map(|effect| effect.exp_m1()).collect();
    // The full rate in the denominator takes every share down by as much.
    let mut slopes: Vec<f64> = (0..size * size).map(|at| -shares[at / size]).collect();
    for (t, weight) in NODES.iter() {
        let scaled = product(&gains, *t) * weight;
        for (row, gain) in gains.iter().enumerate() {
            let own = scaled / (1.0 + t * gain);
            for (column, other) in gains.iter().enumerate() {
                let inner = if row == column { own } else { own * gain * t / (1.0 + t * other) };
                slopes[row * size + column] += inner * (1.0 + other);
            }
        }
    }
    (shares, slopes)
}

/// Π (1 + t gain) / (1 + gain)
fn product(gains: &[f64], t: f64) -> f64 {
    gains.iter().map(|gain| (1.0 + t * gain) / (1.0 + gain)).product()
}

/// Nodes and weights of Gauss-Legendre quadrature on 0..1, by Newton's method on the Legendre polynomial.
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let legendre = |x: f64| {
        let (mut before, mut value) = (1.0, x);
        for degree in 2..=count {
            let degree = degree as f64;
            (before, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree);
        }
        (value, count as f64 * (x * value - before) / (x * x - 1.0))
    };
    let node = |number: usize| {
        let mut x = (std::f64::consts::PI * (number as f64 + 0.75) / (count as f64 + 0.5)).cos();
        for _ in 0..50 {
            let (value, slope) = legendre(x);
            x -= value / slope;
        }
        let slope = legendre(x).1;
        ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Shapley value by its definition, over all sets.
    fn by_definition(effects: &[f64]) -> Vec<f64> {
        let size = effects.len();
        let rate = |set: usize| (0..size).filter(|at| set >> at & 1 == 1).map(|at| effects[at]).sum::<f64>().exp();
        let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
        let value = |player: usize| {
            let gain = |set: usize| {
                let others = set.count_ones() as usize;
                factorial(others) * factorial(size - 1 - others) / factorial(size) * (rate(set | 1 << player) - rate(set))
            };
            (0..1 << size).filter(|set| set >> player & 1 == 0).map(gain).sum::<f64>() / rate((1 << size) - 1)
        };
        (0..size).map(value).collect()
    }

    #[test]
    fn shares_are_shapley_values() {
        let effects = [0.9, 0.0, 0.2, -0.3, 1.7];
        for (found, expected) in shares(&effects).iter().zip(by_definition(&effects)) {
            assert!((found - expected).abs() < 1e-13, "{found} {expected}");
        }
        let sum: f64 = shares(&[0.5, 0.25]).iter().sum();
        assert!((sum - (1.0 - (-0.75_f64).exp())).abs() < 1e-14);
        assert_eq!(shares(&[]), Vec::<f64>::new());
    }

    #[test]
    fn slopes_are_differences() {
        let effects = [0.9, 0.2, -0.3];
        let (_, slopes) = shares_and_slopes(&effects);
        for column in 0..3 {
            let moved = |by: f64| {
                let mut effects = effects;
                effects[column] += by;
                shares(&effects)
            };
            for (row, (up, down)) in moved(1e-6).iter().zip(moved(-1e-6)).enumerate() {
                assert!(((up - down) / 2e-6 - slopes[row * 3 + column]).abs() < 1e-8);
            }
        }
    }
}
