//! The categories: which values a column has, how often each comes, when, and how it is written.

use super::rows::CATEGORIES;
use crate::synthetic::draw::{Draws, Stream, unique};

/// The most frequent values of a column that does not keep its values; these stay.
const STEADY: u32 = 10_000;
/// Columns with more values than this do not keep them.
const FADES_ABOVE: u32 = 1_000_000;
/// Share of the values of such a column that comes in during the log.
const TURNOVER: f64 = 0.01;

/// Values, steepness and shift of each column. The number of values is that of the data set; the other two are fitted to a sample
/// of 8,184 rows.
const COLUMNS: [(u32, f64, f64); CATEGORIES] = [
    (1460, 1.97, 0.9705),
    (583, 1.81, 5.898),
    (10_131_226, 1.03, 1.133),
    (2_202_607, 1.10, 1.204),
    (305, 2.63, 1.036),
    (23, 20.0, 25.1),
    (12_517, 1.15, 22.75),
    (633, 2.33, 1.028),
    (3, 20.0, 7.94),
    (93_145, 1.04, 0.0401),
    (5683, 1.25, 15.45),
    (8_351_592, 1.05, 1.392),
    (3194, 1.25, 14.65),
    (27, 20.0, 31.6),
    (14_992, 1.43, 22.42),
    (5_461_305, 1.08, 1.825),
    (10, 0.8, 0.0794),
    (5652, 1.55, 10.26),
    (2172, 1.14, 0.008),
    (3, 0.1, 0.398),
    (7_046_546, 1.06, 1.534),
    (17, 17.35, 15.85),
    (15, 2.25, 1.995),
    (286_180, 1.23, 2.528),
    (104, 2.45, 3.162),
    (142_571, 1.14, 1.493),
];

/// A column, ready to be drawn from.
pub(super) struct Column {
    /// How many values there are.
    pub(super) values: u32,
    shift: f64,
    /// 1 − steepness, which is never 0.
    exponent: f64,
    low: f64,
    span: f64,
    key: u32,
}

/// The columns C1 to C26.
pub(super) fn columns(seed: u64) -> [Column; CATEGORIES] {
    std::array::from_fn(|column| {
        let (values, steepness, shift) = COLUMNS[column];
        let exponent = 1.0 - steepness;
        let low = shift.powf(exponent);
        let span = (f64::from(values) + shift).powf(exponent) - low;
        let key = unique(seed, Stream::Values, column as u64) as u32;
        Column { values, shift, exponent, low, span, key }
    })
}

impl Column {
    /// Draws a value, `at` this share (0 to 1) of the log.
    pub(super) fn draw(&self, at: f64, draws: &mut Draws) -> u32 {
        // The inverse of the distribution function.
        let x = (self.low + self.span * draws.fraction()).powf(1.0 / self.exponent) - self.shift;
        self.value_of_rank((x as u32).min(self.values - 1), at)
    }

    /// The value that has a rank at a time. Where values fade, the one that newly comes in is the last that was in the far tail.
    fn value_of_rank(&self, rank: u32, at: f64) -> u32 {
        if self.values <= FADES_ABOVE || rank < STEADY {
            return rank;
        }
        let fading = self.values - STEADY;
        let came_in = (at * TURNOVER * f64::from(fading)) as u32;
        STEADY + (rank - STEADY + fading - came_in) % fading
    }

    /// The code that stands for a value in the log; no other value of the column has it.
    pub(super) fn code(&self, value: u32) -> u32 {
        // The finaliser of MurmurHash3: a bijection.
        let mut x = value ^ self.key;
        x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
        x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
        x ^ (x >> 16)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn at_any_time_each_value_has_one_rank_and_a_code_of_its_own() {
        for column in columns(3) {
            let few = column.values.min(50_000);
            // The most frequent and the least.
            let ranks: BTreeSet<u32> = (0..few).chain(column.values - few..column.values).collect();
            for at in [0.0, 0.3, 0.999] {
                let values: BTreeSet<u32> = ranks.iter().map(|rank| column.value_of_rank(*rank, at)).collect();
                assert!(values.len() == ranks.len() && values.iter().all(|value| *value < column.values), "{} values", column.values);
                let codes: BTreeSet<u32> = values.iter().map(|value| column.code(*value)).collect();
                assert_eq!(codes.len(), values.len());
            }
        }
    }

    #[test]
    fn values_of_the_largest_columns_fade_and_the_others_stay() {
        let columns = columns(3);
        // Ranks of the middle: met again a moment later, gone at the end.
        let middle = |column: &Column, at: f64| (12_000..20_000).map(|rank| column.value_of_rank(rank, at)).collect::<BTreeSet<_>>();
        let fading: Vec<usize> = (0..CATEGORIES).filter(|column| columns[*column].values > FADES_ABOVE).collect();
        assert_eq!(fading, [2, 3, 11, 15, 20], "C3, C4, C12, C16 and C21");
        for column in &columns {
            let (begin, soon, end) = (middle(column, 0.0), middle(column, 0.01), middle(column, 1.0));
            let (early, late) = (begin.intersection(&soon).count(), begin.intersection(&end).count());
            let expected =
                if column.values > FADES_ABOVE { early > 6000 && late == 0 } else { early == begin.len() && late == begin.len() };
            assert!(expected, "{} values: {early} are met again soon, {late} at the end", column.values);
            assert!((0..STEADY.min(column.values)).all(|rank| column.value_of_rank(rank, 1.0) == rank));
        }
    }

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        let columns = columns(5);
        let mut draws = Draws::new(5, Stream::Event, 0);
        // The integral of 1 / (x + shift)^steepness, written out for C2.
        let (steepness, shift) = (COLUMNS[1].1, COLUMNS[1].2);
        let integral = |from: f64, to: f64| ((from + shift).powf(1.0 - steepness) - (to + shift).powf(1.0 - steepness)) / (steepness - 1.0);
        let mut counts = [0_u32; 583];
        for _ in 0..200_000 {
            counts[columns[1].draw(0.5, &mut draws) as usize] += 1;
        }
        for rank in [0_usize, 1, 2, 10, 100] {
            let expected = 2e5 * integral(rank as f64, rank as f64 + 1.0) / integral(0.0, 583.0);
            let found = f64::from(counts[rank]);
            assert!((found - expected).abs() < 5.0 * expected.sqrt(), "rank {rank}: {found}, expected {expected}");
        }
    }
}
