//! Deleting data files that nobody needs: those of versions gone by, of writes that a crash cut off, and of runs that
//! lost a race.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path as FsPath, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use deltalake::kernel::Action;
use deltalake::logstore::get_actions;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use spec::TableName;

use crate::standing::Standing;
use crate::table::Table;
use crate::{Lake, LakeError, Result, quarantine, release};

/// What vacuum deleted, or would delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Table by table, those with nothing to delete too.
    pub tables: Vec<VacuumedTable>,
    /// Whether nothing was deleted and this is only what would be.
    pub dry_run: bool,
}

/// What vacuum deleted of one table, or would delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VacuumedTable {
    /// The table.
    pub table: TableName,
    /// Files deleted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Vacuumed {
    /// Files deleted in all tables.
    pub fn files(&self) -> u64 {
        self.tables.iter().map(|t| t.files).sum()
    }

    /// Bytes deleted in all tables.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|t| t.bytes).sum()
    }
}

/// A table as vacuum found it.
struct Found {
    table: Table,
    /// Objects below the table's folder that are neither its log nor anything but data files.
    objects: Vec<ObjectMeta>,
    /// When each version up to the table's was committed, by the store's clock.
    committed_at: BTreeMap<u64, DateTime<Utc>>,
}

impl Lake {
    /// Deletes data files of all tables that nobody needs any more. What stays:
    ///
    /// - the files of each table's latest version, and of every version that was the latest at some time within `keep`;
    /// - the files of every version that a release names which was published within `keep`, and of the last release
    ///   however old it is: what queries see by default never goes;
    /// - files that a table left behind since another one read it last: the next run computes from them what changed;
    /// - files younger than `keep`, whoever wrote them: a run at work may be about to commit them;
    /// - rejected rows that a commit names and that `ops.quarantine` has not taken yet.
    ///
    /// The log stays whole; older versions stay in the history but can be neither read nor restored. `keep` must be
    /// longer than any run and any query takes: what those still write or read looks like refuse. Zero is for when
    /// nothing else works on the lake. Parts of cut-off uploads to S3 are invisible here; give the bucket a rule that
    /// ends unfinished multipart uploads.
    ///
    /// # Errors
    /// A log or a listing that cannot be read, before anything is deleted; or a file that cannot be deleted.
    pub async fn vacuum(&self, keep: Duration, dry_run: bool) -> Result<Vacuumed> {
        let since = chrono::Duration::from_std(keep)
            .ok()
            .and_then(|keep| crate::now().checked_sub_signed(keep))
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        let named = |releases: &[release::Release]| named_by_releases(releases, since);
        self.vacuum_with(since, dry_run, named).await
    }

    /// [`Lake::vacuum`] with a given view of which versions the releases hold on to.
    pub(super) async fn vacuum_with(
        &self,
        since: DateTime<Utc>,
        dry_run: bool,
        named: impl Fn(&[release::Release]) -> BTreeMap<TableName, BTreeSet<u64>>,
    ) -> Result<Vacuumed> {
        // First what is there, then what is needed: what appears in between is needed or unseen, never refuse.
        let mut found = Vec::new();
        for name in self.tables().await? {
            let listed = list(self, &name).await.map_err(|e| e.in_table(&name))?;
            if let Some(table) = self.table(&name).await? {
                let committed_at = listed.1.into_iter().filter(|(version, _)| *version <= table.version()).collect();
                found.push(Found { table, objects: listed.0, committed_at });
            }
        }
        let consumed = Standing::of(self, &[]).await?.consumed_versions();
        let releases = named(&release::all(self).await?);
        let promised = promised_rejects(&found).await?;
        let mut refuse = Vec::new();
        for found in &found {
            let name = &found.table.name;
            let mut versions = releases.get(name).cloned().unwrap_or_default();
            versions.extend(recent(&found.committed_at, since));
            let mut needed = files_of(&found.table, &versions).await.map_err(|e| e.in_table(name))?;
            for version in consumed.get(name).into_iter().flatten().filter(|v| **v < found.table.version()) {
                // Each reader by itself: what came and went between two readers' versions is a change to one alone.
                if let Some((_, removed)) = found.table.changes_since(*version).await? {
                    needed.extend(removed.into_iter().map(|f| f.path));
                }
            }
            if *name == quarantine::table_name() {
                needed.extend(promised.iter().cloned());
            }
            let prefix = found.table.prefix();
            let useless = |object: &&ObjectMeta| {
                object.last_modified < since && !below(&prefix, &object.location).is_none_or(|file| needed.contains(&file))
            };
            refuse.push((name.clone(), found.objects.iter().filter(useless).cloned().collect::<Vec<_>>()));
        }
        let mut done = Vacuumed { tables: Vec::new(), dry_run };
        for (table, objects) in refuse {
            let staged = self.staged(&table, since).await?;
            let bytes = objects.iter().map(|o| o.size).sum::<u64>() + staged.iter().map(|s| s.1).sum::<u64>();
            done.tables.push(VacuumedTable { files: (objects.len() + staged.len()) as u64, bytes, table: table.clone() });
            if !dry_run {
                delete(self, objects).await.map_err(|e| e.in_table(&table))?;
                for (path, _) in staged {
                    remove_local(&path)?;
                }
            }
        }
        Ok(done)
    }

