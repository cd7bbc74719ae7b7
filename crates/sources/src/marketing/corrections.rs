//! When spend is reported, and what is put right later.

use crate::synthetic::draw::{Draws, Stream};

/// Of the keys (date, channel, campaign): the first report lacks some of the spend.
pub const CORRECTED: f64 = 0.06;

/// What was first reported of a spend, and the day of the correction, counted from the spend's own day; `None` where the first report
/// is right.
pub(super) fn first_report(seed: u64, key: u64, spend_micros: i64) -> (i64, Option<u64>) {
    let draws = &mut Draws::new(seed, Stream::Correction, key);
    let (is_corrected, share, later) = (draws.chance(CORRECTED), 0.5 + 0.45 * draws.fraction(), 2 + draws.below(12) as u64);
    if is_corrected && spend_micros > 0 { ((spend_micros as f64 * share) as i64, Some(later)) } else { (spend_micros, None) }
}
