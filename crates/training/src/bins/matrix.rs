//! A frame as bins.

/// One byte per row and feature, feature by feature.
pub(crate) struct Matrix {
    columns: Vec<Vec<u8>>,
    categorical: Vec<bool>,
    rows: usize,
}

impl Matrix {
    pub(super) fn new(columns: Vec<Vec<u8>>, categorical: Vec<bool>, rows: usize) -> Self {
        Self { columns, categorical, rows }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn features(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn column(&self, feature: usize) -> &[u8] {
        &self.columns[feature]
    }

    pub(crate) fn is_categorical(&self, feature: usize) -> bool {
        self.categorical[feature]
    }
}
