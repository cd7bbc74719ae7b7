//! Named columns of equal length.

use std::collections::HashSet;

use super::Column;
use crate::error::{Result, TrainingError};

/// Named features of equal length, without infinite values. It may have no rows: a model then predicts nothing.
#[derive(Debug, Clone)]
pub struct Frame {
    names: Vec<String>,
    columns: Vec<Column>,
    rows: usize,
}

impl Frame {
    /// Checks that the features fit together.
    ///
    /// # Errors
    /// No features; lengths that differ; a name that is there twice; an infinite value; 2^32 rows or more.
    pub fn new<N: Into<String>>(features: impl IntoIterator<Item = (N, Column)>) -> Result<Self> {
        let (names, columns): (Vec<String>, Vec<_>) = features.into_iter().map(|(name, column)| (name.into(), column)).unzip();
        let rows = columns.first().ok_or(TrainingError::NoFeatures)?.len();
        let limit = u32::MAX as usize;
        if rows >= limit {
            return Err(TrainingError::TooManyRows { rows, limit });
        }
        let mut seen = HashSet::new();
        for (name, column) in names.iter().zip(&columns) {
            if column.len() != rows {
                return Err(TrainingError::Lengths { what: format!("feature `{name}`"), expected: rows, found: column.len() });
            }
            if !seen.insert(name) {
                return Err(TrainingError::Duplicate { feature: name.clone() });
            }
            if let Some((row, value)) = column.infinite() {
                return Err(TrainingError::Infinite { feature: name.clone(), row, value });
            }
        }
        Ok(Self { names, columns, rows })
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The features' names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The features' columns, in the order of the names.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Names and columns together.
    pub fn features(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// The column of a name.
    ///
    /// # Errors
    /// There is no such feature.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.features().find(|(known, _)| *known == name);
        found.map(|(_, column)| column).ok_or_else(|| TrainingError::MissingFeature { feature: name.to_owned() })
    }

    /// The same rows with one column replaced.
    ///
    /// # Errors
    /// There is no such feature, or the column does not fit (see [`Frame::new`]).
    pub fn with_column(&self, name: &str, column: Column) -> Result<Self> {
        self.column(name)?;
        let replaced = |(known, old): (&str, &Column)| (known.to_owned(), if known == name { column.clone() } else { old.clone() });
        Self::new(self.features().map(replaced).collect::<Vec<_>>())
    }

    /// The given rows, in that order; a row may come more than once.
    pub fn take(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.take(rows)).collect();
        Self { names: self.names.clone(), columns, rows: rows.len() }
    }
}
