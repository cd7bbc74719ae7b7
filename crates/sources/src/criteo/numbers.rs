//! The integers.

use super::rows::NUMBERS;
use crate::synthetic::draw::Draws;

/// Mean and standard deviation of the logarithm of each number before it is rounded down.
const LOGARITHMS: [(f64, f64); NUMBERS] = [
    (0.05, 1.62),
    (1.45, 2.65),
    (1.8, 1.6),
    (1.5, 1.05),
    (7.7, 2.1),
    (3.6, 1.75),
    (1.2, 1.72),
    (2.0, 1.45),
    (3.65, 1.6),
    (-0.01, 0.45),
    (0.65, 1.05),
    (-0.98, 1.5),
    (1.7, 1.15),
];
const I2: usize = 1;
const I3: usize = 2;
const I8: usize = 7;
/// What I8 ends at.
const MOST_I8: i64 = 50;
/// Share of the zeros of I2 that are negative instead, and of these that are lower than −1.
const NEGATIVE: f64 = 0.35;
const BELOW_MINUS_ONE: f64 = 0.05;

/// Draws a number of column I(`column` + 1).
pub(super) fn draw(column: usize, draws: &mut Draws) -> i64 {
    let (mean, deviation) = LOGARITHMS[column];
    let number = (mean + deviation * draws.normal()).exp() as i64;
    match column {
        I2 if number == 0 && draws.chance(NEGATIVE) => match draws.chance(BELOW_MINUS_ONE) {
            true => -2 - draws.below(2) as i64,
            false => -1,
        },
        I3 => number + 1,
        I8 => number.min(MOST_I8),
        _ => number,
    }
}
