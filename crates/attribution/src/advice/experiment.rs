//! The cheapest experiment that would tell.

use crate::response::Response;

/// Weeks on and off in turn, at most this many days.
const MOST_DAYS: usize = 112;
/// Changes of a channel's spend that are thought of.
const CHANGES: [f64; 6] = [-0.5, 0.5, -1.0, 1.0, -0.25, 0.25];
/// Standard errors between a difference and none: 1.96 for a test at 5 %, 0.84 for finding it 4 times in 5.
const STANDARD_ERRORS: f64 = 2.8;

/// Switch a channel's spend by a share of it, every other block of days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Experiment {
    /// Change of the spend in every other block, as a share of the present one: −1 switches it off.
    pub change: f64,
    /// Days of a block.
    pub block: usize,
    /// Days in all.
    pub days: usize,
    /// Outcomes that it is expected to cost, with the money moved counted at what it brings elsewhere; 0 or more.
    pub cost: f64,
    /// How far off the channel's return, per unit of spend, may still be after it: the standard error.
    pub standard_error: f64,
}

/// A channel that nobody knows where to move.
pub(super) struct Doubt<'a> {
    pub(super) channel: usize,
    /// Daily spend at present.
    pub(super) daily: f64,
    /// Outcomes per unit of spend, by draw.
    pub(super) returns: &'a [f64],
    /// What the unit brings elsewhere, by draw.
    pub(super) elsewhere: &'a [f64],
    /// Days of the plan.
    pub(super) days: usize,
}

impl Experiment {
    /// The one that costs least of those that find, with a test at 5 % in 4 of 5 cases, a difference between the channel's return and
    /// that elsewhere as large as it is thought to be. From the noise of the days: the mean of n / 2 days on differs from that of n / 2 off with
    /// a standard error of 2 σ / √n. `None` if none of 16 weeks does.
    pub(super) fn cheapest(response: &Response, doubt: &Doubt<'_>) -> Option<Self> {
        let count = doubt.returns.len().max(1) as f64;
        let gaps = || doubt.returns.iter().zip(doubt.elsewhere).map(|(own, other)| own - other);
        // The root mean square of what the distance may be.
        let distance = (gaps().map(|gap| gap * gap).sum::<f64>() / count).sqrt();
        let carry = response.draws.iter().map(|curves| curves[doubt.channel].carry).sum::<f64>() / count;
        // Days until nine tenths of a change have come through; they are not counted.
        let settling = (0.1_f64.ln() / carry.max(1e-9).ln()).ceil().clamp(0.0, 21.0) as usize;
        let block = 7 * (settling + 4).div_ceil(7);
        let candidate = |change: &f64| {
            let moved = change.abs() * doubt.daily;
            if moved <= 0.0 || distance <= 0.0 {
                return None;
            }
            let counted = (STANDARD_ERRORS * 2.0 * response.noise / (distance * moved)).powi(2);
            let days = counted * block as f64 / (block - settling) as f64;
            let days = 2 * block * (days / (2 * block) as f64).ceil().max(1.0) as usize;
            if days > MOST_DAYS {
                return None;
            }
            let expected = |daily: f64| response.expected(doubt.channel, daily, doubt.days) / doubt.days as f64;
            let price = doubt.elsewhere.iter().sum::<f64>() / count;
            let gain = expected(doubt.daily * (1.0 + change)) - expected(doubt.daily) - price * change * doubt.daily;
            let standard_error = 2.0 * response.noise / (days as f64 * (block - settling) as f64 / block as f64).sqrt() / moved;
            Some(Self { change: *change, block, days, cost: (-gain * days as f64 / 2.0).max(0.0), standard_error })
        };
        CHANGES.iter().filter_map(candidate).min_by(|a, b| a.cost.total_cmp(&b.cost).then(a.days.cmp(&b.days)))
    }
}
