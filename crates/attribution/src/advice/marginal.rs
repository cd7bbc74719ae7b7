//! What the next unit of spend brings.

use crate::response::Response;

/// By draw: outcomes per unit of spend around a daily spend on a channel. `unit` is a small daily spend, for where nothing is spent.
pub(super) fn marginal_returns(response: &Response, channel: usize, daily: f64, unit: f64, days: usize) -> Vec<f64> {
    let step = (0.05 * daily).max(0.01 * unit).max(f64::MIN_POSITIVE);
    let (low, high) = ((daily - step).max(0.0), daily + step);
    let pairs = response.by_draw(channel, high, days).zip(response.by_draw(channel, low, days));
    pairs.map(|(more, less)| (more - less) / ((high - low) * days as f64)).collect()
}

/// By draw: the mean of other channels' returns, weighted by what is spent on them; what money moved to or from a channel does
/// elsewhere.
pub(super) fn returns_elsewhere(returns: &[Vec<f64>], daily: &[f64], channel: usize) -> Vec<f64> {
    let others: Vec<usize> = (0..daily.len()).filter(|other| *other != channel).collect();
    let spend: f64 = others.iter().map(|other| daily[*other]).sum();
    let weight = |other: usize| if spend > 0.0 { daily[other] / spend } else { 1.0 / others.len().max(1) as f64 };
    let of_draw = |draw: usize| others.iter().map(|other| weight(*other) * returns[*other][draw]).sum();
    (0..returns.first().map_or(0, Vec::len)).map(of_draw).collect()
}
