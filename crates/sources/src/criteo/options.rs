//! What to generate.

/// What to generate. Any value is valid.
#[derive(Debug, Clone)]
pub struct CriteoOptions {
    /// Rows, spread evenly over seven days. A day without rows has no file.
    pub rows: u64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Replace what an earlier run left in the folder.
    pub overwrite: bool,
}

impl Default for CriteoOptions {
    /// A million rows.
    fn default() -> Self {
        Self { rows: 1_000_000, seed: 42, overwrite: false }
    }
}
