//! A row, as it was drawn and as it is logged.

use super::categories::Column;
use super::numbers;
use crate::synthetic::draw::Draws;

/// Columns I1 to I13.
pub(super) const NUMBERS: usize = 13;
/// Columns C1 to C26.
pub(super) const CATEGORIES: usize = 26;

/// How often columns lack their value; those with the same entry lack it together.
const MISSING: [f64; 12] = [0.4512, 0.2016, 0.2028, 0.0491, 0.2517, 0.0497, 0.0011, 0.7769, 0.0334, 0.1316, 0.4516, 0.8166];
/// The entry of a column that always has a value.
const NEVER: usize = MISSING.len();
const NUMBERS_MISSING: [usize; NUMBERS] = [0, NEVER, 1, 2, 3, 4, 5, 6, 5, 0, 5, 7, 2];
const CATEGORIES_MISSING: [usize; CATEGORIES] = {
    let mut groups = [NEVER; CATEGORIES];
    groups[5] = 9;
    groups[21] = 11;
    (groups[2], groups[3], groups[11], groups[15], groups[20], groups[23]) = (8, 8, 8, 8, 8, 8);
    (groups[18], groups[19], groups[24], groups[25]) = (10, 10, 10, 10);
    groups
};

/// What a row shows.
pub(super) struct Row {
    pub(super) numbers: [Option<i64>; NUMBERS],
    /// The values, not yet their codes.
    pub(super) categories: [Option<u32>; CATEGORIES],
}

impl Row {
    /// Draws a row `at` this share (0 to 1) of the log.
    pub(super) fn draw(columns: &[Column; CATEGORIES], at: f64, draws: &mut Draws) -> Self {
        let mut is_missing = [false; NEVER + 1];
        for (is_missing, rate) in is_missing.iter_mut().zip(MISSING) {
            *is_missing = draws.chance(rate);
        }
        Self {
            numbers: std::array::from_fn(|column| (!is_missing[NUMBERS_MISSING[column]]).then(|| numbers::draw(column, draws))),
            categories: std::array::from_fn(|column| (!is_missing[CATEGORIES_MISSING[column]]).then(|| columns[column].draw(at, draws))),
        }
    }

    /// Appends the row as a line.
    pub(super) fn write(&self, columns: &[Column; CATEGORIES], is_click: bool, out: &mut Vec<u8>) {
        out.push(b'0' + u8::from(is_click));
        for number in self.numbers {
            out.push(b'\t');
            if let Some(number) = number {
                decimal(out, number);
            }
        }
        for (category, column) in self.categories.iter().zip(columns) {
            out.push(b'\t');
            if let Some(value) = category {
                hexadecimal(out, column.code(*value));
            }
        }
        out.push(b'\n');
    }
}

/// Appends a number in decimal.
pub(super) fn decimal(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    let mut rest = number.unsigned_abs();
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

fn hexadecimal(out: &mut Vec<u8>, code: u32) {
    out.extend_from_slice(&std::array::from_fn::<u8, 8, _>(|at| b"0123456789abcdef"[(code >> (28 - 4 * at) & 15) as usize]));
}
