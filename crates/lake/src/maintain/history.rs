//! What happened to a table, commit by commit.

use chrono::{DateTime, Utc};
use deltalake::kernel::{Action as LogAction, CommitInfo};
use deltalake::logstore::get_actions;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use spec::TableName;

use crate::report::TableReport;
use crate::{Lake, LakeError, Result};

/// One commit of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The version it made.
    pub version: u64,
    /// When it was committed, by the writer's clock; the epoch where the writer did not say.
    pub committed_at: DateTime<Utc>,
    /// Delta's name for it: `CREATE TABLE`, `WRITE`, `OPTIMIZE`, `RESTORE`.
    pub operation: String,
    /// The run that made it, where it was one.
    pub run_id: Option<String>,
    /// What the run did and its row counts, where it was one.
    pub report: Option<TableReport>,
    /// For a restore, the version taken back.
    pub restored_version: Option<u64>,
    /// Data files that entered the table.
    pub files_added: usize,
    /// Data files that left it.
    pub files_removed: usize,
}

impl Lake {
    /// The commits of a table, newest first. Commits that the log no longer has are left out.
    ///
    /// # Errors
    /// No such table, or a log that cannot be read.
    pub async fn history(&self, name: &TableName) -> Result<Vec<HistoryEntry>> {
        let table = self.existing(name).await?;
        let log = &table.log;
        let read = futures::stream::iter((0..=table.version()).rev()).map(|version| async move {
            match log.read_commit_entry(version).await? {
                Some(bytes) => Ok::<_, LakeError>(Some(entry(version, get_actions(version, &bytes)?))),
                None => Ok(None),
            }
        });
        let entries: Vec<Option<HistoryEntry>> = read.buffered(16).try_collect().await.map_err(|e: LakeError| e.in_table(name))?;
        Ok(entries.into_iter().flatten().collect())
    }
}

fn entry(version: u64, actions: Vec<LogAction>) -> HistoryEntry {
    let (mut info, mut files_added, mut files_removed) = (CommitInfo::default(), 0, 0);
    for action in actions {
        match action {
            LogAction::CommitInfo(found) => info = found,
            LogAction::Add(_) => files_added += 1,
            LogAction::Remove(_) => files_removed += 1,
            _ => {}
        }
    }
    let ours = info.info.get("adlake");
    HistoryEntry {
        version,
        committed_at: info.timestamp.and_then(DateTime::from_timestamp_millis).unwrap_or_default(),
        operation: info.operation.unwrap_or_default(),
        run_id: ours.and_then(|o| o.get("run")).and_then(|r| r.as_str()).map(str::to_owned),
        // A report of another adlake may have other fields: then the rest still tells something.
        report: ours.and_then(|o| o.get("report")).and_then(|r| serde_json::from_value(r.clone()).ok()),
        restored_version: ours.and_then(|o| o.get("restored")).and_then(|v| v.as_u64()),
        files_added,
        files_removed,
    }
}
