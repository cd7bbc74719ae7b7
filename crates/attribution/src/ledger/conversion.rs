//! One conversion shared out among its touches by every model of the ledger.

use super::{WHOLE_CONVERSION, whole_units};
use crate::error::Result;

/// The models, in the order of [`conversion_credits`].
pub const MODELS: [&str; 8] =
    ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov", "shapley"];

/// Microseconds in a day.
const DAY: f64 = 86_400_000_000.0;

/// A touch on the way to a conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerTouch<'a> {
    /// Microseconds since any fixed instant.
    pub at: i64,
    /// Its channel.
    pub channel: &'a str,
    /// The channel tells nothing of what brought the user.
    pub is_direct: bool,
    /// What the channel weighs in the model `markov`, from 0 on.
    pub removal_effect: f64,
}

/// What the models may be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerSettings {
    /// Days in which a touch loses half its weight.
    pub half_life_days: f64,
    /// Share of the first touch, 0 to 1.
    pub first_share: f64,
    /// Share of the last touch, 0 to 1.
    pub last_share: f64,
}

/// Micro-credits of a conversion by each of [`MODELS`], a number per touch; each model's sum to [`WHOLE_CONVERSION`]. Touches are given in
/// the order of time.
///
/// # Errors
/// A weight that is negative or not finite, as settings out of range make them.
pub fn conversion_credits(touches: &[LedgerTouch<'_>], settings: &LedgerSettings) -> Result<[Vec<u64>; 8]> {
    let count = touches.len();
    let Some(last) = touches.last() else { return Ok(Default::default()) };
    let all_to = |place: usize| {
        let mut credits = vec![0; count];
        credits[place] = WHOLE_CONVERSION;
        credits
    };
    let shared = |weight: &dyn Fn(usize) -> f64| whole_units(&(0..count).map(weight).collect::<Vec<_>>(), WHOLE_CONVERSION);
    let not_direct = touches.iter().rposition(|touch| !touch.is_direct).unwrap_or(count - 1);
    let LedgerSettings { half_life_days, first_share, last_share } = *settings;
    let by_position = |place: usize| match place {
        _ if count == 1 => 1.0,
        0 => first_share,
        place if place == count - 1 => last_share,
        _ => (1.0 - first_share - last_share) / (count - 2) as f64,
    };
    // Nearness to the last touch: halving weights from there gives the same shares, and never all of them zero.
    let by_time = |place: usize| ((touches[place].at - last.at) as f64 / (DAY * half_life_days)).exp2();
    let of_channel = |place: usize| touches.iter().filter(|touch| touch.channel == touches[place].channel).count() as f64;
    let of_channel: Vec<f64> = (0..count).map(of_channel).collect();
    Ok([
        all_to(0),
        all_to(count - 1),
        all_to(not_direct),
        shared(&|_| 1.0)?,
        shared(&by_position)?,
        shared(&by_time)?,
        shared(&|place| touches[place].removal_effect / of_channel[place])?,
        shared(&|place| 1.0 / of_channel[place])?,
    ])
}
