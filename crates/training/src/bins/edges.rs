//! Where the bins of a number begin and end.

use crate::data::Column;
use crate::random::{Purpose, Stream};

/// More rows than this do not move a quantile by more than a fraction of a bin.
const SAMPLE: usize = 200_000;

/// Upper edges of all bins but the last, ascending; empty if only one value was seen; `None` if none was.
pub(super) fn edges(column: &Column, max_bins: usize, seed: u64, number: u64) -> Option<Vec<f64>> {
    let mut values = sample(column, seed, number);
    values.sort_unstable_by(f64::total_cmp);
    let distinct = distinct(&values);
    if distinct.is_empty() {
        return None;
    }
    let is_f32 = matches!(column, Column::F32(_));
    let mut edges = Vec::new();
    let (mut in_bin, mut left) = (0, values.len());
    for pair in distinct.windows(2) {
        let &[(value, count), (next, next_count)] = pair else { continue };
        in_bin += count;
        let bins_left = max_bins - edges.len();
        // A bin ends where taking the next value would carry it further from its fair share than stopping.
        let share = (left as f64 / bins_left as f64).max(1.0);
        let ends = distinct.len() <= max_bins || in_bin as f64 + next_count as f64 / 2.0 > share;
        if ends && bins_left > 1 {
            edges.push(between(value, next, is_f32));
            left -= in_bin;
            in_bin = 0;
        }
    }
    Some(edges)
}

/// The values that are not missing: all, or those of as many random rows as it takes.
fn sample(column: &Column, seed: u64, number: u64) -> Vec<f64> {
    let rows = column.len();
    let drawn = |column: &Column| -> Vec<f64> {
        let mut stream = Stream::new(seed, Purpose::Quantiles, number);
        // One row of each of `SAMPLE` equal stretches: spread evenly, and no row twice.
        let place = |stretch: usize| stretch as u64 * rows as u64 / SAMPLE as u64;
        let rows = (0..SAMPLE).map(|stretch| {
            let (begin, end) = (place(stretch) as usize, place(stretch + 1) as usize);
            begin + stream.below(end - begin)
        });
        rows.filter_map(|row| column.number(row)).collect()
    };
    let values = if rows > SAMPLE { drawn(column) } else { Vec::new() };
    // A feature that is nearly always missing has its few values in no sample.
    if values.len() >= SAMPLE / 10 { values } else { (0..rows).filter_map(|row| column.number(row)).collect() }
}

/// Each value with how often it comes.
fn distinct(sorted: &[f64]) -> Vec<(f64, usize)> {
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for value in sorted {
        match distinct.last_mut() {
            Some((last, count)) if last == value => *count += 1,
            _ => distinct.push((*value, 1)),
        }
    }
    distinct
}

/// An edge with `low <= edge < high`, half-way where there is a number; one of 32 bits for numbers of 32 bits, so that a program
/// which compares in 32 bits decides alike.
fn between(low: f64, high: f64, is_f32: bool) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    let middle = if is_f32 { f64::from(middle as f32) } else { middle };
    if low <= middle && middle < high { middle } else { low }
}
