//! Rows of numbers, side by side in memory.

use rayon::prelude::*;

use crate::error::{Result, SegmentsError};

/// Points of one dimension, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    width: usize,
    values: Vec<f64>,
}

impl Points {
    /// From the coordinates of one point after the other.
    ///
    /// # Errors
    ///
    /// If the width is 0, the last point is incomplete, or a coordinate is NaN or infinite.
    pub fn new(width: usize, values: Vec<f64>) -> Result<Self> {
        if width == 0 {
            return Err(SegmentsError::Setting { setting: "width", value: "0".to_owned(), expected: "at least one coordinate" });
        }
        if !values.len().is_multiple_of(width) {
            let expected = values.len().next_multiple_of(width);
            return Err(SegmentsError::Lengths { what: "points".to_owned(), expected, found: values.len() });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                let (what, expected) = (format!("coordinate {}", index % width), "a finite number");
                Err(SegmentsError::Value { what, row: index / width, value: values[index], expected })
            }
            None => Ok(Self { width, values }),
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Coordinates per point.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The points.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.width)
    }

    /// The points, on all threads.
    pub(super) fn par_rows(&self) -> rayon::slice::ChunksExact<'_, f64> {
        self.values.par_chunks_exact(self.width)
    }

    /// Some points at a time, on all threads.
    pub(super) fn par_blocks(&self, rows: usize) -> rayon::slice::Chunks<'_, f64> {
        self.values.par_chunks(self.width * rows)
    }

    /// One point.
    pub(super) fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width..][..self.width]
    }

    /// The points of these numbers.
    pub(super) fn chosen(&self, rows: &[usize]) -> Self {
        Self { width: self.width, values: rows.iter().flat_map(|row| self.row(*row)).copied().collect() }
    }

    /// The same points in ascending order.
    pub(super) fn sorted(&self) -> Self {
        let mut order: Vec<_> = (0..self.len()).collect();
        order.par_sort_unstable_by(|left, right| {
            let both = self.row(*left).iter().zip(self.row(*right));
            both.map(|(left, right)| left.total_cmp(right)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        self.chosen(&order)
    }

    /// Number of different points, where equal ones stand together.
    pub(super) fn different(&self) -> usize {
        let after_the_first = self.rows().zip(self.rows().skip(1)).filter(|(left, right)| left != right).count();
        after_the_first + usize::from(!self.is_empty())
    }

    /// Changes every coordinate, given its index in the point.
    pub(super) fn mapped(self, of: impl Fn(usize, f64) -> f64) -> Self {
        self.mapped_rows(|_, row| row.iter_mut().enumerate().for_each(|(index, value)| *value = of(index, *value)))
    }

    /// Changes every point, given its number.
    pub(super) fn mapped_rows(mut self, mut change: impl FnMut(usize, &mut [f64])) -> Self {
        self.values.chunks_exact_mut(self.width).enumerate().for_each(|(row, values)| change(row, values));
        self
    }
}

/// The square of the distance between two points.
pub(super) fn squared_distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| (left - right) * (left - right)).sum()
}

/// The nearest of the centres, the first of several, and the square of its distance.
pub(super) fn nearest<'a>(point: &[f64], centres: impl Iterator<Item = &'a [f64]>) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, centre) in centres.enumerate() {
        let distance = squared_distance(point, centre);
        if distance < best.1 {
            best = (index, distance);
        }
    }
    best
}
