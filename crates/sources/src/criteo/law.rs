//! The law by which a row is clicked. The module's documentation states it in words.

use super::categories::{self, Column};
use super::rows::{CATEGORIES, NUMBERS, Row};
use crate::synthetic::ClickLaw;
use crate::synthetic::draw::{Draws, Stream};

/// Share of the rows that are clicked.
const MEAN: f64 = 0.256;
/// ROC-AUC that a perfect model reaches.
const BEST_AUC: f64 = 0.80;
/// Rows of which the law's constants are found.
const SAMPLE: u64 = 20_000;

/// What ln(1 + x) of each number is multiplied with.
const SLOPES: [f64; NUMBERS] = [0.25, 0.0, -0.1, 0.0, -0.12, -0.15, 0.2, 0.0, 0.0, 0.0, 0.2, 0.0, 0.1];
const I9: usize = 8;
const I9_WAVE: f64 = 0.25;
/// Standard deviation of the effects in columns of up to so many values.
const DEVIATIONS: [(u32, f64); 4] = [(500, 0.35), (2000, 0.2), (20_000, 0.1), (u32::MAX, 0.05)];
/// Columns that count together, from 0.
const PAIRS: [(usize, usize); 3] = [(13, 16), (5, 22), (1, 4)];
const PAIR_DEVIATION: f64 = 0.1;

/// How a missing category counts: no column has so many values.
const MISSING: u32 = (1 << 24) - 1;

/// Everything that is fixed before the first row is made.
pub(super) struct World {
    seed: u64,
    pub(super) columns: [Column; CATEGORIES],
    deviations: [f64; CATEGORIES],
    pub(super) click_law: ClickLaw,
}

/// A row, its true click probability, and what became of it.
pub(super) struct Event {
    pub(super) row: Row,
    pub(super) probability: f64,
    pub(super) is_click: bool,
}

impl World {
    pub(super) fn new(seed: u64, rows: u64) -> Self {
        let columns = categories::columns(seed);
        let deviation =
            |column: &Column| DEVIATIONS.iter().find(|(most, _)| column.values <= *most).map_or(0.0, |(_, deviation)| *deviation);
        let deviations = columns.each_ref().map(deviation);
        let mut world = Self { seed, columns, deviations, click_law: ClickLaw { intercept: 0.0, scale: 1.0 } };
        // Rows spread evenly over the log; a handful of rows would be too small a sample.
        let rows = u128::from(rows.max(SAMPLE));
        let score = |at: u64| {
            let number = (u128::from(at) * rows / u128::from(SAMPLE)) as u64;
            world.score(&world.row(number, at as f64 / SAMPLE as f64).0)
        };
        world.click_law = ClickLaw::fit((0..SAMPLE).map(score).collect(), MEAN, BEST_AUC);
        world
    }

    /// What happened in the row with this number, `at` this share (0 to 1) of the log.
    pub(super) fn event(&self, number: u64, at: f64) -> Event {
        let (row, mut draws) = self.row(number, at);
        let probability = self.click_law.probability(self.score(&row));
        Event { row, probability, is_click: draws.chance(probability) }
    }

    /// A row, and the draws that follow those it took.
    fn row(&self, number: u64, at: f64) -> (Row, Draws) {
        let mut draws = Draws::new(self.seed, Stream::Event, number);
        let row = Row::draw(&self.columns, at, &mut draws);
        (row, draws)
    }

    /// The sum of all terms.
    fn score(&self, row: &Row) -> f64 {
        let logarithm = |number: i64| (number.max(0) as f64).ln_1p();
        let of_number = |(number, slope): (&Option<i64>, f64)| number.map_or(0.0, |number| slope * logarithm(number));
        let numbers: f64 = row.numbers.iter().zip(SLOPES).map(of_number).sum();
        let wave = row.numbers[I9].map_or(0.0, |number| I9_WAVE * logarithm(number).cos());
        let value = |column: usize| u64::from(row.categories[column].unwrap_or(MISSING));
        let drawn = |stream, index| Draws::new(self.seed, stream, index).normal();
        let of_category = |column: usize| self.deviations[column] * drawn(Stream::Effect, (column as u64) << 32 | value(column));
        let of_pair = |(pair, (one, other)): (u64, (usize, usize))| drawn(Stream::PairEffect, pair << 48 | value(one) << 24 | value(other));
        let categories: f64 = (0..CATEGORIES).map(of_category).sum();
        let pairs: f64 = (0..).zip(PAIRS).map(of_pair).sum();
        numbers + wave + categories + PAIR_DEVIATION * pairs
    }
}

const _: () = assert!(CATEGORIES < 1 << 8, "column and value share an index of 64 bits");
