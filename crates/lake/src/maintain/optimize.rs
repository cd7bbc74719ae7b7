//! Merging small data files: many small appends become few files of the size that reads best. No row changes, and no
//! reader of the table has anything to compute.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use deltalake::kernel::Add;
use deltalake::protocol::DeltaOperation;
use futures::TryStreamExt;
use serde_json::json;
use spec::TableName;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::exec::execute;
use crate::scan::FileScan;
use crate::session::Pinned;
use crate::standing::Standing;
use crate::step::ATTEMPTS;
use crate::table::{Commit, DataFile, Table};
use crate::write::{TableWriter, WriteOptions};
use crate::{Lake, LakeError, Result};

/// How files are merged.
#[derive(Clone, Debug)]
pub struct OptimizeOptions {
    /// Bytes that a merged file is to have at most; the lake's own target for written files by default. Files of at
    /// least half of it are left alone.
    pub target_bytes: Option<u64>,
    /// Leave files alone that a table made from this one has not read yet (the default). Merged with older ones, its new
    /// rows could not be told from the old, and it would be computed from all of its input at the next run.
    pub wait_for_readers: bool,
}

impl Default for OptimizeOptions {
    fn default() -> Self {
        Self { target_bytes: None, wait_for_readers: true }
    }
}

/// What merging did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optimized {
    /// The table.
    pub table: TableName,
    /// The version that was committed; `None` where there was nothing to gain.
    pub version: Option<u64>,
    /// Small files that were merged.
    pub files_merged: usize,
    /// Files that hold their rows now.
    pub files_written: usize,
    /// Bytes of the merged files.
    pub bytes_merged: u64,
    /// Bytes of the files that hold their rows now.
    pub bytes_written: u64,
    /// Rows in them, the same before and after.
    pub rows: u64,
    /// Small files left alone because a reader of the table has not read them yet.
    pub files_waiting: usize,
}

/// Small files of one partition, already written anew as one.
struct Merged {
    files: Vec<DataFile>,
    add: Add,
    rows: u64,
}

impl Lake {
    /// Merges small data files of a table, partition by partition. Where nothing is to be gained nothing is committed.
    ///
    /// Runs may go on meanwhile: if one commits first, what was merged is committed on top where its files are all still
    /// in the table, and done again where they are not.
    ///
    /// # Errors
    /// No such table; a file that cannot be read; rows that do not add up, before anything is committed; or another
    /// writer that was first each time.
    pub async fn optimize(&self, name: &TableName, options: &OptimizeOptions) -> Result<Optimized> {
        self.optimize_from(name, options, None).await.map_err(|e| e.in_table(name))
    }

    /// [`Lake::optimize`] that begins with a table as it was seen, which may be outdated by now.
    pub(super) async fn optimize_from(&self, name: &TableName, options: &OptimizeOptions, mut seen: Option<Table>) -> Result<Optimized> {
        let target = options.target_bytes.unwrap_or(self.options().write.target_file_bytes as u64);
        let mut merged: Vec<Merged> = Vec::new();
        let mut files_waiting = 0;
        for _ in 0..ATTEMPTS {
            let table = match seen.take() {
                Some(table) => table,
                None => self.existing(name).await?,
            };
            merged = still_live(&table, merged);
            if merged.is_empty() {
                let (mut groups, _) = plan(&table, target, &HashSet::new());
                // Only then is it worth asking who reads the table.
                if options.wait_for_readers && !groups.is_empty() {
                    (groups, files_waiting) = plan(&table, target, &unread(self, &table).await?);
                }
                merged = merge_all(self, &table, groups).await?;
            }
            let mut done = summary(name, &merged);
            done.files_waiting = files_waiting;
            if merged.is_empty() {
                return Ok(done);
            }
            match commit(&table, &merged, target).await {
                Ok(version) => {
                    done.version = Some(version);
                    return Ok(done);
                }
                Err(error) if error.is_conflict() => continue,
                Err(error) => return Err(error),
            }
        }
        Err(LakeError::Conflict { table: name.clone(), attempts: ATTEMPTS })
    }
}

/// Live files that some reader of the table has not read yet.
async fn unread(lake: &Lake, table: &Table) -> Result<HashSet<String>> {
    let mut unread = HashSet::new();
    let consumed = Standing::of(lake, &[]).await?.consumed_versions().remove(&table.name).unwrap_or_default();
    for version in consumed.into_iter().filter(|v| *v < table.version()) {
        // Where the log does not tell, the reader computes everything anyway.
        if let Some((added, _)) = table.changes_since(version).await? {
            unread.extend(added.into_iter().map(|f| f.path));
        }
    }
    Ok(unread)
}

/// Groups of small files to be merged into one file each, and how many more are small but have to wait.
fn plan(table: &Table, target: u64, waiting: &HashSet<String>) -> (Vec<Vec<DataFile>>, usize) {
    let age: HashMap<String, i64> = table.state.log_data().iter().map(|v| (v.path().into_owned(), v.modification_time())).collect();
    let mut small = table.files();
    small.retain(|f| f.size < target / 2);
    let all = small.len();
    small.retain(|f| !waiting.contains(&f.path));
    let files_waiting = all - small.len();
    // In order of age, so that a merged file spans as little time as its parts did together.
    small.sort_by_key(|f| age.get(&f.path).copied().unwrap_or_default());
    let mut partitions: BTreeMap<Vec<(String, Option<String>)>, Vec<DataFile>> = BTreeMap::new();
    for file in small {
        let mut partition: Vec<_> = file.partition.clone().into_iter().collect();
        partition.sort();
        partitions.entry(partition).or_default().push(file);
    }
    let mut groups: Vec<Vec<DataFile>> = Vec::new();
    for files in partitions.into_values() {
        let mut group: Vec<DataFile> = Vec::new();
        let mut bytes = 0;
        for file in files {
            if bytes + file.size > target {
                groups.push(std::mem::take(&mut group));
                bytes = 0;
            }
            bytes += file.size;
            group.push(file);
        }
        groups.push(group);
    }
    groups.retain(|group| group.len() > 1);
    (groups, files_waiting)
}

