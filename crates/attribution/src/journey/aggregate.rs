//! Rows with equal paths become one.

use rayon::prelude::*;

use super::{Journeys, Paths};
use crate::error::{AttributionError, Result};

/// Sums stay below this, so that they fit into 64 bits whichever way they are put together.
const LARGEST_SUM: u64 = 1 << 63;

/// Paths with their counts; columns that are empty stand for zeros.
pub(super) struct Rows<'a> {
    pub paths: &'a Paths,
    pub conversions: &'a [u64],
    pub value: &'a [u64],
    pub nulls: &'a [u64],
}

/// The first eight touches as one number: numbers order as paths do, up to there.
fn prefix(path: &[u32]) -> u128 {
    (0..8).fold(0, |key, index| (key << 16) | path.get(index).map_or(0, |step| u128::from(*step) + 1))
}

/// Adds up rows of equal paths, and puts the paths in order.
pub(super) fn rows(channels: usize, parts: &[Rows<'_>]) -> Result<Journeys> {
    let count: usize = parts.iter().map(|part| part.paths.len()).sum();
    let mut order: Vec<(u128, u32, u32)> = Vec::with_capacity(count);
    for (number, part) in parts.iter().enumerate() {
        let (Ok(number), Ok(rows)) = (u32::try_from(number), u32::try_from(part.paths.len())) else {
            let (found, limit) = (count as u64, u64::from(u32::MAX));
            return Err(AttributionError::TooMany { what: "the number of rows", found, limit, remedy: "add up parts and merge them" });
        };
        order.par_extend((0..rows).into_par_iter().map(|row| (prefix(part.paths.get(row as usize)), number, row)));
    }
    let path = |&(_, part, row): &(u128, u32, u32)| parts[part as usize].paths.get(row as usize);
    order.par_sort_unstable_by(|left, right| left.0.cmp(&right.0).then_with(|| path(left).cmp(path(right))));

    let mut journeys = Journeys { channels, paths: Paths::default(), conversions: Vec::new(), value: Vec::new(), nulls: Vec::new() };
    for group in order.chunk_by(|left, right| left.0 == right.0 && path(left) == path(right)) {
        journeys.paths.push(path(&group[0]).iter().copied());
        journeys.conversions.push(sum("conversions", parts, group, |part| part.conversions)?);
        journeys.value.push(sum("value in millionths", parts, group, |part| part.value)?);
        journeys.nulls.push(sum("nulls", parts, group, |part| part.nulls)?);
    }
    let all = |counts: &[u64]| counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let journeys_in_all = all(&journeys.conversions).zip(all(&journeys.nulls)).and_then(|(left, right)| left.checked_add(right));
    within("the number of journeys", journeys_in_all)?;
    within("the value in millionths", all(&journeys.value))?;
    Ok(journeys)
}

fn sum<'a>(what: &'static str, parts: &[Rows<'a>], group: &[(u128, u32, u32)], column: impl Fn(&Rows<'a>) -> &'a [u64]) -> Result<u64> {
    let count = |(_, part, row): &(u128, u32, u32)| column(&parts[*part as usize]).get(*row as usize).copied().unwrap_or(0);
    within(what, group.iter().try_fold(0_u64, |sum, entry| sum.checked_add(count(entry))))
}

fn within(what: &'static str, sum: Option<u64>) -> Result<u64> {
    match sum {
        Some(sum) if sum < LARGEST_SUM => Ok(sum),
        _ => {
            let (found, limit) = (sum.unwrap_or(u64::MAX), LARGEST_SUM);
            Err(AttributionError::TooMany { what, found, limit, remedy: "count in larger units" })
        }
    }
}
