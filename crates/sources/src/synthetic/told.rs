//! What generators tell while they work and when they are done.

use serde::Serialize;

/// How far a generator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What was made: users and requests of the ad network, invoices of the shop, rows of other logs.
    pub done: u64,
    /// How many of them are to be made.
    pub total: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// What was written of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableFiles {
    /// The table.
    pub table: &'static str,
    /// Files written.
    pub files: u64,
    /// Rows in them, headers not counted.
    pub rows: u64,
    /// Their size in bytes.
    pub bytes: u64,
}
