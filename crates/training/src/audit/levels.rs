//! Rows that belong together: those of one category, or of one group.

use rayon::prelude::*;

use super::rows::Rows;
use crate::data::Column;
use crate::random::mix;

/// About so many rows are looked at for each grouping; whole levels, so that their sums are right.
const SAMPLE: usize = 100_000;
/// In a level of more rows than this a row's own label is lost in the sum.
const LARGEST: usize = 5000;

/// Some levels of a grouping with all their rows to learn from.
pub(super) struct Levels {
    /// What rows of a level have in common, for a sentence.
    pub(super) name: String,
    rows: Vec<u32>,
    ends: Vec<usize>,
}

impl Levels {
    /// The rows of each level by time, where there are times, and by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.rows[begin..*end])
    }

    fn of(rows: &Rows<'_>, name: String, key: impl Fn(usize) -> Option<u64>) -> Self {
        let parts = rows.learned().len().div_ceil(SAMPLE).max(1) as u64;
        let mut keyed: Vec<_> = rows.learned().iter().filter_map(|row| Some((key(row as usize)?, row))).collect();
        keyed.retain(|(key, _)| mix(*key + 1).is_multiple_of(parts));
        let time = |row: u32| rows.data.times().map_or(0, |times| times[row as usize]);
        keyed.sort_unstable_by_key(|(key, row)| (*key, time(*row), *row));
        let (mut kept, mut ends) = (Vec::new(), Vec::new());
        for level in keyed.chunk_by(|a, b| a.0 == b.0).filter(|level| (2..=LARGEST).contains(&level.len())) {
            kept.extend(level.iter().map(|(_, row)| *row));
            ends.push(kept.len());
        }
        Self { name, rows: kept, ends }
    }
}

/// The groups, and each categorical feature.
pub(super) fn groupings(rows: &Rows<'_>) -> Vec<Levels> {
    let frame = rows.data.frame();
    let categorical: Vec<_> = frame.features().filter(|(_, column)| matches!(column, Column::Categorical(_))).collect();
    let mut found: Vec<_> = categorical
        .into_par_iter()
        .filter_map(|(name, column)| {
            let Column::Categorical(categories) = column else { return None };
            let key = |row: usize| categories.codes().get(row).filter(|code| (**code as usize) < categories.levels().len()).copied();
            Some(Levels::of(rows, format!("`{name}`"), |row| key(row).map(u64::from)))
        })
        .collect();
    if let Some(groups) = rows.data.groups() {
        found.push(Levels::of(rows, "group".to_owned(), |row| groups.get(row).copied()));
    }
    found.retain(|levels| !levels.ends.is_empty());
    found
}