    /// On a local disk, uploads that a crash cut off: the store's listing hides them.
    async fn staged(&self, table: &TableName, since: DateTime<Utc>) -> Result<Vec<(PathBuf, u64)>> {
        let Some(root) = self.location().local_path() else { return Ok(Vec::new()) };
        let folder = root.join(table.layer.as_str()).join(&table.name);
        tokio::task::spawn_blocking(move || cut_off_uploads(&folder, since)).await?
    }
}

/// Versions that releases published since then hold on to, and those of the last one.
pub(super) fn named_by_releases(releases: &[release::Release], since: DateTime<Utc>) -> BTreeMap<TableName, BTreeSet<u64>> {
    let last = releases.last().map(|r| r.number);
    let mut named: BTreeMap<TableName, BTreeSet<u64>> = BTreeMap::new();
    for release in releases.iter().filter(|r| r.published_at >= since || Some(r.number) == last) {
        for (table, version) in &release.versions {
            named.entry(table.clone()).or_default().insert(*version);
        }
    }
    named
}

/// The data files below a table's folder, and when its versions were committed.
async fn list(lake: &Lake, name: &TableName) -> Result<(Vec<ObjectMeta>, BTreeMap<u64, DateTime<Utc>>)> {
    let prefix = lake.location().prefix.clone().join(name.layer.as_str()).join(name.name.as_str());
    let (mut objects, mut committed_at) = (Vec::new(), BTreeMap::new());
    let mut listing = lake.location().store.list(Some(&prefix));
    while let Some(object) = listing.try_next().await? {
        let Some(file) = below(&prefix, &object.location) else { continue };
        if let Some(entry) = file.strip_prefix("_delta_log/") {
            if let Some(version) = entry.strip_suffix(".json").and_then(|v| v.parse::<u64>().ok()) {
                committed_at.insert(version, object.last_modified);
            }
        } else if is_data_file(&file) {
            objects.push(object);
        }
    }
    Ok((objects, committed_at))
}

/// Only what the engine itself may have written: no folder beginning with an underscore unless it is a partition's, and
/// no name that could be spelled in two ways.
fn is_data_file(file: &str) -> bool {
    let folder = file.split('/').next().unwrap_or_default();
    let hidden = folder.starts_with(['_', '.']) && !folder.contains('=');
    file.ends_with(".parquet") && !hidden && !file.contains('%')
}

fn below(prefix: &Path, object: &Path) -> Option<String> {
    object.as_ref().strip_prefix(prefix.as_ref())?.strip_prefix('/').map(str::to_owned)
}

/// Versions that were the latest at some time since then.
fn recent(committed_at: &BTreeMap<u64, DateTime<Utc>>, since: DateTime<Utc>) -> BTreeSet<u64> {
    let mut recent = BTreeSet::new();
    for (version, at) in committed_at.iter().rev() {
        recent.insert(*version);
        if *at < since {
            break;
        }
    }
    recent
}

