//! Symmetric positive definite systems.

/// A symmetric positive definite matrix as L Lᵀ, L lower triangular, row by row.
pub(crate) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// The factor of a matrix of which the lower triangle is read, row by row; `None` if it is not positive definite.
    pub(crate) fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let (above, rest) = lower.split_at(row * size);
                let known = if column == row { &rest[..column] } else { &above[column * size..column * size + column] };
                let sum: f64 = rest[..column].iter().zip(known).map(|(a, b)| a * b).sum();
                let left = matrix[row * size + column] - sum;
                lower[row * size + column] = if column < row {
                    left / lower[column * size + column]
                } else if left > matrix[row * size + row].abs() * 1e-13 {
                    left.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { size, lower })
    }

    /// The x with matrix · x = y.
    pub(crate) fn solve(&self, y: &[f64]) -> Vec<f64> {
        let mut x = y.to_vec();
        for row in 0..self.size {
            let known: f64 = (0..row).map(|column| self.at(row, column) * x[column]).sum();
            x[row] = (x[row] - known) / self.at(row, row);
        }
        self.solve_upper(x)
    }

    /// The x with Lᵀ · x = y: for independent standard normal y, a draw whose covariance is the matrix's inverse.
    pub(crate) fn solve_upper(&self, mut y: Vec<f64>) -> Vec<f64> {
        for row in (0..self.size).rev() {
            let known: f64 = (row + 1..self.size).map(|column| self.at(column, row) * y[column]).sum();
            y[row] = (y[row] - known) / self.at(row, row);
        }
        y
    }

    /// xᵀ · matrix · x
    pub(crate) fn quadratic(&self, x: &[f64]) -> f64 {
        let of_column = |column: usize| (column..self.size).map(|row| self.at(row, column) * x[row]).sum::<f64>();
        (0..self.size).map(|column| of_column(column).powi(2)).sum()
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.lower[row * self.size + column]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn systems_are_solved() {
        let matrix = [4.0, 2.0, 1.0, 2.0, 5.0, 3.0, 1.0, 3.0, 6.0];
        let factor = Cholesky::of(&matrix, 3).unwrap();
        for (found, expected) in factor.solve(&[11.0, 21.0, 25.0]).iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        // 4 + 2 · 2 · 2 + 5 for x = (1, 1, 0)
        assert!((factor.quadratic(&[1.0, 1.0, 0.0]) - 13.0).abs() < 1e-12);
        // Lᵀ x = y for the last unit vector: x is the last column of the inverse times the last diagonal entry of L.
        let (upper, column) = (factor.solve_upper(vec![0.0, 0.0, 1.0]), factor.solve(&[0.0, 0.0, 1.0]));
        assert!(upper.iter().zip(&column).all(|(a, b)| (a * upper[2] - b).abs() < 1e-12));
        assert!(Cholesky::of(&[1.0, 1.0, 1.0, 1.0], 2).is_none(), "two rows alike");
    }
}
