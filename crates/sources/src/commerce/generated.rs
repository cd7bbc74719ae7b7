//! What the generator wrote.

use std::fmt;

use serde::Serialize;

use super::TableFiles;
use super::invoices::Written;

/// What was generated.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Generated {
    /// The log.
    pub log: Option<TableFiles>,
    /// Size of all files, the truth included, in bytes.
    pub bytes: u64,
    /// Invoices of any kind.
    pub invoices: u64,
    /// Rows of cancellations.
    pub cancellation_rows: u64,
    /// Rows without a customer.
    pub guest_rows: u64,
    /// Rows that say what an earlier one of their invoice says.
    pub duplicate_rows: u64,
    /// Sum of quantity × price over all rows, in hundredths of the currency.
    pub amount: i64,
    /// The mean of the customers' true chances not to buy in the 90 days after the log.
    pub churn: f64,
    /// ROC-AUC of these chances: what a model that knows every customer's rate, and who has left, reaches. `None` without customers.
    pub best_auc: Option<f64>,
}

impl Generated {
    pub(super) fn add(&mut self, part: &Written) {
        self.cancellation_rows += part.cancellation_rows;
        self.guest_rows += part.guest_rows;
        self.duplicate_rows += part.duplicate_rows;
        self.amount += part.amount;
    }
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(TableFiles { table, files, rows, bytes }) = &self.log {
            let plural = if *files == 1 { "" } else { "s" };
            writeln!(f, "{table:<15} {rows:>10} rows  {:>8.1} MB  {files} file{plural}", *bytes as f64 / 1e6)?;
        }
        let Self { invoices, cancellation_rows, guest_rows, duplicate_rows, .. } = self;
        let (sign, amount) = (if self.amount < 0 { "-" } else { "" }, self.amount.unsigned_abs());
        writeln!(
            f,
            "{invoices} invoices, {cancellation_rows} cancellation rows, {guest_rows} rows of guests, {duplicate_rows} duplicates, \
             sum of quantity x price {sign}{}.{:02}",
            amount / 100,
            amount % 100
        )?;
        write!(f, "true chance of no purchase in the 90 days after the log: {:.4} on average", self.churn)?;
        match self.best_auc {
            Some(auc) => write!(f, ", best possible ROC-AUC {auc:.4}"),
            None => Ok(()),
        }
    }
}
