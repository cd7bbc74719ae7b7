//! What a run did, table by table, row by row.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use spec::TableName;

/// What a run did to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing was new: no commit.
    UpToDate,
    /// Computed from all of its input.
    Built,
    /// Computed from what was new, and added.
    Appended,
    /// Rows with affected keys were computed again.
    Merged,
    /// Partitions with affected values were computed again.
    Replaced,
    /// An error ended the work, and nothing was committed; the notes say which.
    Failed,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UpToDate => "up to date",
            Self::Built => "built",
            Self::Appended => "appended",
            Self::Merged => "merged",
            Self::Replaced => "replaced",
            Self::Failed => "failed",
        })
    }
}

/// What a run did to one table. For a table made row by row from one input,
/// `rows_read = rows_written + deduplicated + filtered + quarantined`, checked before the commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableReport {
    /// The table.
    pub table: TableName,
    /// What was done.
    pub action: Action,
    /// The table's Delta version afterwards.
    pub version: u64,
    /// Rows read: of what was new in the inputs, or of all of them.
    pub rows_read: u64,
    /// Rows in the new data files that were not there before.
    pub rows_written: u64,
    /// Rows left out because another with the same key came first.
    pub deduplicated: u64,
    /// Rows that the `where` of a table made row by row, or an expectation with `drop`, left out.
    pub filtered: u64,
    /// Rows set aside in `ops.quarantine`.
    pub quarantined: u64,
    /// Rows that left the table because a newly computed one took their place.
    pub replaced: u64,
    /// Rows that broke each expectation, whatever its `on_fail`.
    pub broken: BTreeMap<String, u64>,
    /// Input tables with the versions read: up to which they had been read before, and now.
    pub inputs: BTreeMap<String, (Option<u64>, u64)>,
    /// Things worth knowing: a new column, a file that changed, a full rebuild and why.
    pub notes: Vec<String>,
    /// Wall time in seconds.
    pub seconds: f64,
}

impl TableReport {
    pub(crate) fn new(table: &TableName, action: Action, version: u64) -> Self {
        Self {
            table: table.clone(),
            action,
            version,
            rows_read: 0,
            rows_written: 0,
            deduplicated: 0,
            filtered: 0,
            quarantined: 0,
            replaced: 0,
            broken: BTreeMap::new(),
            inputs: BTreeMap::new(),
            notes: Vec::new(),
            seconds: 0.0,
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// The run's identifier.
    pub run_id: String,
    /// When it began, RFC 3339 UTC.
    pub started_at: String,
    /// Table by table, in the order of work.
    pub tables: Vec<TableReport>,
    /// The release it published, if anything was new.
    pub release: Option<u64>,
    /// Tables that have not read the latest rows of what they are made from. They, and all that is joined to them, are in
    /// the release as they were in the one before.
    pub behind: Vec<TableName>,
    /// Tables older than what they were made from that none of the models makes: they are in the release as they are.
    pub orphans: Vec<TableName>,
    /// Wall time in seconds.
    pub seconds: f64,
}

impl RunReport {
    /// Whether anything was committed.
    pub fn changed(&self) -> bool {
        self.tables.iter().any(|t| t.action != Action::UpToDate)
    }
}
