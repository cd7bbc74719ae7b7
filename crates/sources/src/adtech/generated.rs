//! What the generator wrote.

use std::fmt;

use serde::Serialize;

use crate::synthetic::{ClickLaw, TableFiles};

/// What was generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    /// Per table.
    pub tables: Vec<TableFiles>,
    /// Size of all files, the truth included, in bytes.
    pub bytes: u64,
    /// Mean of the true click probabilities of the impressions.
    pub mean_click_probability: f64,
    /// ROC-AUC of the true click probabilities: what a model that knows everything reaches. `None`
    /// where clicks are independent of everything.
    pub best_auc: Option<f64>,
    /// The constants of the realistic law; `None` under the uniform one.
    pub click_law: Option<ClickLaw>,
    /// Rows broken on purpose.
    pub broken_rows: u64,
}

impl Generated {
    /// Rows of a table, 0 for a table that was not written.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.iter().find(|written| written.table == table).map_or(0, |written| written.rows)
    }
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for TableFiles { table, files, rows, bytes } in &self.tables {
            let plural = if *files == 1 { "" } else { "s" };
            writeln!(f, "{table:<15} {rows:>10} rows  {:>8.1} MB  {files} file{plural}", *bytes as f64 / 1e6)?;
        }
        if self.broken_rows > 0 {
            let plural = if self.broken_rows == 1 { "" } else { "s" };
            writeln!(f, "{} row{plural} broken on purpose, listed in truth/malformed*.csv", self.broken_rows)?;
        }
        write!(f, "mean click probability {:.4}", self.mean_click_probability)?;
        match self.best_auc {
            Some(auc) => write!(f, ", best possible ROC-AUC {auc:.4}"),
            None => write!(f, ", clicks independent of everything"),
        }
    }
}
