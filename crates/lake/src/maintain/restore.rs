//! Taking back an earlier version of a table, as a new commit: nothing is erased from its history.

use std::collections::{HashMap, HashSet};

use deltalake::kernel::Action;
use deltalake::logstore::get_actions;
use deltalake::protocol::DeltaOperation;
use serde_json::json;
use spec::{Layer, TableName};

use super::gone;
use crate::quarantine::{self, Pending};
use crate::step::ATTEMPTS;
use crate::table::{Commit, Table};
use crate::{Lake, LakeError, Result};

/// Stands in the log for a transaction that the table does not have any more.
const TAKEN_BACK: i64 = -1;

impl Lake {
    /// Makes a table as it was at `version` and returns the version that this makes: its rows, columns and descriptions,
    /// its rejected rows in `ops.quarantine`, and what it counts as consumed.
    ///
    /// The next run goes on from there. A model's table is brought up to date again, by its model as it then is; so to
    /// stay with the earlier rows, change the model first. A bronze table takes the files again that arrived after that
    /// version, as far as they are still in the source; those that are not are gone from it, until it is restored once
    /// more. Queries see the restored table when the next run has published a release.
    ///
    /// # Errors
    /// No such table or version; a version that needs files which vacuum deleted; a table in `ops`, which records what
    /// happened; or another writer that was first each time.
    pub async fn restore(&self, name: &TableName, version: u64) -> Result<u64> {
        if name.layer == Layer::Ops {
            return Err(LakeError::invalid(format!(
                "{name}: records what happened, which cannot be undone; restore the table it tells about"
            )));
        }
        for _ in 0..ATTEMPTS {
            let now = self.existing(name).await?;
            if version > now.version() {
                return Err(LakeError::invalid(format!("{name}: there is no version {version}, its latest is {}", now.version())));
            }
            if version == now.version() {
                return Ok(version);
            }
            match restore(self, &now, &self.table_at(name, version).await?).await {
                Err(error) if error.is_conflict() => continue,
                done => return done.map_err(|e| e.in_table(name)),
            }
        }
        Err(LakeError::Conflict { table: name.clone(), attempts: ATTEMPTS })
    }
}

async fn restore(lake: &Lake, now: &Table, then: &Table) -> Result<u64> {
    if now.partition_columns() != then.partition_columns() {
        return Err(LakeError::invalid(format!(
            "was partitioned by other columns at version {}; it can be read there, not restored",
            then.version()
        )));
    }
    let consumed_now = now.transactions().await?;
    let consumed_then = then.transactions().await?;
    // What a crash left to be settled belongs to the version it was promised with.
    quarantine::settle(lake, now, &consumed_now).await?;
    let paths = |table: &Table| -> HashSet<String> { table.files().into_iter().map(|f| f.path).collect() };
    let (files_now, files_then) = (paths(now), paths(then));
    let back: HashSet<String> = files_then.difference(&files_now).cloned().collect();
    let missing = gone(then, &back).await?;
    if let Some(first) = missing.first() {
        return Err(LakeError::invalid(format!(
            "version {} needs {} data file(s) that vacuum deleted, such as {first}; restore a later version, see `adlake history {}`",
            then.version(),
            missing.len(),
            now.name
        )));
    }
    let mut transactions = consumed_again(lake, &consumed_now, &consumed_then).await?;
    let promised = consumed_then.get(quarantine::TRANSACTION).copied().unwrap_or(TAKEN_BACK);
    let rejects = rejects_as_of(lake, now, promised).await?;
    let mut report = json!({ "restored": then.version() });
    if let Some(rejects) = &rejects {
        transactions.insert(quarantine::TRANSACTION.to_owned(), i64::try_from(now.version() + 1).unwrap_or(i64::MAX));
        report[quarantine::TRANSACTION] = serde_json::to_value(rejects)?;
    }
    let metadata = then.state.metadata();
    let changed = (now.state.metadata() != metadata).then(|| metadata.clone());
    let commit = Commit {
        adds: then.additions(&back),
        removes: now.removals(&files_now.difference(&files_then).cloned().collect(), true),
        transactions,
        report,
        ..Commit::default()
    };
    let operation = DeltaOperation::Restore { version: Some(then.version()), datetime: None };
    let restored = now.commit_as(commit, changed, operation).await?;
    if rejects.is_some() {
        let promised = i64::try_from(restored.version()).unwrap_or(i64::MAX);
        quarantine::settle(lake, &restored, &HashMap::from([(quarantine::TRANSACTION.to_owned(), promised)])).await?;
    }
    Ok(restored.version())
}