async fn merge_all(lake: &Lake, table: &Table, groups: Vec<Vec<DataFile>>) -> Result<Vec<Merged>> {
    let places = Arc::new(Semaphore::new(lake.options().parallel_streams().max(1)));
    let mut tasks = JoinSet::new();
    for group in groups {
        let (lake, table, places) = (lake.clone(), table.clone(), Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire().await.map_err(LakeError::invalid)?;
            merge(&lake, &table, group).await
        });
    }
    let mut merged = Vec::new();
    while let Some(done) = tasks.join_next().await {
        merged.push(done??);
    }
    Ok(merged)
}

async fn merge(lake: &Lake, table: &Table, files: Vec<DataFile>) -> Result<Merged> {
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(table, files.clone(), false));
    let context = lake.context(Arc::new(Pinned::default()))?;
    let plan = LogicalPlanBuilder::scan("files", provider_as_source(scan), None)?.build()?;
    // The group was chosen to fit one file, so the writer does not divide it again.
    let options = WriteOptions { target_file_bytes: usize::MAX, ..lake.options().write.clone() };
    let mut writer = TableWriter::new(table, &table.schema(), &options)?;
    for mut stream in execute(&context, &plan).await?.streams {
        while let Some(batch) = stream.try_next().await? {
            writer.write(&batch).await?;
        }
    }
    let read = writer.rows;
    let adds = writer.finish().await?;
    let mismatch = |detail: String| LakeError::Accounting { table: table.name.clone(), detail };
    let [add] = adds.as_slice() else {
        return Err(mismatch(format!("{} files of one partition were merged into {} files, not one", files.len(), adds.len())));
    };
    let partition = |file: &HashMap<String, Option<String>>| -> Vec<(String, Option<String>)> {
        table.partition_columns().iter().map(|c| (c.clone(), file.get(c).cloned().flatten())).collect()
    };
    if files.iter().any(|f| partition(&f.partition) != partition(&add.partition_values)) {
        return Err(mismatch(format!("{} is not in the partition of the files it was merged from", add.path)));
    }
    // Counted by those who wrote the files, by us who read them, and by the footer of the new file.
    let recorded: Option<u64> = files.iter().map(|f| f.rows).sum();
    let written =
        add.stats.as_deref().and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok()).and_then(|s| s["numRecords"].as_u64());
    if written != Some(read) || recorded.is_some_and(|rows| rows != read) {
        return Err(mismatch(format!(
            "{} small files have {} rows, of which {read} were read and {} written",
            files.len(),
            recorded.map_or("unknown".to_owned(), |n| n.to_string()),
            written.unwrap_or_default()
        )));
    }
    Ok(Merged { files, add: Add { data_change: false, ..add.clone() }, rows: read })
}

/// What was merged from files that are all in the table. The files of the others stay where they are for vacuum: a lost
/// race can be our own commit, whose answer was lost on the way, and then they are the table's.
fn still_live(table: &Table, mut merged: Vec<Merged>) -> Vec<Merged> {
    if !merged.is_empty() {
        let live: HashSet<String> = table.files().into_iter().map(|f| f.path).collect();
        merged.retain(|m| m.files.iter().all(|f| live.contains(&f.path)));
    }
    merged
}

async fn commit(table: &Table, merged: &[Merged], target: u64) -> Result<u64> {
    let old: HashSet<String> = merged.iter().flat_map(|m| &m.files).map(|f| f.path.clone()).collect();
    let removes = table.removals(&old, false);
    if removes.len() != old.len() {
        let detail = format!("{} files were merged, of which {} are in the table", old.len(), removes.len());
        return Err(LakeError::Accounting { table: table.name.clone(), detail });
    }
    let commit = Commit {
        adds: merged.iter().map(|m| m.add.clone()).collect(),
        removes,
        transactions: HashMap::new(),
        report: json!({ "optimized": { "files_merged": old.len(), "files_written": merged.len() } }),
        ..Commit::default()
    };
    let operation = DeltaOperation::Optimize { predicate: None, target_size: i64::try_from(target).unwrap_or(i64::MAX) };
    Ok(table.commit_as(commit, None, operation).await?.version())
}

fn summary(name: &TableName, merged: &[Merged]) -> Optimized {
    Optimized {
        table: name.clone(),
        version: None,
        files_merged: merged.iter().map(|m| m.files.len()).sum(),
        files_written: merged.len(),
        bytes_merged: merged.iter().flat_map(|m| &m.files).map(|f| f.size).sum(),
        bytes_written: merged.iter().map(|m| u64::try_from(m.add.size).unwrap_or_default()).sum(),
        rows: merged.iter().map(|m| m.rows).sum(),
        files_waiting: 0,
    }
}
