//! What the generator wrote.

use std::fmt;

use serde::Serialize;

use crate::synthetic::{ClickLaw, TableFiles};

/// What was generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    /// The log.
    pub log: TableFiles,
    /// Size of all files, the truth included, in bytes.
    pub bytes: u64,
    /// Mean of the true click probabilities.
    pub mean_click_probability: f64,
    /// ROC-AUC of the true click probabilities: what a model that knows everything reaches. `None` without rows.
    pub best_auc: Option<f64>,
    /// The constants of the law.
    pub click_law: ClickLaw,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TableFiles { table, files, rows, bytes } = &self.log;
        let plural = if *files == 1 { "" } else { "s" };
        writeln!(f, "{table:<15} {rows:>10} rows  {:>8.1} MB  {files} file{plural}", *bytes as f64 / 1e6)?;
        write!(f, "mean click probability {:.4}", self.mean_click_probability)?;
        match self.best_auc {
            Some(auc) => write!(f, ", best possible ROC-AUC {auc:.4}"),
            None => Ok(()),
        }
    }
}