/// The transactions that make the table count as consumed what it had consumed then. The quarantine's is not among them:
/// what was promised to it only goes forward.
async fn consumed_again(lake: &Lake, now: &HashMap<String, i64>, then: &HashMap<String, i64>) -> Result<HashMap<String, i64>> {
    let mut transactions: HashMap<String, i64> = HashMap::new();
    for id in now.keys().filter(|id| !then.contains_key(*id)) {
        transactions.insert(id.clone(), TAKEN_BACK);
    }
    for (id, version) in then {
        let told = match id.parse::<TableName>() {
            Ok(input) => can_tell_changes(lake, &input, *version).await?,
            Err(_) => true,
        };
        let version = if told { *version } else { TAKEN_BACK };
        if now.get(id) != Some(&version) {
            transactions.insert(id.clone(), version);
        }
    }
    transactions.remove(quarantine::TRANSACTION);
    Ok(transactions)
}

/// Whether the files that tell what changed in an input since that version are all there. Where they are not the table
/// must count as never having read it, so that the next run computes it from all of its input.
async fn can_tell_changes(lake: &Lake, input: &TableName, version: i64) -> Result<bool> {
    let (Some(table), Ok(version)) = (lake.table(input).await?, u64::try_from(version)) else { return Ok(true) };
    if version >= table.version() {
        return Ok(true);
    }
    let Some((_, removed)) = table.changes_since(version).await? else { return Ok(true) };
    Ok(gone(&table, &removed.into_iter().map(|f| f.path).collect()).await?.is_empty())
}

/// What `ops.quarantine` must hold of the table, as it did when `promised` was the last version with rejects; `None`
/// where it holds just that.
async fn rejects_as_of(lake: &Lake, table: &Table, promised: i64) -> Result<Option<Pending>> {
    let Some(quarantine) = lake.table(&quarantine::table_name()).await? else { return Ok(None) };
    let id = table.name.to_string();
    let mut version = quarantine.version();
    for at in (1..=quarantine.version()).rev() {
        let Some(bytes) = quarantine.log.read_commit_entry(at).await? else { break };
        let mut settled = None;
        for action in get_actions(at, &bytes)? {
            if let Action::Txn(txn) = action
                && txn.app_id == id
            {
                settled = Some(txn.version);
            }
        }
        match settled {
            Some(settled) if settled > promised => version = at - 1,
            Some(_) => break,
            None => {}
        }
    }
    if version == quarantine.version() {
        return Ok(None);
    }
    let then = lake.table_at(&quarantine.name, version).await?;
    let partition = Some(Some(id));
    let of_table = |q: &Table| -> HashSet<String> {
        q.files().into_iter().filter(|f| f.partition.get("table_name").cloned() == partition).map(|f| f.path).collect()
    };
    let (files_now, files_then) = (of_table(&quarantine), of_table(&then));
    if files_now == files_then {
        return Ok(None);
    }
    let back = files_then.difference(&files_now).cloned().collect();
    if let Some(first) = gone(&then, &back).await?.first() {
        return Err(LakeError::invalid(format!(
            "the rows rejected at that version were vacuumed ({first}); restore a later version, see `adlake history {}`",
            table.name
        )));
    }
    Ok(Some(Pending { add: then.additions(&files_then), replace: true }))
}