/// All files that the table has now or had at one of these versions.
async fn files_of(table: &Table, versions: &BTreeSet<u64>) -> Result<HashSet<String>> {
    let mut needed: HashSet<String> = table.files().into_iter().map(|f| f.path).collect();
    let Some(first) = versions.first().copied().filter(|v| *v < table.version()) else { return Ok(needed) };
    let unknown = |version: u64| {
        LakeError::invalid(format!(
            "the log does not tell which files version {version} has, so none can be deleted; keep less far back to go on"
        ))
    };
    let start = Table::open(&table.location, &table.name, Some(first)).await?.ok_or_else(|| unknown(first))?;
    // From when on each file has been in the table.
    let mut live: HashMap<String, u64> = start.files().into_iter().map(|f| (f.path, first)).collect();
    let log = &table.log;
    let mut commits = futures::stream::iter(first + 1..=table.version())
        .map(|version| async move { Ok::<_, LakeError>((version, log.read_commit_entry(version).await?)) })
        .buffered(16);
    while let Some((version, bytes)) = commits.try_next().await? {
        let bytes = bytes.ok_or_else(|| unknown(version))?;
        let (mut adds, mut removes) = (Vec::new(), Vec::new());
        for action in get_actions(version, &bytes)? {
            match action {
                Action::Add(add) => adds.push(add.path),
                Action::Remove(remove) => removes.push(remove.path),
                _ => {}
            }
        }
        for file in removes {
            if let Some(from) = live.remove(&file)
                && versions.range(from..version).next().is_some()
            {
                needed.insert(file);
            }
        }
        live.extend(adds.into_iter().map(|file| (file, version)));
    }
    Ok(needed)
}

/// Data files of `ops.quarantine` that a table's commit names and a crash kept from being taken.
async fn promised_rejects(found: &[Found]) -> Result<HashSet<String>> {
    let mut promised = HashSet::new();
    let settled = match found.iter().find(|f| f.table.name == quarantine::table_name()) {
        Some(quarantine) => quarantine.table.transactions().await?,
        None => return Ok(promised),
    };
    for table in found.iter().map(|f| &f.table) {
        let Some(last) = table.transactions().await?.get(quarantine::TRANSACTION).copied() else { continue };
        let first = table.version_read(&settled).map_or(0, |v| v + 1);
        for version in first..=u64::try_from(last).unwrap_or_default() {
            let pending = quarantine::pending_of(table, version).await?;
            promised.extend(pending.add.into_iter().map(|a| a.path));
        }
    }
    Ok(promised)
}

async fn delete(lake: &Lake, objects: Vec<ObjectMeta>) -> Result<()> {
    let paths = futures::stream::iter(objects.into_iter().map(|o| Ok(o.location))).boxed();
    let mut deleted = lake.location().store.delete_stream(paths);
    while let Some(done) = deleted.next().await {
        match done {
            // Another vacuum was faster.
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Files named `….parquet#N`: the local store writes there until a file is whole.
fn cut_off_uploads(table: &FsPath, since: DateTime<Utc>) -> Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let mut folders = vec![table.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&folder, &error)),
        };
        for entry in entries {
            let path = entry.map_err(|e| unreadable(&folder, &e))?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            // Gone between the listing and now: finished or deleted by somebody else.
            let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
            if about.is_dir() {
                if name != "_delta_log" {
                    folders.push(path);
                }
                continue;
            }
            let number = name.rsplit_once(".parquet#").map(|(_, number)| number);
            let staged = number.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
            if staged && about.modified().is_ok_and(|at| DateTime::<Utc>::from(at) < since) {
                found.push((path, about.len()));
            }
        }
    }
    Ok(found)
}

fn remove_local(path: &FsPath) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(path, &error)),
        _ => Ok(()),
    }
}

fn unreadable(path: &FsPath, error: &std::io::Error) -> LakeError {
    LakeError::invalid(format!("{}: {error}", path.display()))
}
