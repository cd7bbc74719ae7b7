//! The Delta log, where the library has no call for what we need: all application transactions of a
//! version, and which data files a span of versions added and removed.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::Int64Type;
use deltalake::kernel::{Action, Add, Remove};
use deltalake::logstore::{LogStore, get_actions};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStoreExt, path::Path};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{LakeError, Result};

/// Where a commit's `commitInfo` has the name that its writer gave it.
pub(crate) const COMMIT_NAME: &str = "adlakeCommit";

/// Whether the commit that made this version is the one of that name.
pub(crate) async fn is_named(log: &dyn LogStore, version: u64, name: &str) -> Result<bool> {
    let Some(bytes) = log.read_commit_entry(version).await? else { return Ok(false) };
    let found = get_actions(version, &bytes)?.into_iter().any(|action| match action {
        Action::CommitInfo(info) => info.info.get(COMMIT_NAME).and_then(|n| n.as_str()) == Some(name),
        _ => false,
    });
    Ok(found)
}

/// The net effect of a span of commits on a table's data files.
#[derive(Debug, Default)]
pub(crate) struct FileChanges {
    pub added: Vec<Add>,
    pub removed: Vec<Remove>,
}

/// Data files that versions `after + 1 ..= until` added and removed. Rewrites that change no data (compaction) count
/// only through what they did to files the span itself added. `None` where the log no longer reaches back that far.
pub(crate) async fn changes(log: &dyn LogStore, after: u64, until: u64) -> Result<Option<FileChanges>> {
    let commits: Vec<Option<Vec<Action>>> = futures::stream::iter(after + 1..=until)
        .map(|version| async move {
            match log.read_commit_entry(version).await? {
                Some(bytes) => Ok::<_, LakeError>(Some(get_actions(version, &bytes)?)),
                None => Ok(None),
            }
        })
        .buffered(16)
        .try_collect()
        .await?;
    let mut added: BTreeMap<String, Add> = BTreeMap::new();
    let mut removed: BTreeMap<String, Remove> = BTreeMap::new();
    for actions in commits {
        let Some(actions) = actions else { return Ok(None) };
        // Compaction: what it merged may hold rows of before the span and of the span, so the span is no longer
        // separable by files. Only a compaction that touched none of the span's files is transparent.
        let compaction = actions.iter().any(|a| match a {
            Action::Add(add) => !add.data_change,
            Action::Remove(remove) => !remove.data_change,
            _ => false,
        });
        if compaction {
            let touches_span = actions.iter().any(|a| matches!(a, Action::Remove(r) if added.contains_key(&r.path)));
            if touches_span {
                return Ok(None);
            }
            continue;
        }
        for action in actions {
            match action {
                Action::Remove(remove) => {
                    let of_span = added.remove(&remove.path);
                    if of_span.is_none() {
                        removed.insert(remove.path.clone(), remove);
                    }
                }
                Action::Add(add) => {
                    // A restore brings back a file that the span had removed: no net change.
                    let brought_back = removed.remove(&add.path);
                    if brought_back.is_none() {
                        added.insert(add.path.clone(), add);
                    }
                }
                Action::Metadata(_) | Action::Protocol(_) | Action::CommitInfo(_) | Action::Txn(_) => {}
                _ => {}
            }
        }
    }
    Ok(Some(FileChanges { added: added.into_values().collect(), removed: removed.into_values().collect() }))
}

/// The latest version of every application transaction as of table version `until`. The log knows no taking back of a
/// transaction, which `restore` needs: a negative version stands for "not any more" and is left out.
pub(crate) async fn transactions(log: &dyn LogStore, until: u64) -> Result<HashMap<String, i64>> {
    let store = log.object_store(None);
    let mut checkpoint: Option<u64> = None;
    let mut listing = store.list(Some(&Path::from("_delta_log")));
    while let Some(meta) = listing.try_next().await? {
        let Some(name) = meta.location.filename() else { continue };
        if let Some(version) = name.strip_suffix(".checkpoint.parquet").and_then(|v| v.parse::<u64>().ok())
            && version <= until
        {
            checkpoint = checkpoint.max(Some(version));
        }
    }
    let mut found = HashMap::new();
    if let Some(version) = checkpoint {
        let path = Path::from(format!("_delta_log/{version:020}.checkpoint.parquet"));
        let bytes = store.get(&path).await?.bytes().await?;
        checkpoint_transactions(bytes, &mut found)?;
    }
    let first = checkpoint.map_or(0, |v| v + 1);
    let commits: Vec<Vec<Action>> = futures::stream::iter(first..=until)
        .map(|version| async move {
            match log.read_commit_entry(version).await? {
                Some(bytes) => Ok::<_, LakeError>(get_actions(version, &bytes)?),
                None => Err(LakeError::invalid(format!(
                    "commit {version} is missing from the Delta log; bring back {version:020}.json, or the table's folder from a copy"
                ))),
            }
        })
        .buffered(16)
        .try_collect()
        .await?;
    for action in commits.into_iter().flatten() {
        if let Action::Txn(txn) = action {
            found.insert(txn.app_id, txn.version);
        }
    }
    found.retain(|_, version| *version >= 0);
    Ok(found)
}

fn checkpoint_transactions(bytes: Bytes, found: &mut HashMap<String, i64>) -> Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["txn"]);
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let Some(txn) = batch.column_by_name("txn").and_then(|c| c.as_struct_opt().cloned()) else { continue };
        let (Some(ids), Some(versions)) = (txn.column_by_name("appId"), txn.column_by_name("version")) else { continue };
        let ids = datafusion::arrow::compute::cast(ids, &datafusion::arrow::datatypes::DataType::Utf8)?;
        let ids = ids.as_string::<i32>();
        let Some(versions) = versions.as_primitive_opt::<Int64Type>() else { continue };
        for row in 0..batch.num_rows() {
            if txn.is_valid(row) && ids.is_valid(row) {
                found.insert(ids.value(row).to_owned(), versions.value(row));
            }
        }
    }
    Ok(())
}
