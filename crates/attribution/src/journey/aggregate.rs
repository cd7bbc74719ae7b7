//! Rows with equal paths become one.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::{Journeys, Paths};
use crate::error::{AttributionError, Result};

/// Counts stay below this together, so that they fit into 64 bits whichever way they are put together.
const LARGEST_COUNT: u128 = 1 << 63;

/// Value stays below this, in billionths: times a share it still fits into 128 bits.
const LARGEST_VALUE: u128 = 1 << 76;

/// Paths with their counts; columns that are empty stand for zeros.
pub(super) struct Rows<'a> {
    pub paths: &'a Paths,
    pub conversions: &'a [u64],
    pub value: &'a [u128],
    pub nulls: &'a [u64],
}

/// The first eight touches as one number: numbers order as paths do, up to there.
fn prefix(path: &[u32]) -> u128 {
    (0..8).fold(0, |key, index| (key << 16) | path.get(index).map_or(0, |step| u128::from(*step) + 1))
}

/// Adds up rows of equal paths, and puts the paths in order. Paths that no journey took are left out.
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
    // A prefix with room left is the whole path.
    let compare = |left: &(u128, u32, u32), right: &(u128, u32, u32)| match left.0.cmp(&right.0) {
        Ordering::Equal if left.0 & 0xFFFF != 0 => path(left).cmp(path(right)),
        ordering => ordering,
    };
    order.par_sort_unstable_by(compare);

    let mut journeys = Journeys { channels, paths: Paths::default(), conversions: Vec::new(), value: Vec::new(), nulls: Vec::new() };
    let (mut count, mut worth) = (0, 0);
    for group in order.chunk_by(|left, right| compare(left, right) == Ordering::Equal) {
        let (mut conversions, mut value, mut nulls) = (0, 0, 0);
        for &(_, part, row) in group {
            let (part, row) = (&parts[part as usize], row as usize);
            conversions += part.conversions.get(row).map_or(0, |count| u128::from(*count));
            value += part.value.get(row).copied().unwrap_or(0);
            nulls += part.nulls.get(row).map_or(0, |count| u128::from(*count));
        }
        if conversions + nulls == 0 {
            continue;
        }
        count += conversions + nulls;
        worth += value;
        within("the number of journeys", count, LARGEST_COUNT)?;
        within("the value in billionths", worth, LARGEST_VALUE)?;
        journeys.paths.push(path(&group[0]).iter().copied());
        journeys.conversions.push(conversions as u64);
        journeys.value.push(value);
        journeys.nulls.push(nulls as u64);
    }
    Ok(journeys)
}

fn within(what: &'static str, found: u128, limit: u128) -> Result<()> {
    let told = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    if found < limit {
        Ok(())
    } else {
        Err(AttributionError::TooMany { what, found: told(found), limit: told(limit), remedy: "count in larger units" })
    }
}
