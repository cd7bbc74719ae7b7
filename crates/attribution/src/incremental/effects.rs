//! What contacts do, by window.

use super::poisson::Fit;
use super::stretches::{Layout, Stretches};

/// What contacts do to the logarithm of the rate of conversions, by channel and window.
pub(super) struct Effects {
    /// As measured, by channel, then window.
    pub(super) measured: Vec<f64>,
    /// As credited: never below 0, and never growing with the time since the contact.
    pub(super) credited: Vec<f64>,
    /// How far each user, and behind them each prior, moved what was measured.
    pub(super) influences: Vec<Vec<f64>>,
}

impl Effects {
    pub(super) fn new(fit: &Fit, parts: &[Stretches], layout: &Layout) -> Self {
        let own = 1..1 + layout.channels * layout.windows;
        let measured = fit.weights[own.clone()].to_vec();
        let influences = fit.influences(parts).into_iter().map(|row| row[own.clone()].to_vec()).collect();
        let mut conversions = vec![0.0; measured.len()];
        for (stretch, columns) in parts.iter().flat_map(Stretches::iter).filter(|(stretch, _)| stretch.conversions > 0) {
            columns.iter().map(|column| usize::from(*column)).filter(|column| own.contains(column)).for_each(|column| {
                conversions[column - 1] += f64::from(stretch.conversions);
            });
        }
        let of_channel = |(measured, conversions): (&[f64], &[f64])| falling(measured, conversions);
        let pairs = measured.chunks(layout.windows).zip(conversions.chunks(layout.windows));
        let credited = pairs.flat_map(of_channel).map(|effect| effect.max(0.0)).collect();
        Self { measured, credited, influences }
    }
}

/// The nearest series that never grows: neighbours that do are pooled (Ayer et al. 1955), which keeps the weighted mean.
fn falling(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in values.iter().zip(weights) {
        let (mut mean, mut weight, mut count) = (*value, weight.max(1e-9), 1);
        while let Some((before, other, many)) = pools.pop_if(|(before, ..)| *before < mean) {
            mean = (mean * weight + before * other) / (weight + other);
            weight += other;
            count += many;
        }
        pools.push((mean, weight, count));
    }
    pools.into_iter().flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_grow_are_pooled() {
        assert_eq!(falling(&[3.0, 1.0, 2.0, 0.0], &[1.0, 3.0, 1.0, 1.0]), [3.0, 1.25, 1.25, 0.0]);
        assert_eq!(falling(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0]), [2.0, 2.0, 2.0]);
        assert_eq!(falling(&[2.0, 1.0], &[0.0, 0.0]), [2.0, 1.0]);
    }
}
