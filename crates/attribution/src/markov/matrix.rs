//! A small dense inverse.

use rayon::prelude::*;

use crate::error::{AttributionError, Result};

/// Rows from which on the elimination of a column is worth several threads.
const PARALLEL_ROWS: usize = 192;

/// A square matrix, row by row.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub size: usize,
    pub cells: Vec<f64>,
}

impl Matrix {
    pub fn identity(size: usize) -> Self {
        let mut cells = vec![0.0; size * size];
        cells.iter_mut().step_by(size + 1).for_each(|cell| *cell = 1.0);
        Self { size, cells }
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.size..(row + 1) * self.size]
    }

    /// The inverse, by Gauss-Jordan elimination in place with row exchanges.
    pub fn inverse(mut self) -> Result<Self> {
        let size = self.size;
        let mut exchanges = Vec::with_capacity(size);
        for column in 0..size {
            let magnitude = |row: &usize| self.cells[row * size + column].abs();
            let pivot = (column..size).max_by(|left, right| magnitude(left).total_cmp(&magnitude(right))).unwrap_or(column);
            if magnitude(&pivot) == 0.0 || !magnitude(&pivot).is_finite() {
                return Err(AttributionError::Singular { what: "the Markov chain", remedy: "look for journeys that never end" });
            }
            if pivot != column {
                (0..size).for_each(|cell| self.cells.swap(pivot * size + cell, column * size + cell));
            }
            exchanges.push(pivot);
            self.eliminate(column);
        }
        for (column, pivot) in exchanges.into_iter().enumerate().rev().filter(|(column, pivot)| column != pivot) {
            self.cells.chunks_mut(size).for_each(|row| row.swap(column, pivot));
        }
        Ok(self)
    }

    /// Takes one column out of all rows but its own, and writes the inverse's column in its place.
    fn eliminate(&mut self, column: usize) {
        let size = self.size;
        let own = &mut self.cells[column * size..(column + 1) * size];
        let scale = 1.0 / std::mem::replace(&mut own[column], 1.0);
        own.iter_mut().for_each(|cell| *cell *= scale);
        let pivot_row = own.to_vec();
        let subtract = |(row, cells): (usize, &mut [f64])| {
            if row != column {
                let factor = std::mem::replace(&mut cells[column], 0.0);
                if factor != 0.0 {
                    cells.iter_mut().zip(&pivot_row).for_each(|(cell, pivot)| *cell -= factor * pivot);
                }
            }
        };
        if size < PARALLEL_ROWS {
            self.cells.chunks_mut(size).enumerate().for_each(subtract);
        } else {
            self.cells.par_chunks_mut(size).enumerate().with_min_len(16).for_each(subtract);
        }
    }
}
