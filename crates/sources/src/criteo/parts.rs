//! The rows in parts that are made side by side: some thousand of one day.

use std::ops::Range;

use super::files::{DAYS, name};
use super::law::World;
use super::rows::decimal;

const ROWS_PER_PART: u64 = 4096;

/// Some rows of a day.
pub(super) struct Stretch {
    /// Rows of the whole log.
    of: u64,
    day: u64,
    /// Number of the day's first row.
    first: u64,
    rows: Range<u64>,
}

/// The rows in stretches, in order.
pub(super) fn stretches(rows: u64) -> impl Iterator<Item = Stretch> {
    let first_of = move |day: u64| (u128::from(rows) * u128::from(day) / u128::from(DAYS)) as u64;
    (0..DAYS).flat_map(move |day| {
        let (first, end) = (first_of(day), first_of(day + 1));
        let starts = (first..end).step_by(ROWS_PER_PART as usize);
        starts.map(move |start| Stretch { of: rows, day, first, rows: start..(start + ROWS_PER_PART).min(end) })
    })
}

/// The lines of a stretch.
pub(super) struct Lines {
    pub(super) day: u64,
    pub(super) count: u64,
    pub(super) bytes: Vec<u8>,
    /// Lines of the truth file.
    pub(super) truth: Vec<u8>,
    /// True click probability of each row.
    pub(super) probabilities: Vec<f64>,
}

/// Makes the rows of a stretch.
pub(super) fn make(world: &World, stretch: &Stretch) -> Lines {
    let Stretch { of, day, first, rows } = stretch;
    let count = rows.end - rows.start;
    let mut lines = Lines { day: *day, count, bytes: Vec::new(), truth: Vec::new(), probabilities: Vec::new() };
    let file = name(*day);
    for number in rows.clone() {
        let event = world.event(number, number as f64 / *of as f64);
        event.row.write(&world.columns, event.is_click, &mut lines.bytes);
        lines.probabilities.push(event.probability);
        lines.truth.extend_from_slice(file.as_bytes());
        lines.truth.push(b',');
        decimal(&mut lines.truth, (number - first + 1) as i64);
        lines.truth.extend_from_slice(format!(",{:.6}\n", event.probability).as_bytes());
    }
    lines
}
