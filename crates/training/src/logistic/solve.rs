//! Symmetric linear systems.

/// A symmetric positive definite matrix as the product of a lower triangle and its transpose.
pub(crate) struct Cholesky {
    size: usize,
    /// Row by row; above the diagonal 0.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix given row by row, of which only the lower triangle is read; `None` if it is not positive definite.
    pub(crate) fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let (above, below) = lower.split_at(row * size);
                let (a, b) = (&below[..column], if column == row { &below[..column] } else { &above[column * size..][..column] });
                let rest = matrix[row * size + column] - a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                lower[row * size + column] = if column < row {
                    rest / lower[column * size + column]
                } else if rest > 1e-13 * matrix[row * size + row].abs() {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { size, lower })
    }

    /// The x with matrix · x = y.
    pub(crate) fn solve(&self, y: &[f64]) -> Vec<f64> {
        let at = |row: usize, column: usize| self.lower[row * self.size + column];
        let mut x = y.to_vec();
        for row in 0..self.size {
            let known: f64 = (0..row).map(|column| at(row, column) * x[column]).sum();
            x[row] = (x[row] - known) / at(row, row);
        }
        for row in (0..self.size).rev() {
            let known: f64 = (row + 1..self.size).map(|column| at(column, row) * x[column]).sum();
            x[row] = (x[row] - known) / at(row, row);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let matrix = [4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 1.0, 3.0, 6.0];
        let x = Cholesky::of(&matrix, 3).unwrap().solve(&[4.0 + 4.0 + 3.0, 2.0 + 10.0 + 9.0, 1.0 + 6.0 + 18.0]);
        for (found, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{x:?}");
        }
        assert!(Cholesky::of(&[1.0, 0.0, 1.0, 1.0], 2).is_none(), "two rows alike");
    }
}
